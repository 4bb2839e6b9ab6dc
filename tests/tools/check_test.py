# SPDX-License-Identifier: BSD-2-Clause-Patent
"""check_test.py MIGTD-TOOL SHARED: `policy check` and `eventlog`, on logs made here."""
import json
import os
import struct
import sys
import tempfile

from toolkit import (EV_BLOB2, EV_FLAGS, EV_SEPARATOR, EV_TAG, SEPARATOR, Tool, boot_v1, boot_v2, event_log,
                     read, record, registers, sha384, tagged, tdinfo)
from tap import Tap, equal

MRTD = bytes(range(48))
OTHER_MRTD = bytes(range(1, 49))


class Peer:
    """A Migration TD on host NAME with a policy folder, its quote and its log."""

    def __init__(self, tool, name, host, policy, mrtd=MRTD, attributes=bytes(8), events=None):
        self.policy = os.path.join(policy, "policy.json")
        self.chain = os.path.join(policy, "policy_issuer_chain.pem")
        launch = json.loads(read(os.path.join(policy, "launch.json")))
        events = events or boot_v2(read(self.policy), read(self.chain))
        self.info = tdinfo(mrtd, registers(events), bytes.fromhex(launch["mrowner"]),
                           bytes.fromhex(launch["mrownerconfig"]), attributes)
        self.quote = tool.quote(host, self.info, name + ".quote")
        self.log = tool.write(name + ".log", event_log(events))


def check(tool, own, peer, *more, code=0):
    arguments = ["policy", "check", "--policy", own.policy, "--policy-issuer-chain", own.chain,
                 "--peer-quote", peer.quote, "--peer-eventlog", peer.log,
                 "--own-quote", own.quote, *more]
    return tool.json(*arguments, code=code)


def setup(tool):
    tool.pki = tool.path("pki")
    tool.run("pki", "--out", tool.pki, "--hosts", "a,b", "--platforms", "3")
    tool.policy = tool.path("policy")
    tool.run("policy", "generate", "--pki", tool.pki, "--mrtd", MRTD.hex(), "--size", "0",
             "--out", tool.policy)
    tool.host = {name: os.path.join(tool.pki, "hosts", name) for name in "ab"}
    tool.own = Peer(tool, "own", tool.host["a"], tool.policy)
    tool.peer = Peer(tool, "peer", tool.host["b"], tool.policy)


def edited_policy(tool, name, edit):
    """The generated policy with its base object edited, signed anew."""
    base = json.loads(read(os.path.join(tool.policy, "policy_data.json")))
    edit(base)
    folder = tool.path(name)
    os.mkdir(folder)
    data = tool.write(name + ".data", json.dumps(base, separators=(",", ":"), ensure_ascii=False))
    tool.run("json-sign", "--sign", "--name", "policyData", "--private-key",
             os.path.join(tool.pki, "policy", "leaf.key"), "--input", data,
             "--output", os.path.join(folder, "policy.json"))
    for part in ("policy_issuer_chain.pem", "launch.json"):
        with open(os.path.join(folder, part), "wb") as file:
            file.write(read(os.path.join(tool.policy, part)))
    return folder


# --- policy check ----------------------------------------------------------------------------


def accepts_an_honest_peer(tool):
    for role in ("source", "destination"):
        verdict = check(tool, tool.own, tool.peer, "--role", role)
        equal(verdict["accepted"], True)
        equal(verdict["failed"], None)
        equal(verdict["checks"].pop("initial"), None)
        equal(list(verdict["checks"].values()), [True] * 10, "every check")
        equal(verdict["peer"]["tcbStatus"], "UpToDate")
        equal(verdict["peer"]["migtd"]["isvsvn"], 1)


def text_form_names_the_rule(tool):
    def demand(base):
        base["policy"][0]["global"]["tcb"]["tcbEvaluationDataNumber"]["reference"] = 99
    own = Peer(tool, "strict", tool.host["a"], edited_policy(tool, "strict-policy", demand))
    text = tool.run("policy", "check", "-p", own.policy, "-c", own.chain, "--peer-quote",
                    own.quote, "--peer-eventlog", own.log, "--own-quote", own.quote, code=1)
    for line in ("REJECTED  the own policy's rules hold", "tcbEvaluationDataNumber",
                 "operation greater-or-equal", "expected  99", "actual    5"):
        equal(line in text, True, line)
    equal("rules" in tool.errors, True, tool.errors)


def tells_the_rule_that_fails(tool):
    def rule(block, group, name, operation, reference):
        def edit(base):
            base["policy"] = [{"global": {}}, {block: {group: {name: {
                "operation": operation, "reference": reference}}}}]
        return edit
    cases = [
        (rule("global", "tcb", "tcbDate", "greater-or-equal", "2099-01-01T00:00:00Z"),
         "tcbDate", "2099-01-01T00:00:00Z", "ERR_POLICY_TCB", 8),
        (rule("global", "platform", "fmspc", "deny-list", ["10806F000000"]),
         "fmspc", None, "ERR_POLICY_TCB", 8),
        (rule("global", "crl", "pckCrlNum", "in-range", "7..9"),
         "pckCrlNum", "7..9", "ERR_POLICY_CRL", 8),
        (rule("servtd", "migtdIdentity", "isvsvn", "equal", 2),
         "isvsvn", "2", "ERR_POLICY_SVN", 8),
        (rule("global", "platform", "fmspc", "subset", "00"),
         "fmspc", "00", "ERR_POLICY_OPERATION", 8),
    ]
    for i, (edit, name, expected, error, result) in enumerate(cases):
        own = Peer(tool, f"rule{i}", tool.host["b"], edited_policy(tool, f"rule{i}-policy", edit))
        verdict = check(tool, own, own, code=1)
        equal(verdict["failed"], "rules")
        equal(verdict["reject_code"], error)
        equal(verdict["migration_result"], result)
        equal((verdict["rule"]["block"], verdict["rule"]["index"]), ("policy", 1))
        equal(verdict["rule"]["property"].split(".")[-1], name)
        if expected is not None:
            equal(verdict["rule"]["expected"], expected)


def rules_about_this_side_need_its_quote(tool):
    arguments = ["policy", "check", "-p", tool.own.policy, "-c", tool.own.chain, "--peer-quote",
                 tool.peer.quote, "--peer-eventlog", tool.peer.log]
    tool.run(*arguments, code=2)
    equal("--own-quote" in tool.errors and "isvsvn" in tool.errors, True, tool.errors)


def verify_refuses_what_no_migtd_starts_with(tool):
    def block(value):
        return lambda base: base["policy"].append(value)

    def no_root_member(base):
        del base["collaterals"]["rootCa"]

    def no_root(base):
        base["collaterals"]["rootCa"] = "x"
    cases = [
        (block({"unheard-of": {}}), "unheard-of"),
        (block({"global": {}, "servtd": {"migtdIdentity": {}}}), '"servtd"'),
        (block({"global": {"crl": {"pckCrlNum": {"operation": "equal", "reference": -1}}}}),
         '"reference":-1'),
        (no_root_member, "at byte"),
        (no_root, "no Migration TD starts with it"),
    ]
    for i, (edit, told) in enumerate(cases):
        folder = edited_policy(tool, f"form{i}", edit)
        verdict = tool.json("policy", "verify", "-p", folder + "/policy.json", "-c",
                            folder + "/policy_issuer_chain.pem", code=1)
        equal(verdict, {"accepted": False})
        equal(told in tool.errors, True, tool.errors)
    # Operations are judged only when a rule is (policy spec 2.3).
    folder = edited_policy(tool, "operation", block(
        {"global": {"crl": {"pckCrlNum": {"operation": "unheard-of", "reference": 1}}}}))
    verdict = tool.json("policy", "verify", "-p", folder + "/policy.json", "-c",
                        folder + "/policy_issuer_chain.pem")
    equal(verdict, {"accepted": True, **json.loads(read(folder + "/launch.json"))})


def an_older_policy_is_refused_by_the_source_only(tool):
    def newer(base):
        base["policySvn"] = 7
    own = Peer(tool, "newer", tool.host["a"], edited_policy(tool, "newer-policy", newer))
    more = ("--peer-policy", tool.peer.policy, "--peer-chain", tool.peer.chain)
    verdict = check(tool, own, tool.peer, *more, code=1)
    equal(verdict["rule"]["property"], "policySvn")
    equal((verdict["rule"]["expected"], verdict["rule"]["actual"]), ("7", "1"))
    check(tool, own, tool.peer, "--role", "destination", *more)


def each_check_stops_its_peer(tool):
    policy, chain = read(tool.peer.policy), read(tool.peer.chain)
    other = tool.path("other-pki")
    tool.run("pki", "--out", other, "--hosts", "b", "--platforms", "3")
    foreign = tool.path("foreign-policy")
    tool.run("policy", "generate", "--pki", other, "--mrtd", MRTD.hex(), "--size", "0", "--out",
             foreign)
    debug = Peer(tool, "debug", tool.host["b"], tool.policy, attributes=b"\1" + bytes(7))
    stranger = Peer(tool, "stranger", tool.host["b"], tool.policy, mrtd=OTHER_MRTD)
    alien = Peer(tool, "alien", os.path.join(other, "hosts", "b"), tool.policy)
    signer = Peer(tool, "signer", tool.host["b"], foreign)
    liar = Peer(tool, "liar", tool.host["b"], tool.policy,
                events=boot_v2(policy + b" ", chain))
    shifted = Peer(tool, "shifted", tool.host["b"], tool.policy)
    shifted.log = tool.own.quote
    forged = Peer(tool, "forged", tool.host["b"], tool.policy)
    forged.policy = tool.write("forged.json", policy.replace(b'"policySvn":1', b'"policySvn":9'))
    cases = [
        (alien, "quote", "ERR_", 7),
        (debug, "not_debug", "ERR_DEBUG_TD", 7),
        (shifted, "event_log", "ERR_EVENT_LOG", 8),
        (forged, "peer_signatures", "ERR_POLICY_SIGNATURE", 9),
        (signer, "peer_chains", "ERR_POLICY_CHAIN", 8),
        (liar, "measured_policy", "ERR_EVENT_LOG_POLICY", 8),
        (stranger, "rules", "ERR_POLICY_MIGTD", 8),
    ]
    for peer, failed, error, result in cases:
        verdict = check(tool, tool.own, peer, "--peer-policy", peer.policy, "--peer-chain",
                        peer.chain, code=1)
        equal(verdict["failed"], failed)
        equal(verdict["reject_code"].startswith(error), True, verdict["reject_code"])
        equal(verdict["migration_result"], result, failed)
        checks = list(verdict["checks"].values())
        at = list(verdict["checks"]).index(failed)
        equal(checks, [True] * at + [False] + [None] * (len(checks) - at - 1))


def the_initial_migtd_is_checked_by_a_destination(tool):
    info = tool.peer.info
    ext = sha384(info) + bytes(272 - 48)
    good = ("--role", "destination", "--init-tdinfo", tool.write("init", info), "--servtd-ext",
            tool.write("ext", ext))
    equal(check(tool, tool.own, tool.peer, *good)["checks"]["initial"], True)
    wrong = good[:-1] + (tool.write("ext-wrong", bytes(272)),)
    verdict = check(tool, tool.own, tool.peer, *wrong, code=1)
    equal(verdict["failed"], "initial")
    equal([verdict["rule"][name] for name in ("block", "property", "operation", "expected",
                                              "actual")],
          ["initial", "SERVTD_INFO_HASH", "equal", "00" * 48, sha384(info).hex().upper()])


def collateral_can_be_tried_before_it_is_in_a_policy(tool):
    revoked = tool.path("revoked")
    tool.run("pki", "--out", revoked, "--hosts", "b", "--platforms", "3")
    foreign = os.path.join(revoked, "collateral.json")
    equal(check(tool, tool.own, tool.peer, "--collateral", foreign, code=1)["failed"], "own_side")
    check(tool, tool.own, tool.peer, "--collateral", os.path.join(tool.pki, "collateral.json"))


def own_policy_that_does_not_open_accepts_nobody(tool):
    broken = Peer(tool, "broken", tool.host["a"], tool.policy)
    policy = read(tool.policy + "/policy.json")
    broken.policy = tool.write("broken.json", policy.replace(b'"policySvn":1', b'"policySvn":2'))
    verdict = check(tool, broken, tool.peer, code=1)
    equal((verdict["failed"], verdict["reject_code"]), ("own_policy", "ERR_POLICY_SIGNATURE"))
    equal(tool.path("broken.json") in tool.errors, True)


def unreadable_input_is_named(tool):
    empty = tool.write("empty", b"")
    base = ["policy", "check", "-p", tool.own.policy, "-c", tool.own.chain]
    tool.run(*base, "--peer-quote", empty, "--peer-eventlog", tool.peer.log, code=2)
    equal(empty in tool.errors, True)
    tool.run(*base, "--peer-quote", tool.peer.quote, "--peer-eventlog", tool.path("none"), code=2)
    equal(tool.path("none") in tool.errors, True)
    peer = ["--peer-quote", tool.peer.quote, "--peer-eventlog", tool.peer.log]
    cut = tool.write("cut", read(tool.own.policy)[:-9])
    tool.run("policy", "check", "-p", cut, "-c", tool.own.chain, *peer, code=2)
    equal(cut in tool.errors, True)
    tool.run(*base, *peer, "--own-quote", cut, code=2)
    equal(cut in tool.errors, True)
    tool.run(*base, *peer, "--role", "both", code=2)
    equal("--role" in tool.errors, True)


# --- upstream's pipeline ----------------------------------------------------------------------


def sign(tool, chain, name, value, out):
    data = tool.write(out + ".value", json.dumps(value, separators=(",", ":"), sort_keys=True))
    tool.run("json-sign", "--sign", "--name", name, "--private-key",
             os.path.join(tool.pki, chain, "leaf.key"), "--input", data, "--output",
             tool.path(out))
    return tool.path(out)


def upstreams_way_to_a_policy_ends_in_an_accepted_peer(tool):
    """The steps of build_policy_v2.sh and the production loop (policy spec 5.7), by its flags."""
    chains = {name: os.path.join(tool.pki, name, "chain.pem") for name in
              ("policy", "identity", "mapping")}
    generated = json.loads(read(tool.policy + "/servtd_collateral.json"))
    identity = sign(tool, "identity", "tdIdentity", generated["servtdIdentity"]["tdIdentity"],
                    "loop-identity")
    mapping = generated["servtdTcbMapping"]["tdTcbMapping"]
    mapping["svnMappings"][0]["tdMeasurements"] = {"mrtd": "", "rtmr0": "", "rtmr1": ""}
    base = {"id": "LOOP", "version": "2.0", "policySvn": 1, "policy": [{"servtd": {
        "migtdIdentity": {"isvsvn": {"operation": "greater-or-equal", "reference": 1}}}}]}
    launch = json.loads(read(tool.policy + "/launch.json"))
    manifest = tool.write("loop-manifest", json.dumps(dict(
        launch, attributes="00" * 8, xfam="e71a060000000000", mrconfigid="00" * 48)))
    hashes = []
    for turn in range(2):
        signed_mapping = sign(tool, "mapping", "tdTcbMapping", mapping, f"loop-mapping{turn}")
        tool.run("servtd-collateral", "--identity", identity, "--identity-chain",
                 chains["identity"], "--mapping", signed_mapping, "--mapping-chain",
                 chains["mapping"], "-o", tool.path("loop-servtd"))
        tool.run("policy", "generate", "v2", "--policy-data",
                 tool.write("loop-base", json.dumps(base)), "--collaterals",
                 tool.pki + "/collateral.json", "--servtd-collateral", tool.path("loop-servtd"),
                 "--output", tool.path("loop-data"))
        policy = sign(tool, "policy", "policyData", json.loads(read(tool.path("loop-data"))),
                      "loop-policy")
        tool.run("enroll", "--policy", policy, "--policy-issuer-chain", chains["policy"], "-o",
                 tool.path("loop.fv"))
        unsigned = tool.write("loop-unsigned", json.dumps(mapping))
        hashes.append(tool.run("hash", "-m", manifest, "--mrtd", OTHER_MRTD.hex(), "--policy-v2",
                               "--config", tool.path("loop.fv"), "--update-tcb-mapping",
                               unsigned))
        mapping = json.loads(read(unsigned))
    # The policy changed with the mapping, and with it RTMR2; what the mapping holds did not.
    equal(hashes[0] != hashes[1], True)
    events = boot_v2(read(policy), read(chains["policy"]))
    info = tdinfo(OTHER_MRTD, registers(events), bytes.fromhex(launch["mrowner"]),
                  bytes.fromhex(launch["mrownerconfig"]))
    equal(sha384(info).hex() + "\n", hashes[1])
    verdict = tool.json("policy", "check", "-p", policy, "-c", chains["policy"], "--peer-quote",
                        tool.quote(tool.host["b"], info, "loop.quote"), "--peer-eventlog",
                        tool.write("loop.log", event_log(events)))
    equal((verdict["accepted"], verdict["peer"]["migtd"]["isvsvn"]), (True, 1))
    equal(verdict["checks"]["own_side"], None)


# --- policy check, v1 -------------------------------------------------------------------------


class PeerV1:
    """A Migration TD with policy v1."""

    def __init__(self, tool, name, host, policy, mrtd=MRTD, events=None):
        self.policy = policy
        events = events or boot_v1(read(policy), read(tool.root))
        self.quote = tool.quote(host, tdinfo(mrtd, registers(events)), name + ".quote")
        self.log = tool.write(name + ".log", event_log(events))


def setup_v1(tool):
    tool.root = os.path.join(tool.pki, "root.der")
    folder = tool.path("policy-v1")
    tool.run("policy", "generate", "v1", "--pki", tool.pki, "--out", folder)
    tool.policy_v1 = os.path.join(folder, "policy.json")
    tool.own_v1 = PeerV1(tool, "own-v1", tool.host["a"], tool.policy_v1)
    tool.peer_v1 = PeerV1(tool, "peer-v1", tool.host["b"], tool.policy_v1)


def arguments_v1(tool, policy, peer, own=None):
    more = ["--own-quote", own.quote, "--own-eventlog", own.log] if own else []
    return ["policy", "check", "--policy", policy, "--root-ca", tool.root, "--collateral",
            os.path.join(tool.pki, "collateral.json"), "--peer-quote", peer.quote,
            "--peer-eventlog", peer.log, *more]


def edited_v1(tool, name, edit):
    policy = json.loads(read(tool.policy_v1))
    edit({kind: block[kind] for block in policy["policy"] for kind in block if kind != "fmspc"},
         policy["policy"])
    return tool.write(name, json.dumps(policy))


def v1_accepts_an_honest_peer(tool):
    for role in ("source", "destination"):
        verdict = tool.json(*arguments_v1(tool, tool.policy_v1, tool.peer_v1, tool.own_v1),
                            "--role", role)
        equal((verdict["accepted"], verdict["policy"]), (True, "v1"))
        equal([name for name, done in verdict["checks"].items() if done],
              ["own_policy", "own_side", "quote", "not_debug", "event_log", "rules"])
        equal(verdict["peer"]["fmspc"], "10806F000000")


def v1_tells_the_rule_that_fails(tool):
    def constant(kind, group, name, operation, reference):
        def edit(blocks, _):
            blocks[kind][group][name] = {"operation": operation, "reference": reference}
        return edit

    def forget_platforms(_, blocks):
        blocks[:] = [block for block in blocks if "fmspc" not in block]
    cases = [
        (forget_platforms, None, "ERR_POLICY_PLATFORM_UNKNOWN"),
        (constant("QE", "QeIdentity", "ISVSVN", "greater-or-equal", 99), "ISVSVN", "ERR_POLICY_QE"),
        (constant("QE", "QeIdentity", "MRENCLAVE", "equal", 1), "MRENCLAVE", "ERR_POLICY_NAME"),
        (constant("MigTD", "TDINFO", "RTMR3", "equal", "11" * 48), "RTMR3", "ERR_POLICY_MIGTD"),
        (constant("MigTD", "EventLog", "Digest.MigTdCore", "equal", "self"), "Digest.MigTdCore",
         "ERR_POLICY_MIGTD"),
    ]
    for i, (edit, name, error) in enumerate(cases):
        policy = edited_v1(tool, f"v1-{i}.json", edit)
        peer = PeerV1(tool, f"v1-{i}", tool.host["b"], policy)
        own = PeerV1(tool, f"v1-{i}-own", tool.host["a"], policy)
        verdict = tool.json(*arguments_v1(tool, policy, peer, own), code=1)
        equal((verdict["failed"], verdict["reject_code"]), ("rules", error))
        if name:
            rule = verdict["rule"]
            equal(name in (rule["property"], rule["actual"]), True, rule)


def v1_compares_the_peer_with_this_side(tool):
    other = PeerV1(tool, "other-v1", tool.host["b"], tool.policy_v1, mrtd=OTHER_MRTD)
    verdict = tool.json(*arguments_v1(tool, tool.policy_v1, other, tool.own_v1), code=1)
    equal((verdict["rule"]["property"], verdict["rule"]["actual"]),
          ("MRTD", OTHER_MRTD.hex().upper()))
    # Another policy: RTMR2 and, were that allowed, the event.
    loose = edited_v1(tool, "loose.json", lambda blocks, _: blocks["MigTD"]["TDINFO"].pop("RTMR2"))
    own = PeerV1(tool, "loose-own", tool.host["a"], loose)
    verdict = tool.json(*arguments_v1(tool, loose, tool.peer_v1, own), code=1)
    equal("MigTdPolicy" in verdict["rule"]["property"], True)


def v1_rules_about_this_side_need_it(tool):
    tool.run(*arguments_v1(tool, tool.policy_v1, tool.peer_v1), code=2)
    equal("--own-quote" in tool.errors and "--own-eventlog" in tool.errors, True, tool.errors)

    def no_comparison(blocks, _):
        blocks["MigTD"]["TDINFO"] = {"MRTD": {"operation": "equal",
                                              "reference": MRTD.hex().upper()}}
        del blocks["MigTD"]["EventLog"]
    policy = edited_v1(tool, "constants.json", no_comparison)
    equal(tool.json(*arguments_v1(tool, policy, tool.peer_v1))["accepted"], True)
    other = PeerV1(tool, "other-const", tool.host["b"], policy, mrtd=OTHER_MRTD)
    equal(tool.json(*arguments_v1(tool, policy, other), code=1)["rule"]["property"], "MRTD")

    def zero_rtmr3(blocks, _):
        no_comparison(blocks, _)
        blocks["MigTD"]["TDINFO"]["RTMR3"] = {"operation": "equal", "reference": "self"}

    def any_event(blocks, _):
        no_comparison(blocks, _)
        blocks["MigTD"]["EventLog"] = {"Digest.MigTdSgxRootKey": {
            "operation": "equal", "reference": sha384(read(tool.root)).hex().upper()}}
    for i, edit in enumerate((zero_rtmr3, any_event)):
        policy = edited_v1(tool, f"depends{i}.json", edit)
        tool.run(*arguments_v1(tool, policy, tool.peer_v1), code=2)
        equal("--own-eventlog" in tool.errors, True, tool.errors)


def v1_policies_are_checked_for_their_form(tool):
    equal(tool.json("policy", "verify", "-p", tool.policy_v1), {"accepted": True})
    for text in (read(tool.policy_v1).replace(b"equal", b"eq"), b"{}"):
        equal(tool.json("policy", "verify", "-p", tool.write("bad.json", text), code=1),
              {"accepted": False})
        equal(tool.path("bad.json") in tool.errors, True)
    for text in (read(tool.policy_v1) + b"x", read(tool.policy_v1)[:-1], b"\0\0", b""):
        tool.run("policy", "verify", "-p", tool.write("cut.json", text), code=2)
        equal(tool.path("cut.json") in tool.errors, True)
    tool.run("policy", "verify", "-p", tool.own.policy, code=2)
    equal("--cert-chain" in tool.errors, True)


def versions_are_not_mixed(tool):
    base = arguments_v1(tool, tool.policy_v1, tool.peer_v1, tool.own_v1)
    for more in (["--policy-issuer-chain", tool.own.chain],
                 ["--peer-policy", tool.own.policy, "--peer-chain", tool.own.chain]):
        tool.run(*base, *more, code=2)
    tool.run("policy", "check", "-p", tool.policy_v1, "--peer-quote", tool.peer_v1.quote,
             "--peer-eventlog", tool.peer_v1.log, code=2)
    equal("--policy-issuer-chain" in tool.errors, True)
    base[3] = tool.own.policy
    tool.run(*base, code=2)
    equal(tool.own.policy in tool.errors, True)


# --- eventlog --------------------------------------------------------------------------------


def flags(rtmr, name, payload):
    return record(rtmr, EV_FLAGS, name.ljust(16, b"\0") + struct.pack("<I", len(payload)) +
                  payload, payload)


def every_kind_of_event():
    core = b"\x0btd_payload\0" + struct.pack("<QQ", 0x1000, 0x2000)
    return [flags(0, b"td_hob", b"hob"),
            flags(0, b"secure_policy_db", b"anchor"),
            flags(0, b"secure_authority", b"anchor"),
            flags(1, b"td_payload_svn", struct.pack("<Q", 15)),
            record(1, EV_BLOB2, core, b"image"),
            record(0, EV_SEPARATOR, SEPARATOR, SEPARATOR),
            record(1, EV_SEPARATOR, SEPARATOR, SEPARATOR),
            tagged(1, 3, b"chain", b"chain"), tagged(2, 1, b"policy", b"policy"),
            tagged(2, 2, b"root", b"root")]


CLASSES = [None, None, "SecureBootKey", "MigTdCoreSvn", "MigTdCore", None, None,
           "MigTdPolicySigner", "MigTdPolicy", "MigTdSgxRootKey"]


def records_are_told_with_their_class(tool):
    records = every_kind_of_event()
    told = tool.json("eventlog", "show", tool.write("all.log", event_log(records)))
    equal([r["class"] for r in told["records"]], CLASSES)
    equal([r["rtmr"] for r in told["records"]], [r[0] for r in records])
    equal([r["digest"] for r in told["records"]], [r[1].hex() for r in records])
    equal([r["tag"] for r in told["records"]][-3:], [3, 1, 2])
    equal(told["records"][0]["name"], "td_hob")
    equal(told["trailing"], 1)
    at = 72
    for shown, made in zip(told["records"], records):
        equal(shown["offset"], at)
        at += len(made[2])
    text = tool.run("eventlog", "show", tool.path("all.log"))
    equal("EV_EVENT_TAG" in text and "MigTdPolicySigner" in text, True)


def replay_agrees_with_hashlib_with_and_without_a_tail(tool):
    records = every_kind_of_event()
    wanted = {f"rtmr{i}": value.hex() for i, value in enumerate(registers(records))}
    for tail in (b"", b"\0", b"\xff", b"\xff" * 5000):
        log = tool.write("tail.log", event_log(records, tail))
        equal(tool.json("eventlog", "replay", log), wanted)


def replay_is_compared_with_quotes_and_values(tool):
    log = tool.peer.log
    equal(tool.json("eventlog", "replay", log, "--quote", tool.peer.quote)["matches"], True)
    rtmr2 = "2=" + registers(boot_v2(read(tool.peer.policy), read(tool.peer.chain)))[2].hex()
    equal(tool.json("eventlog", "replay", log, "--rtmr", rtmr2)["matches"], True)
    other = tool.write("other.log", event_log(every_kind_of_event()))
    equal(tool.json("eventlog", "replay", other, "--quote", tool.peer.quote, code=1)["matches"],
          False)
    equal("RTMR0" in tool.errors and tool.peer.quote in tool.errors, True, tool.errors)
    report = bytearray(1024)
    report[0] = 0x81
    report[512:] = tool.peer.info
    report[32:80] = sha384(report[256:495])
    report[80:128] = sha384(report[512:])
    equal(tool.json("eventlog", "replay", log, "--tdreport",
                    tool.write("report", bytes(report)))["matches"], True)


def malformed_logs_are_refused_and_named(tool):
    good = boot_v2(b"policy", b"chain")
    bad = [(event_log([record(-1, EV_SEPARATOR, SEPARATOR, SEPARATOR)]), 1),
           (event_log([record(4, EV_SEPARATOR, SEPARATOR, SEPARATOR)]), 1),
           (event_log([record(2, EV_TAG, b"abc", b"abc")]), 1),
           (event_log(good)[:71], 2), (b"", 2), (b"no log".ljust(300, b"."), 2)]
    for i, (content, code) in enumerate(bad):
        log = tool.write(f"bad{i}.log", content)
        for command in ("show", "replay"):
            tool.run("eventlog", command, log, code=code)
            equal(log in tool.errors, True, tool.errors)
    tool.run("eventlog", "replay", tool.peer.log, "--quote", tool.write("short", b"\4\0"), code=2)
    tool.run("eventlog", "replay", tool.peer.log, "--rtmr", "4=00", code=2)
    tool.run("eventlog", "replay", tool.path("absent"), code=2)
    # Cut in a record: to the Migration TD the log just ends before it.
    cut = tool.write("cut.log", event_log(good)[:-30])
    equal(len(tool.json("eventlog", "show", cut, code=2)["records"]), len(good) - 1)
    equal("cut short" in tool.errors, True, tool.errors)
    tool.run("eventlog", "replay", cut)
    tool.run("eventlog", "show", tool.write("area.log", event_log(good, b"\xff" * 90)))


def published_registers_come_out(tool):
    templates = tool.vector("policy/config/templates/policy_v2_signed.json")
    policy, chain = read(templates), read(tool.vector(
        "policy/config/templates/policy_issuer_chain.pem"))
    log = event_log(boot_v2(policy, chain), b"\xff")
    equal(len(log), 3034)
    equal(sha384(log).hex(), "4dc3fb90ccba35ffc3dbe6c8a3ff0165876749336419e83923e5cafa596b884132"
          "9877672d153b55817ad26703742a57")
    told = tool.json("eventlog", "replay", tool.write("template.log", log))
    equal(told["rtmr1"], "c172c0fb4322252982bd90c470ef2c0fc49b2b65235446f431c563040c28316cb1e4907"
          "23a468485a891c8db0f0e03d5")
    equal(told["rtmr2"], "5df82b5702753589b57d38de960dc30b24903f7e1922456b4f9e966a250365e3c2ced4b4"
          "75f3713e0bfd4f880e9112f1")


CASES = [accepts_an_honest_peer, text_form_names_the_rule, tells_the_rule_that_fails,
         rules_about_this_side_need_its_quote, verify_refuses_what_no_migtd_starts_with,
         an_older_policy_is_refused_by_the_source_only,
         each_check_stops_its_peer, the_initial_migtd_is_checked_by_a_destination,
         collateral_can_be_tried_before_it_is_in_a_policy,
         own_policy_that_does_not_open_accepts_nobody, unreadable_input_is_named,
         upstreams_way_to_a_policy_ends_in_an_accepted_peer,
         v1_accepts_an_honest_peer, v1_tells_the_rule_that_fails,
         v1_compares_the_peer_with_this_side, v1_rules_about_this_side_need_it,
         v1_policies_are_checked_for_their_form, versions_are_not_mixed,
         records_are_told_with_their_class, replay_agrees_with_hashlib_with_and_without_a_tail,
         replay_is_compared_with_quotes_and_values, malformed_logs_are_refused_and_named]
WITH_VECTORS = [published_registers_come_out]


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(*sys.argv[1:3], folder)
        setup(tool)
        setup_v1(tool)
        for case in CASES:
            tap.case(case.__name__.replace("_", " "), lambda: case(tool))
        for case in WITH_VECTORS:
            if tool.vector("policy/config/templates/policy_v2_signed.json"):
                tap.case(case.__name__.replace("_", " "), lambda: case(tool))
            else:
                tap.skip(case.__name__.replace("_", " "), "the shared vectors are not there")
    tap.finish()


main()

# SPDX-License-Identifier: BSD-2-Clause-Patent
"""documents_test.py MIGTD-TOOL SHARED: signing, composing, telling and enrolling.

The oracles are the openssl program, Python's json and hashlib, and a volume reader of its own.
"""
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import uuid

from toolkit import Tool, boot_v1, boot_v2, event_log, read, registers, sha384, tdinfo
from tap import Tap, equal

MRTD = bytes(range(48))
TEMPLATES = "policy/config/templates/"


def openssl(*arguments, code=0):
    done = subprocess.run(["openssl", *arguments], capture_output=True)
    equal(done.returncode, code, f"openssl {arguments}: {done.stderr}")
    return done.stdout


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def names(tool, what):
    equal(what in tool.errors, True, f"'{what}' in '{tool.errors}'")


def setup(tool):
    tool.pki = tool.path("pki")
    tool.run("pki", "--out", tool.pki, "--hosts", "a,b", "--platforms", "3")
    tool.policy = tool.path("policy")
    tool.run("policy", "generate", "--pki", tool.pki, "--mrtd", MRTD.hex(), "--size", "0",
             "--out", tool.policy)
    tool.signed = tool.policy + "/policy.json"
    tool.chain = tool.policy + "/policy_issuer_chain.pem"
    tool.v1 = tool.path("v1")
    tool.run("policy", "generate", "v1", "--pki", tool.pki, "--out", tool.v1)
    # A key that never saw migtd-tool.
    tool.key, tool.public = tool.path("key.pem"), tool.path("public.pem")
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", tool.key)
    openssl("pkey", "-in", tool.key, "-pubout", "-out", tool.public)


# --- json-sign -------------------------------------------------------------------------------


def signatures_verify_with_openssl(tool):
    value = compact({"id": "é/\u2028", "list": [1, -2, 0.5], "deep": {"a": None}})
    data = tool.write("value.json", value)
    told = tool.json("json-sign", "--sign", "-n", "tdIdentity", "--private-key", tool.key, "-i",
                     data, "-o", tool.path("signed.json"))
    signed = read(tool.path("signed.json")).decode()
    equal(told, {"written": tool.path("signed.json"), "bytes": len(signed.encode())})
    document = json.loads(signed)
    hexadecimal = document["signature"]
    equal(signed, f'{{"tdIdentity":{value},"signature":"{hexadecimal}"}}')
    equal(hexadecimal, hexadecimal.upper())
    raw = tool.write("signature.der", bytes.fromhex(hexadecimal))
    openssl("dgst", "-sha384", "-verify", tool.public, "-signature", raw, data)
    tool.run("json-sign", "--sign", "--detach", "--name", "x", "--private-key", tool.key,
             "--input", data, "--output", tool.path("detached.der"))
    openssl("dgst", "-sha384", "-verify", tool.public, "-signature", tool.path("detached.der"),
            data)


def signatures_of_openssl_verify(tool):
    value = '{"a":[true,"x"]}'
    data, raw = tool.write("value.json", value), tool.path("openssl.der")
    openssl("dgst", "-sha384", "-sign", tool.key, "-out", raw, data)
    verify = ["json-sign", "--verify", "--public-key", tool.public, "-n", "policyData"]
    equal(tool.run(*verify, "--detach", "--signature", raw, "-i", data),
          "Signature verification succeeded\n")
    tool.run("json-sign", "--finalize", "--signature", raw, "-n", "policyData", "-i", data, "-o",
             tool.path("final.json"))
    equal(tool.json(*verify, "-i", tool.path("final.json")), {"accepted": True})
    # Verification is over the text as it stands, with white space around it.
    spaced = ' {\n"signature" : "%s", "policyData": %s }\n' % (read(raw).hex(), value)
    tool.run(*verify, "-i", tool.write("spaced.json", spaced))
    for wrong in (spaced.replace("true", "false"), spaced.replace('"x"]', '"x" ]')):
        equal(tool.json(*verify, "-i", tool.write("wrong.json", wrong), code=1),
              {"accepted": False})


def wrong_keys_and_signatures_reject_wrong_files_are_named(tool):
    data, raw = tool.write("value.json", "{}"), tool.path("raw.der")
    openssl("dgst", "-sha384", "-sign", tool.key, "-out", raw, data)
    other = os.path.join(tool.pki, "policy", "leaf.pub")
    verify = ["json-sign", "--verify", "--detach", "-n", "x", "-i", data]
    tool.run(*verify, "--public-key", other, "--signature", raw, code=1)
    tool.run(*verify, "--public-key", tool.public, "--signature", data, code=1)
    for key in (tool.chain, data, tool.key[:-1], tool.path("none")):
        tool.run(*verify, "--public-key", key, "--signature", raw, code=2)
        names(tool, key)
    sign = ["json-sign", "--sign", "-n", "x", "-i", data]
    tool.run(*sign, "--private-key", tool.public, "-o", tool.path("never"), code=2)
    names(tool, tool.public)
    tool.run(*sign, "--private-key", tool.key, "-o", data + "/never", code=2)
    names(tool, data + "/never")
    tool.run("json-sign", "--sign", "-n", "x", "-i", tool.write("cut.json", '{"a":'),
             "--private-key", tool.key, "-o", tool.path("never"), code=2)
    names(tool, tool.path("cut.json"))
    equal(os.path.exists(tool.path("never")), False)


def unwritable_outputs_are_named_and_nothing_is_left(tool):
    data = tool.write("value.json", "{}")
    image = tool.write("small.bin", image_with((0, 0x10000))[0])
    never = data + "/never"
    identity = tool.policy + "/td_identity_signed.json"
    mapping = tool.policy + "/tcb_mapping_signed.json"
    commands = [
        ["json-sign", "--sign", "-n", "x", "--private-key", tool.key, "-i", data],
        ["servtd-collateral", "--identity", identity, "--identity-chain", tool.chain, "--mapping",
         mapping, "--mapping-chain", tool.chain],
        ["policy", "generate", "v1", "--collaterals", tool.pki + "/collateral.json"],
        ["policy", "generate", "v2", "--policy-data", data, "--collaterals", data,
         "--servtd-collateral", data],
        ["policy", "generate", "--pki", tool.pki, "--mrtd", MRTD.hex(), "--size", "0"],
        ["enroll", "--policy", data, "--root-ca", data],
        ["enroll", "--image", image, "--policy", data, "--root-ca", data],
        ["hash", "-m", manifest(tool), "--mrtd", MRTD.hex(), "-t"],
    ]
    before = sorted(os.listdir(tool.folder))
    for command in commands:
        tool.run(*command, "-o", never, code=2)
        names(tool, never if command[:3] != ["policy", "generate", "--pki"] else data)
    tool.run("hash", "-m", tool.path("manifest.json"), "--mrtd", MRTD.hex(), "-t",
             "--output-td-info", never, code=2)
    tool.run("hash", "-m", tool.path("manifest.json"), "--mrtd", MRTD.hex(), "-t",
             "--update-tcb-mapping", data, code=2)
    names(tool, data)
    equal(sorted(os.listdir(tool.folder)), before)
    equal(read(data), b"{}")


def only_canonical_text_is_signed(tool):
    for text in ('{"a":1}\n', '{"a": 1}', '{"a":1.0e0}', '{"a":"\\u0041"}', '{"b":"\\/"}'):
        tool.run("json-sign", "--sign", "-n", "x", "--private-key", tool.key, "-i",
                 tool.write("loose.json", text), "-o", tool.path("never"), code=1)
        names(tool, "not canonical")


# --- composing -------------------------------------------------------------------------------


def servtd_collateral_holds_its_parts_verbatim(tool):
    parts = {name: os.path.join(tool.policy, name + "_signed.json")
             for name in ("td_identity", "tcb_mapping")}
    out = tool.path("servtd.json")
    tool.run("servtd-collateral", "--identity", parts["td_identity"], "--identity-chain",
             tool.pki + "/identity/chain.pem", "--mapping", parts["tcb_mapping"],
             "--mapping-chain", tool.pki + "/mapping/chain.pem", "-o", out)
    text = read(out).decode()
    equal(text, compact({
        "majorVersion": 1, "minorVersion": 0,
        "servtdIdentity": json.loads(read(parts["td_identity"])),
        "servtdIdentityIssuerChain": read(tool.pki + "/identity/chain.pem").decode(),
        "servtdTcbMapping": json.loads(read(parts["tcb_mapping"])),
        "servtdTcbMappingIssuerChain": read(tool.pki + "/mapping/chain.pem").decode()}))
    tool.run("servtd-collateral", "--identity", tool.chain, "--identity-chain", tool.chain,
             "--mapping", parts["tcb_mapping"], "--mapping-chain", tool.chain, "-o",
             tool.path("never"), code=2)
    names(tool, tool.chain)


def policy_data_is_composed_in_order(tool):
    base = {"id": "X", "collaterals": None, "version": "2.0", "policySvn": 3, "policy": []}
    out = tool.path("composed.json")
    tool.run("policy", "generate", "v2", "--policy-data",
             tool.write("base.json", json.dumps(base, indent=3)), "--collaterals",
             tool.pki + "/collateral.json", "--servtd-collateral",
             tool.policy + "/servtd_collateral.json", "-o", out)
    base["collaterals"] = json.loads(read(tool.pki + "/collateral.json"))
    base["servtdCollateral"] = json.loads(read(tool.policy + "/servtd_collateral.json"))
    equal(read(out).decode(), compact(base))
    tool.run("json-sign", "--sign", "-n", "policyData", "--private-key",
             tool.pki + "/policy/leaf.key", "-i", out, "-o", tool.path("whole.json"))
    equal(tool.run("policy", "verify", "--policy", tool.path("whole.json"), "--cert-chain",
                   tool.chain), "Policy signature and issuer chain verified successfully.\n")
    tool.run("policy", "verify", "-p", tool.path("whole.json"), "-c",
             tool.pki + "/identity/chain.pem", code=1)


def generated_v1_policies_say_what_the_collateral_says(tool):
    policy = json.loads(read(tool.v1 + "/policy.json"))
    bundle = json.loads(read(tool.pki + "/collateral.json"))
    blocks = [b for b in policy["policy"] if "fmspc" in b]
    equal([b["fmspc"] for b in blocks], [p["fmspc"] for p in bundle["platforms"]])
    for block, platform in zip(blocks, bundle["platforms"]):
        tcb = json.loads(platform["tcbInfo"])["tcbInfo"]["tcbLevels"][0]["tcb"]
        info = block["Platform"]["TcbInfo"]
        equal(info["pcesvn"], {"operation": "greater-or-equal", "reference": tcb["pcesvn"]})
        for name in ("sgxtcbcomponents", "tdxtcbcomponents"):
            equal(info[name]["reference"], [c["svn"] for c in tcb[name]])
    equal(read(tool.v1 + "/policy.json").decode(), json.dumps(policy, indent=4))
    equal(read(tool.v1 + "/root_ca.der"), read(tool.pki + "/root.der"))


def collateral_is_built_from_stored_answers(tool):
    bundle = json.loads(read(tool.pki + "/collateral.json"))
    folder = tool.path("answers")
    os.mkdir(folder)
    for i, platform in enumerate(bundle["platforms"]):
        tool.write(f"answers/tcbInfo{i}.json", platform["tcbInfo"])
    tool.write("answers/qeIdentity.json", bundle["qeIdentity"])
    percent = bundle["platforms"][0]["tcbInfoIssuerChain"].replace("\n", "%0A").replace(" ", "%20")
    tool.write("answers/tcb-info-issuer-chain.pem", percent)
    tool.write("answers/pck-crl-issuer-chain.pem", bundle["pckCrlIssuerChain"])
    for name in ("rootCaCrl", "pckCrl"):
        der = subprocess.run(["openssl", "crl", "-outform", "DER"], input=bundle[name].encode(),
                             capture_output=True, check=True).stdout
        tool.write(f"answers/{name}.der", der)
    out = tool.path("built.json")
    tool.run("collateral", "build", "--from", folder, "--output", out)
    built = json.loads(read(out))
    equal(sorted(built), sorted(bundle))
    for name in ("majorVersion", "minorVersion", "teeType", "qeIdentity", "rootCa", "pckCrl",
                 "rootCaCrl"):
        equal(built[name], bundle[name], name)
    equal([(p["fmspc"], p["tcbInfo"]) for p in built["platforms"]],
          [(p["fmspc"], p["tcbInfo"]) for p in bundle["platforms"]])
    equal(tool.json("collateral", "check", out)["verdict"], "accept")
    os.unlink(folder + "/pckCrl.der")
    tool.run("collateral", "build", "--from", folder, "-o", tool.path("never"), code=2)
    names(tool, "PCK CRL")
    equal(os.path.exists(tool.path("never")), False)


# --- show and diff ---------------------------------------------------------------------------


def show_tells_what_a_policy_means(tool):
    told = tool.json("policy", "show", tool.signed)
    data = json.loads(read(tool.signed))["policyData"]
    equal((told["id"], told["policySvn"], told["signed"]), (data["id"], 1, True))
    equal(told["rules"]["policy[0] crl.pckCrlNum"], "greater-or-equal 1")
    equal(told["rules"]["forwardPolicy[0] migtdIdentity.isvsvn"], 'greater-or-equal "self"')
    equal(list(told["platforms"]), [p["fmspc"] for p in data["collaterals"]["platforms"]])
    equal(list(told["mappings"].values()), [1])
    equal(MRTD.hex().upper() in list(told["mappings"])[0], True)
    equal(told["collaterals"]["pckCrl"]["number"], 1)
    told = tool.json("policy", "show", tool.v1 + "/policy.json")
    equal(told["version"], "1")
    equal(told["rules"]["MigTD[0] TDINFO.MRTD"], 'equal "self"')
    equal(len(told["platforms"]), 3)
    text = tool.run("policy", "show", tool.signed)
    equal("  policy[0] crl.pckCrlNum: greater-or-equal 1\n" in text, True)


def every_property_of_a_v1_policy_is_shown(tool):
    def count(value):
        if isinstance(value, dict):
            return 1 if "operation" in value else sum(count(v) for v in value.values())
        return sum(count(v) for v in value) if isinstance(value, list) else 0
    for name in ("config/policy.json", "config/policy_pre_production_fmspc.json",
                 "src/policy/test/policy_full1.json"):
        path = tool.vector("policy/" + name)
        told = tool.json("policy", "show", path)
        equal(sum(len(p) for p in told["platforms"].values()) + len(told["rules"]),
              count(json.loads(read(path))), name)


def diff_ignores_the_form_and_tells_the_meaning(tool):
    policy = json.loads(read(tool.signed))
    again = tool.write("again.json", json.dumps(policy, indent=1))
    equal(tool.run("policy", "diff", tool.signed, again), "")
    equal(tool.json("policy", "diff", tool.signed, again)["equal"], True)
    data = policy["policyData"]
    data["policySvn"] = 2
    data["policy"][0]["global"]["crl"]["pckCrlNum"]["reference"] = 5
    del data["backwardPolicy"]
    gone = data["collaterals"]["platforms"].pop()
    first = data["collaterals"]["platforms"][0]
    info = json.loads(first["tcbInfo"])
    info["tcbInfo"]["tcbEvaluationDataNumber"] = 18
    first["tcbInfo"] = compact(info)
    mapping = data["servtdCollateral"]["servtdTcbMapping"]["tdTcbMapping"]["svnMappings"]
    mapping.append({"tdMeasurements": {"mrtd": "AB", "rtmr0": "", "rtmr1": ""}, "isvsvn": 2})
    other = tool.write("other.json", compact(policy))
    done = subprocess.run([tool.program, "policy", "diff", tool.signed, other, "--json"],
                          capture_output=True)
    equal((done.returncode, done.stderr), (1, b""))
    told = json.loads(done.stdout)
    equal(told["changed"]["policySvn"], {"from": 1, "to": 2})
    equal(told["changed"]["rules / policy[0] crl.pckCrlNum"],
          {"from": "greater-or-equal 1", "to": "greater-or-equal 5"})
    equal(told["changed"][f"platforms / {first['fmspc']} / tcbEvaluationDataNumber"],
          {"from": 5, "to": 18})
    equal(list(told["added"].values()), [2])
    equal(all(k.startswith((f"platforms / {gone['fmspc']}", "rules / backwardPolicy[0]"))
              for k in told["removed"]), True)
    equal(len(told["changed"]), 3)


def documents_that_are_no_policies_are_named(tool):
    for name, text in (("list.json", "[]"), ("no.json", '{"policyData":{}}'), ("cut", "{"),
                       ("block.json", '{"id":"x","policy":[{"fmspcx":"1"}]}')):
        path = tool.write(name, text)
        tool.run("policy", "show", path, code=2)
        names(tool, path)
        tool.run("policy", "diff", tool.signed, path, code=2)
    tool.run("policy", "diff", tool.signed, code=2)


# --- volumes and hashes ----------------------------------------------------------------------

GUIDS = {"policy": "0BE92DC3-6221-4C98-87C1-8EEFFD70DE5A",
         "root": "CA437832-4C51-4322-B13D-A21BD0C8FFF6",
         "chain": "3F2FB27A-9596-431C-A68D-D3EAB39F8AEB",
         "anchor": "77A2742E-9340-4AC9-8F85-B7B978580021"}


def files_of(volume):
    """[(name, content)] of a volume, checking what the specification says of headers."""
    size, = struct.unpack_from("<Q", volume, 32)
    equal(size, len(volume))
    equal(volume[40:44], b"_FVH")
    equal(sum(struct.unpack_from("<28H", volume, 0)) & 0xFFFF, 0)
    at, = struct.unpack_from("<H", volume, 48)
    found = []
    while volume[at + 18] == 1:
        header = volume[at:at + 24]
        equal(sum(header) & 0xFF, 0xB1)
        n = int.from_bytes(header[20:23], "little")
        guid = str(uuid.UUID(bytes_le=header[:16])).upper()
        name = [k for k, v in GUIDS.items() if v == guid][0]
        found.append((name, volume[at + 24:at + n]))
        at = (at + n + 7) // 8 * 8
    return found


def ffs_file(name, content):
    header = bytearray(uuid.UUID(GUIDS[name]).bytes_le + bytes(2) + b"\1\0" +
                       (24 + len(content)).to_bytes(3, "little") + b"\0")
    header[16] = -sum(header) & 0xFF
    header[17], header[23] = 0xAA, 7
    return (bytes(header) + content).ljust((24 + len(content) + 7) // 8 * 8, b"\0")


def enrolled_files_come_in_upstreams_order(tool):
    out = tool.path("v2.fv")
    told = tool.json("enroll", "--policy-issuer-chain", tool.chain, "--policy", tool.signed, "-o",
                     out)
    equal(told["bytes"], 0xA0000)
    equal(files_of(read(out)), [("policy", read(tool.signed)), ("chain", read(tool.chain))])
    out = tool.path("v1.fv")
    tool.run("enroll", "--root-ca", tool.v1 + "/root_ca.der", "--policy", tool.v1 + "/policy.json",
             "-o", out, "--size", "128K")
    equal(files_of(read(out)), [("policy", read(tool.v1 + "/policy.json")),
                                ("root", read(tool.v1 + "/root_ca.der"))])


def enrolling_into_a_volume_keeps_the_other_files(tool):
    old = bytearray(read(tool.path("v2.fv")))
    anchor = ffs_file("anchor", b"hash of a key")
    tail = ffs_file("policy", b"old") + ffs_file("chain", read(tool.chain))
    old[0x78:0x78 + len(anchor) + len(tail) + 24] = anchor + tail + b"\xff" * 24
    old = tool.write("old.fv", bytes(old))
    tool.run("enroll", "--config", old, "--policy", tool.signed, "-o", tool.path("new.fv"))
    equal(files_of(read(tool.path("new.fv"))),
          [("anchor", b"hash of a key"), ("policy", read(tool.signed)),
           ("chain", read(tool.chain))])
    # In place, too; the other kind's file goes, as no Migration TD starts with both.
    root = tool.v1 + "/root_ca.der"
    for option, path, name in (("--root-ca", root, "root"),
                               ("--policy-issuer-chain", tool.chain, "chain")):
        tool.run("enroll", "--config", old, option, path, "-o", old)
        equal([name for name, _ in files_of(read(old))], ["anchor", "policy", name])
    tool.run("enroll", "--policy", tool.signed, "--policy-issuer-chain", tool.chain, "--root-ca", root,
             "-o", tool.path("never"), code=2)
    names(tool, "exclude each other")
    tool.run("enroll", "--config", tool.signed, "--policy", tool.signed, "-o",
             tool.path("never"), code=2)
    names(tool, tool.signed)
    tool.run("enroll", "--policy", tool.signed, "-o", tool.path("never"), code=2)
    tool.run("enroll", "--policy-issuer-chain", tool.chain, "-o", tool.path("never"), code=2)
    names(tool, "--policy is needed")
    tool.run("enroll", "--policy", tool.signed, "--policy-issuer-chain", tool.chain, "--size",
             "4096", "-o", tool.path("never"), code=2)
    equal(os.path.exists(tool.path("never")), False)


def image_with(volume_place):
    """A 16 MiB TDVF image of a boot page and an empty place for the volume."""
    image = bytearray(b"\xee" * 0x1000000)
    at, n = volume_place
    image[at:at + n] = bytes(n)
    page = bytes(range(256)) * 16
    image[0xF00000:0xF01000] = page
    table = [(0xF00000, 0x1000, 0xFFF00000, 0x1000, 0, 1), (at, n, 0xFF000000, n, 1, 0)]
    place = 0xFFF000
    image[place - 16:place] = uuid.UUID("E9EAF9F3-168E-44D5-A8EB-7F4D8738F6AE").bytes_le
    image[place:place + 16] = b"TDVF" + struct.pack("<III", 16 + 32 * len(table), 1, len(table))
    for i, row in enumerate(table):
        struct.pack_into("<IIQQII", image, place + 16 + 32 * i, *row)
    struct.pack_into("<I", image, 0x1000000 - 0x20, place)
    stream = b""
    for i in range(16):
        if i == 0:
            stream += b"MEM.PAGE.ADD".ljust(16, b"\0") + struct.pack("<Q", 0xFFF00000) + bytes(104)
        stream += b"MR.EXTEND".ljust(16, b"\0") + struct.pack("<Q", 0xFFF00000 + 256 * i)
        stream += bytes(104) + page[256 * i:256 * (i + 1)]
    for i in range(n // 4096):
        stream += b"MEM.PAGE.ADD".ljust(16, b"\0") + struct.pack("<Q", 0xFF000000 + 4096 * i)
        stream += bytes(104)
    return bytes(image), sha384(stream)


def own_logs_are_what_a_migration_td_sends(tool):
    log = tool.path("own.log")
    for policy, option, signer, boot in (
            (tool.signed, "--policy-issuer-chain", tool.chain, boot_v2),
            (tool.v1 + "/policy.json", "--root-ca", tool.v1 + "/root_ca.der", boot_v1)):
        wanted = event_log(boot(read(policy), read(signer)))
        tool.run("eventlog", "generate", "--policy", policy, option, signer, "-o", log)
        equal(read(log) == wanted, True, f"log with {option}")
        volume = tool.path("log.fv")
        tool.run("enroll", "--policy", policy, option, signer, "-o", volume)
        tool.run("eventlog", "generate", "--config", volume, "-o", log)
        equal(read(log) == wanted, True, "log of a volume")
        tool.run("eventlog", "generate", "--config", volume, option, signer, "-o", log, code=2)
        tool.run("eventlog", "generate", "--policy", policy, "-o", log, code=2)
    tool.run("eventlog", "generate", "--config", tool.signed, "-o", tool.path("never"), code=2)
    names(tool, tool.signed)
    equal(os.path.exists(tool.path("never")), False)


def manifest(tool):
    return tool.write("manifest.json", json.dumps({
        "attributes": "00" * 8, "xfam": "e71a060000000000", "mrconfigid": "00" * 48,
        "mrowner": "00" * 48, "mrownerconfig": "00" * 48}))


def hashes_of_an_image_are_those_of_its_parts(tool):
    image, mrtd = image_with((0, 0xA0000))
    plain, enrolled = tool.write("plain.bin", image), tool.path("enrolled.bin")
    tool.run("enroll", "--image", plain, "--policy", tool.signed, "--policy-issuer-chain",
             tool.chain, "-o", enrolled)
    result = read(enrolled)
    equal(result[0xA0000:], image[0xA0000:])
    equal(files_of(result[:0xA0000])[0][0], "policy")
    info = tdinfo(mrtd, registers(boot_v2(read(tool.signed), read(tool.chain))))
    base = ["hash", "-m", manifest(tool), "--policy-v2"]
    equal(tool.run(*base, "-i", enrolled), sha384(info).hex() + "\n")
    attr = 1 << 40
    masked = info[:304] + bytes(48) + info[352:]
    servtd = sha384(sha384(masked) + struct.pack("<HQ", 0, attr)).hex()
    equal(tool.json(*base, "-i", enrolled, "-c", "-s", str(attr)), {"servtdHash": servtd})
    tool.run(*base, "-i", enrolled, "-o", tool.path("hash.bin"), "--output-td-info",
             tool.path("info.json"))
    equal(read(tool.path("hash.bin")), sha384(info))
    told = json.loads(read(tool.path("info.json")))
    equal(told["mrtd"], mrtd.hex())
    equal(told["rtmr1"], registers(boot_v2(read(tool.signed), read(tool.chain)))[1].hex())
    # The same from a volume and a known MRTD.
    equal(tool.run(*base, "--mrtd", mrtd.hex(), "--config", tool.path("v2.fv")),
          sha384(info).hex() + "\n")
    tool.run(*base, "-i", plain, code=2)
    names(tool, plain)


def hashes_of_a_v1_td(tool):
    files = [read(tool.v1 + "/policy.json"), read(tool.v1 + "/root_ca.der")]
    info = tdinfo(MRTD, registers(boot_v1(*files)))
    base = ["hash", "-m", manifest(tool), "--mrtd", MRTD.hex()]
    equal(tool.json(*base, "--config", tool.path("v1.fv")),
          {"servtdInfoHash": sha384(info).hex()})
    disabled = sha384(bytes(48) + sha384(b"test_disable_ra_and_accept_all"))
    info = tdinfo(MRTD, registers(boot_v1(*files))[:2] + [disabled, bytes(48)])
    equal(tool.run(*base, "-t"), sha384(info).hex() + "\n")


def mapping_is_updated_as_the_documented_build_does(tool):
    mapping = {"version": 1, "svnMappings": [{"isvsvn": 1, "tdMeasurements": {
        "rtmr1": "", "mrtd": "", "rtmr0": ""}}], "id": "x"}
    path = tool.write("mapping.json", json.dumps(mapping))
    tool.run("hash", "-m", manifest(tool), "--mrtd", MRTD.hex(), "--policy-v2", "--config",
             tool.path("v2.fv"), "--update-tcb-mapping", path)
    rtmrs = registers(boot_v2(read(tool.signed), read(tool.chain)))
    mapping["svnMappings"][0]["tdMeasurements"] = {
        "mrtd": MRTD.hex().upper(), "rtmr0": rtmrs[0].hex().upper(),
        "rtmr1": rtmrs[1].hex().upper()}
    equal(read(path).decode(), json.dumps(mapping, separators=(",", ":"), sort_keys=True))


def manifests_with_a_fault_are_named_with_the_field(tool):
    good = json.loads(read(manifest(tool)))
    for field in good:
        for wrong in (None, "00", "zz" * (len(good[field]) // 2), 5):
            bad = dict(good, **{field: wrong})
            if wrong is None:
                del bad[field]
            path = tool.write("bad-manifest.json", json.dumps(bad))
            tool.run("hash", "-m", path, "--mrtd", MRTD.hex(), "-t", code=2)
            names(tool, path)
            names(tool, field)


# --- published values ------------------------------------------------------------------------


def published_parts_come_out_of_their_parts(tool):
    out = tool.path("published.json")
    chain = tool.vector(TEMPLATES + "policy_issuer_chain.pem")
    tool.run("servtd-collateral", "--identity", tool.vector(TEMPLATES + "td_identity_signed.json"),
             "--identity-chain", chain, "--mapping",
             tool.vector(TEMPLATES + "tcb_mapping_signed.json"), "--mapping-chain", chain, "-o",
             out)
    wanted = json.loads(read(tool.vector(TEMPLATES + "servtd_collateral.json")))
    found = json.loads(read(out))
    for name in ("servtdIdentity", "servtdTcbMapping"):
        equal(found[name], wanted[name], name)


def published_hashes_come_out(tool):
    policy = tool.vector(TEMPLATES + "policy_v2_signed.json")
    chain = tool.vector(TEMPLATES + "policy_issuer_chain.pem")
    mrowner = tool.json("policy", "verify", "-p", policy, "-c", chain)["mrowner"]
    equal(mrowner, "bcdc571fdc9720a5660f42e0030a56cfdf4c336879851a6d9d5c7ce276b33ca74415d0f25fa0d47"
          "8af4d34306f343110")
    config = tool.path("template.fv")
    tool.run("enroll", "--policy", policy, "--policy-issuer-chain", chain, "-o", config)
    launch = tool.write("launch.json", json.dumps({
        "attributes": "00" * 8, "xfam": "e71a060000000000", "mrconfigid": "00" * 48,
        "mrowner": mrowner, "mrownerconfig": "01" + "00" * 47}))
    base = ["hash", "-m", launch, "--mrtd", "00" * 48, "--policy-v2", "--config", config]
    equal(tool.run(*base), "ed84d5bd7068d27aa987678e2f954453d965414aca6562b73746b7d6cc52f62f63d712e"
          "7c67d8e9abd6461e2d6e0d7f1\n")
    equal(tool.run(*base, "-c"), "effbab1d3da93519dc15364f094f133e7fc2d65dad1dcfe64cddc86d1f492f681"
          "ca2aab3769c5896ce353d6d1f7717b4\n")
    root = tool.vector("attestation/bundles/Intel_SGX_Provisioning_Certification_RootCA.cer")
    v1 = tool.vector("policy/config/policy_production_fmspc.json")
    tool.run("hash", "-m", launch, "--mrtd", "00" * 48, "--policy", v1, "--root-ca", root,
             "--output-td-info", tool.path("v1-info.json"))
    equal(json.loads(read(tool.path("v1-info.json")))["rtmr2"],
          "00738709463174735612b421f112c600a153ad659d54c1ffdfe58967904996a1ef1ed7d130acbee7ea861b70c"
          "15454f3")


def published_v1_policies_have_the_published_form(tool):
    """Which ones parse: policy spec 1.8."""
    bad = {"policy_005.json", "policy_009.json", "policy_invalid_guid.json"}
    folder = os.path.dirname(tool.vector("policy/src/policy/test/policy.json"))
    found = [name for name in sorted(os.listdir(folder)) if name.endswith(".json")]
    equal(bad < set(found), True)
    for name in found:
        path = os.path.join(folder, name)
        if name == "policy_005.json":  # not even JSON
            tool.run("policy", "verify", "-p", path, code=2)
            continue
        verdict = tool.json("policy", "verify", "-p", path, code=1 if name in bad else 0)
        equal(verdict, {"accepted": name not in bad}, name)


CASES = [signatures_verify_with_openssl, signatures_of_openssl_verify,
         wrong_keys_and_signatures_reject_wrong_files_are_named,
         unwritable_outputs_are_named_and_nothing_is_left, only_canonical_text_is_signed,
         servtd_collateral_holds_its_parts_verbatim, policy_data_is_composed_in_order,
         generated_v1_policies_say_what_the_collateral_says,
         collateral_is_built_from_stored_answers, show_tells_what_a_policy_means,
         diff_ignores_the_form_and_tells_the_meaning, documents_that_are_no_policies_are_named,
         enrolled_files_come_in_upstreams_order, enrolling_into_a_volume_keeps_the_other_files,
         own_logs_are_what_a_migration_td_sends,
         hashes_of_an_image_are_those_of_its_parts, hashes_of_a_v1_td,
         mapping_is_updated_as_the_documented_build_does,
         manifests_with_a_fault_are_named_with_the_field]
WITH_VECTORS = [every_property_of_a_v1_policy_is_shown, published_parts_come_out_of_their_parts,
                published_hashes_come_out, published_v1_policies_have_the_published_form]


def main():
    tap = Tap()
    if shutil.which("openssl") is None:
        print("1..0 # SKIP the openssl program is not there")
        return
    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(*sys.argv[1:3], folder)
        setup(tool)
        for case in CASES:
            tap.case(case.__name__.replace("_", " "), lambda: case(tool))
        for case in WITH_VECTORS:
            if tool.vector(TEMPLATES + "policy_v2_signed.json"):
                tap.case(case.__name__.replace("_", " "), lambda: case(tool))
            else:
                tap.skip(case.__name__.replace("_", " "), "the shared vectors are not there")
    tap.finish()


main()

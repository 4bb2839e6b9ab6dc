# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Policies v2 that differ: two platforms whose rules accept each other or not, keys that were
rotated, versions that went down.  Every policy here is made with migtd-tool alone, as an operator
makes one; certificates of issuers are made with openssl."""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

from lab import Lab
from tap import Tap, equal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from toolkit import boot_v2, event_log

OK, NETWORK, POLICY = 0, 5, 8
# A destination's verdict is told to the source, a source's only ends the connection.
ACCEPTED, BY_SOURCE, BY_DESTINATION = (OK, OK), (POLICY, NETWORK), (POLICY, POLICY)
# Both are asked for something that each of them refuses before it connects.
BY_BOTH = (POLICY, POLICY)

# The effective date of a platform is the older one of its TCB level and of the QE's.
DESCRIPTION = {
    "platforms": 4,
    "qe_levels": [{"isvsvn": 8, "date": "2025-06-11T00:00:00Z"}],
    "hosts": [
        {"name": "a", "levels": [
            {"sgx": [4], "tdx": [4], "pcesvn": 11, "date": "2025-03-12T00:00:00Z"}]},
        {"name": "b", "levels": [
            {"sgx": [4], "tdx": [4], "pcesvn": 11, "date": "2023-08-09T00:00:00Z",
             "status": "OutOfDate"}]},
    ],
}
DATE_A, DATE_B = "2025-03-12T00:00:00Z", "2023-08-09T00:00:00Z"
CHAINS = ("policy", "identity", "mapping")
SIZE_PUBLIC = 172021


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def read(path):
    with open(path) as file:
        return file.read()


def rule(group, name, operation, reference):
    """One block with one property."""
    content = {name: {"operation": operation, "reference": reference}}
    if group == "migtdIdentity":
        return {"servtd": {"migtdIdentity": content}}
    return {"global": {group: content}}


class Maker:
    """Policies from the parts of a generated one, edited and signed anew."""

    def __init__(self, lab):
        self.lab = lab
        self.count = 0

    def path(self, name):
        return f"{self.lab.dir}/{name}"

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def sign(self, pki, chain, member, value, name):
        value = self.write(name + ".value", compact(value))
        self.lab.run_tool("json-sign", "--sign", "--name", member, "--private-key",
                          f"{pki}/{chain}/leaf.key", "--input", value, "--output",
                          self.path(name))
        return self.path(name)

    def make(self, name, base=None, mapping=None, identity=None, svn=1, pki=None, images=()):
        """base(policyData), mapping(svnMappings) and identity(tcbLevels) edit what is generated
        for these images; the folder of the signed policy."""
        pki = pki or self.lab.pki
        images = [word for image in images or [self.lab.image] for word in ("--image", image)]
        folder = self.path(name)
        self.lab.run_tool("policy", "generate", "--pki", pki, *images, "--out", folder, "--size",
                          "0", "--svn", str(svn))
        data = json.loads(read(f"{folder}/policy_data.json"))
        servtd = data["servtdCollateral"]
        parts = {}
        for chain, part, member, items, edit in (
                ("mapping", "servtdTcbMapping", "tdTcbMapping", "svnMappings", mapping),
                ("identity", "servtdIdentity", "tdIdentity", "tcbLevels", identity)):
            value = servtd[part][member]
            if edit:
                edit(value[items])
            parts[chain] = self.sign(pki, chain, member, value, f"{name}.{chain}")
        self.lab.run_tool("servtd-collateral", "--identity", parts["identity"],
                          "--identity-chain", f"{pki}/identity/chain.pem", "--mapping",
                          parts["mapping"], "--mapping-chain", f"{pki}/mapping/chain.pem", "-o",
                          self.path(name + ".servtd"))
        del data["servtdCollateral"], data["collaterals"]
        if base:
            base(data)
        self.lab.run_tool("policy", "generate", "v2", "--policy-data",
                          self.write(name + ".base", compact(data)), "--collaterals",
                          f"{pki}/collateral.json", "--servtd-collateral",
                          self.path(name + ".servtd"), "-o", self.path(name + ".data"))
        self.lab.run_tool("json-sign", "--sign", "--name", "policyData", "--private-key",
                          f"{pki}/policy/leaf.key", "--input", self.path(name + ".data"),
                          "--output", f"{folder}/policy.json")
        self.lab.run_tool("policy", "verify", "-p", f"{folder}/policy.json", "-c",
                          f"{folder}/policy_issuer_chain.pem")
        return folder


def sha384(*parts):
    return hashlib.sha384(b"".join(parts)).digest()


def rtmr1_of(chain):
    """What a Migration TD with this policy issuer chain has in RTMR1."""
    separator = sha384(bytes(48), sha384(bytes(4)))
    return sha384(separator, sha384(read(chain).encode())).hex().upper()


class Issuers:
    """Roots, intermediate CAs and leaves of policy issuers, as an operator's own CA makes them."""

    def __init__(self, folder):
        self.folder = folder
        self.serial = 0
        os.mkdir(folder)

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    def certificate(self, name, subject, issuer=None):
        """Key and certificate NAME; a CA signs itself, a leaf or CA below `issuer` does not."""
        self.serial += 1
        path, ca = f"{self.folder}/{name}", "leaf" not in name
        extension = f"{path}.ext"
        with open(extension, "w") as file:
            file.write("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n" if ca
                       else "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n")
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out",
                     f"{path}.key")
        self.openssl("req", "-new", "-key", f"{path}.key", "-subj", f"/O=Operator/CN={subject}",
                     "-out", f"{path}.csr")
        signer = ["-signkey", f"{path}.key"] if issuer is None else [
            "-CA", f"{self.folder}/{issuer}.pem", "-CAkey", f"{self.folder}/{issuer}.key"]
        self.openssl("x509", "-req", "-in", f"{path}.csr", *signer, "-sha384", "-days", "30",
                     "-set_serial", str(self.serial), "-extfile", extension, "-out", f"{path}.pem")
        return name

    def chain(self, pki, purpose, leaf, *above):
        """Puts key and chain where `policy generate --pki` and signing find them."""
        shutil.copy(f"{self.folder}/{leaf}.key", f"{pki}/{purpose}/leaf.key")
        with open(f"{pki}/{purpose}/chain.pem", "w") as file:
            for name in (leaf, *above):
                file.write(read(f"{self.folder}/{name}.pem"))


class Cases:
    def __init__(self, lab, tap):
        self.lab = lab
        self.tap = tap
        self.maker = Maker(lab)
        self.cids = 100

    def migtd(self, platform, policy):
        self.cids += 1
        return self.lab.migtd(f"migtd-{self.cids}", platform, policy, "--cid", str(self.cids))

    def source(self, policy):
        return self.migtd(self.lab.a, policy)

    def destination(self, policy):
        return self.migtd(self.lab.b, policy)

    def expect(self, name, src, dst, wanted, tells=None, td=None):
        """One session.  `tells`: words that whoever refuses writes to its console, in this
        order; nobody else writes that its own policy refuses the peer."""
        def run():
            both = (src, dst)
            base = [migtd.memory_live() for migtd in both]
            before = [len(migtd.text()) for migtd in both]
            session = self.lab.begin(src=src, dst=dst, td=td)
            status = self.lab.end(session)
            logs = [migtd.text()[n:] for migtd, n in zip(both, before)]
            if status != wanted:
                raise AssertionError(f"status {status}, wanted {wanted}\n{logs[0]}\n{logs[1]}")
            if wanted == ACCEPTED:
                assert self.lab.msk_match(session), "the keys do not match"
            else:
                equal(self.lab.keys_written(session), (0, 0), "MIG_DEC_KEY writes")
                refusing = 0 if wanted == BY_SOURCE else 1
                if tells:
                    found = " ".join(logs[refusing].split("\n"))
                    assert re.search(".*".join(map(re.escape, tells)), found), \
                        f"not {tells} in {logs[refusing]}"
                equal("own policy refuses" in logs[1 - refusing], False, "the other side refuses")
            equal([migtd.memory_live() for migtd in both], base, "memory after the session")
        self.tap.case(name, run)

    # ---------------------------------------------------------------- two platforms, two policies

    def different(self):
        """Other blocks, levels, SVNs of documents and sizes, and yet nothing that excludes."""
        def mine(data):
            data["id"] = "ONE"
            data["policy"] = [rule("tcb", "tcbDate", "greater-or-equal", "2023"),
                              rule("platform", "fmspc", "allow-list", ["10806F000000",
                                                                      "00806F000000"])]
            data["forwardPolicy"] = [rule("migtdIdentity", "isvsvn", "in-range", "1..9")]
            del data["backwardPolicy"]

        def theirs(data):
            data["id"] = "OTHER"
            data["remark"] = "x" * 20000
            data["policy"] = None
            data["forwardPolicy"] = []
            data["backwardPolicy"] = [rule("crl", "pckCrlNum", "equal", 1),
                                      rule("migtdIdentity", "tcbDate", "greater-or-equal", "2024")]
        one = self.maker.make("one", mine)
        other = self.maker.make("other", theirs, identity=lambda levels: levels.append(
            {"tcb": {"isvsvn": 0}, "tcbDate": "2020-01-01T00:00:00Z", "tcbStatus": "Revoked"}))
        for src, dst in ((one, other), (other, one)):
            name = f"{os.path.basename(src)} and {os.path.basename(dst)}"
            a, b = self.source(src), self.destination(dst)
            self.expect(f"policies {name} differ and accept each other", a, b, ACCEPTED)
            self.lab.stop(a, b)

    # ------------------------------------------------------- forward and backward, other TCB levels

    def offline(self, policy, own, peer):
        """The rule that `policy check` names for what this Migration TD says of that one."""
        def side(migtd):
            listed, = (m for m in migtd.platform.client.ask(do="migtds")["migtds"]
                       if m["pid"] == migtd.process.pid)
            name = self.maker.path(migtd.name)
            with open(name + ".tdinfo", "wb") as file:
                file.write(bytes.fromhex(listed["tdinfo"]))
            self.lab.run_tool("pki", "quote", "--pki", self.lab.pki, "--host",
                              migtd.platform.name, "--tdinfo", name + ".tdinfo", "--out",
                              name + ".quote")
            return name + ".quote"
        text, chain = (read(f"{policy}/{name}").encode()
                       for name in ("policy.json", "policy_issuer_chain.pem"))
        log = self.maker.path("offline.log")
        with open(log, "wb") as file:
            file.write(event_log(boot_v2(text, chain)))
        done = subprocess.run(
            [self.lab.tool, "policy", "check", "--json", "--policy", f"{policy}/policy.json",
             "--policy-issuer-chain", f"{policy}/policy_issuer_chain.pem", "--own-quote",
             side(own), "--peer-quote", side(peer), "--peer-eventlog", log, "--role",
             "source" if own.platform is self.lab.a else "destination"],
            capture_output=True, text=True)
        equal(done.returncode, 1, done.stderr)
        verdict = json.loads(done.stdout)
        equal((verdict["failed"], verdict["migration_result"]), ("rules", POLICY))
        return verdict["rule"]

    def direction(self, name, rules, wanted, reason=None):
        """A policy of both sides with one rule for either direction.  The reason of a refusal is
        told on the console and, offline, in JSON."""
        def edit(data):
            data["policy"] = []
            data["forwardPolicy"], data["backwardPolicy"] = ([r] if r else [] for r in rules)
        self.cids += 1
        policy = self.maker.make(f"direction-{self.cids}", edit)
        src, dst = self.source(policy), self.destination(policy)
        tells = None
        if reason:
            block, property, operation, expected, actual = reason
            tells = (f"own policy refuses the peer: {block}[0] {property} is {actual} ",
                     f"own policy demands {operation} {expected} ",
                     "failed in attest, result 8: ERR_POLICY_", f"{block}[0] {property}: ")
        self.expect(name, src, dst, wanted, tells)
        if reason:
            own, peer = (src, dst) if wanted == BY_SOURCE else (dst, src)
            self.tap.case(f"policy check tells why {name}", lambda: equal(
                self.offline(policy, own, peer),
                {"block": block, "index": 0, "property": property, "operation": operation,
                 "expected": expected, "actual": actual}))
        self.lab.stop(src, dst)

    def directions(self):
        """The source's platform is newer than the destination's."""
        def date(reference, operation="greater-or-equal"):
            return rule("tcb", "tcbDate", operation, reference)
        fmspc = rule("platform", "fmspc", "deny-list", ["00806F000000"])
        number = rule("tcb", "tcbEvaluationDataNumber", "subset", 5)
        least, between = "greater-or-equal", "2024-01-01T00:00:00Z"
        self.direction("a source accepts a destination of an older TCB level that it allows",
                       (date(DATE_B), None), ACCEPTED)
        self.direction("a source refuses a destination of an older TCB level that it forbids",
                       (date(between), None), BY_SOURCE,
                       ("forwardPolicy", "tcbDate", least, between, DATE_B))
        self.direction("a source that allows no TCB level below its own refuses the destination",
                       (date("self"), None), BY_SOURCE,
                       ("forwardPolicy", "tcbDate", least, "self = " + DATE_A, DATE_B))
        self.direction("a destination accepts a source of a newer TCB level",
                       (None, date("self")), ACCEPTED)
        self.direction("a destination that allows its own TCB level only refuses the source",
                       (None, date("init", "equal")), BY_DESTINATION,
                       ("backwardPolicy", "tcbDate", "equal", "init = " + DATE_B, DATE_A))
        self.direction("rules for both directions, each of which holds, accept",
                       (date(DATE_B), date(DATE_A)), ACCEPTED)
        self.direction("a destination refuses a source by its platform", (None, fmspc),
                       BY_DESTINATION, ("backwardPolicy", "fmspc", "deny-list", "[00806F000000]",
                                        "00806F000000"))
        self.direction("a source refuses by an operation that does not suit", (number, None),
                       BY_SOURCE, ("forwardPolicy", "tcbEvaluationDataNumber", "subset", "5", "5"))

    # ------------------------------------------------------------------------------- key rotation

    def rotation(self):
        """A new policy key is another chain and so another RTMR1: whoever is to accept a source
        with it needs that in its mapping, too.  New identity and mapping keys change nothing."""
        issuers = Issuers(f"{self.lab.dir}/issuers")
        root = issuers.certificate("root", "Root")
        ca = issuers.certificate("ca", "Intermediate", root)
        new_ca = issuers.certificate("new-ca", "Intermediate 2", root)
        other_root = issuers.certificate("other-root", "Root")
        leaf = {purpose: issuers.certificate(f"leaf-{purpose}", f"MigTD {purpose}", ca)
                for purpose in CHAINS}

        def pki(name, rotated, subject="MigTD {}", above=(ca, root)):
            """The first chains, but for some: a new key under this subject and these issuers."""
            folder = f"{self.lab.dir}/pki-{name}"
            shutil.copytree(self.lab.pki, folder)
            for purpose in CHAINS:
                if purpose in rotated:
                    new = issuers.certificate(f"{name}-leaf-{purpose}", subject.format(purpose),
                                              above[0])
                    issuers.chain(folder, purpose, new, *above)
                else:
                    issuers.chain(folder, purpose, leaf[purpose], ca, root)
            return folder
        first = pki("old", ())
        good = {"a new policy key": pki("key-policy", ("policy",)),
                "a new identity key": pki("key-identity", ("identity",)),
                "a new mapping key": pki("key-mapping", ("mapping",)),
                "three new keys": pki("keys", CHAINS),
                "three new keys of a new CA": pki("keys-of-ca", CHAINS, above=(new_ca, root)),
                "three new keys right under the root": pki("direct", CHAINS, above=(root,))}
        bad = {}
        for purpose in CHAINS:
            bad[f"another subject of the {purpose} leaf"] = pki(
                f"subject-{purpose}", (purpose,), "Other {}")
            bad[f"another root of that name above the {purpose} leaf"] = pki(
                f"root-{purpose}", (purpose,), above=(other_root,))

        def knowing(*folders):
            """Edits a mapping that knows a chain: it knows these policy chains as well."""
            def edit(mappings):
                for folder in folders:
                    rtmr1 = rtmr1_of(f"{folder}/policy/chain.pem")
                    if all(m["tdMeasurements"]["rtmr1"] != rtmr1 for m in mappings):
                        mappings.append({"isvsvn": 1, "tdMeasurements": dict(
                            mappings[0]["tdMeasurements"], rtmr1=rtmr1)})
            return edit
        old = self.maker.make("old", pki=first, mapping=knowing(*good.values(), *bad.values()))
        src, dst = self.source(old), self.destination(old)
        self.expect("chains of the own issuers are accepted", src, dst, ACCEPTED)

        def met(folder, what, wanted, tells=None):
            policy = self.maker.make(f"met-{os.path.basename(folder)}", pki=folder,
                                     mapping=knowing(first))
            new = self.destination(policy), self.source(policy)
            result = "accepted" if wanted == ACCEPTED else "refused"
            self.expect(f"{what} in the destination: {result}", src, new[0], wanted, tells)
            self.expect(f"{what} in the source: {result}", new[1], dst, wanted, tells)
            self.lab.stop(*new)
        for what, folder in good.items():
            met(folder, what, ACCEPTED)
        for what, folder in bad.items():
            met(folder, what, BY_DESTINATION, ("ERR_POLICY_CHAIN",))
        unplanned = self.source(self.maker.make("unplanned", pki=pki("unplanned", ("policy",))))
        self.expect("a source with a new policy key that no mapping knows: refused", unplanned, dst,
                    BY_DESTINATION, ("own policy refuses the peer: initial[0] peer's isvsvn is "
                                     "(unknown)", "svnMappings", "ERR_POLICY_SVN"))
        self.lab.stop(src, dst, unplanned)

    # ---------------------------------------------------------------------------------- downgrade

    def no_way_down(self, what, sources, destinations, actual, demand):
        """Versions 1 and 2 on either side: a source goes to its own or a newer one, and says why not."""
        for i, src in enumerate(sources):
            for j, dst in enumerate(destinations):
                down = j < i
                self.expect(f"{what} {i + 1} to {j + 1} is {'refused' if down else 'accepted'}",
                            src, dst, BY_SOURCE if down else ACCEPTED,
                            (f"own policy refuses the peer: {actual}",
                             f"own policy demands {demand}") if down else None)

    def policy_svns(self):
        """policySvn 1 and 2 on either side; the source's is the one that may not go down."""
        policies = [self.maker.make(f"svn-{svn}", svn=svn) for svn in (1, 2)]
        sources = [self.source(policy) for policy in policies]
        destinations = [self.destination(policy) for policy in policies]
        self.no_way_down("policySvn", sources, destinations, "mandatory[0] policySvn is 1",
                         "greater-or-equal 2")
        self.lab.stop(*sources, *destinations)

    def newer_image(self):
        """The same program but for one letter of its help text: another MRTD."""
        with open(self.lab.image, "rb") as file:
            image = file.read()
        changed = image.replace(b"usage: migtd --platform", b"Usage: migtd --platform")
        assert changed != image, "nothing to change in the image"
        path = self.maker.path("migtd-newer")
        with open(path, "wb") as file:
            file.write(changed)
        os.chmod(path, 0o755)
        return path

    def versions(self):
        """isvsvn 1 and 2 by their images; the source demands that it does not go down."""
        images = (self.lab.image, self.newer_image())

        def base(data):
            data["forwardPolicy"] = [rule("migtdIdentity", "isvsvn", "greater-or-equal", "self")]
            data["backwardPolicy"] = [rule("migtdIdentity", "isvsvn", "greater-or-equal", 1)]

        def mapping(mappings):
            for i, entry in enumerate(mappings):
                entry["isvsvn"] = i + 1
        policy = self.maker.make("versions", base, mapping, images=images)
        sources, destinations = [], []
        for self.lab.image in images:
            sources.append(self.source(policy))
            destinations.append(self.destination(policy))
        self.lab.image = images[0]
        self.no_way_down("MigTD isvsvn", sources, destinations, "forwardPolicy[0] isvsvn is 1",
                         "greater-or-equal self = 2")
        self.initial(sources, destinations)
        self.lab.stop(*sources, *destinations)

    def initial(self, sources, destinations):
        """The MigTD that the user TD was first bound to: not newer than the source's."""
        infos = []
        for migtd in sources:
            listed = next(m for m in migtd.platform.client.ask(do="migtds")["migtds"]
                          if m["pid"] == migtd.process.pid)
            infos.append(bytes.fromhex(listed["tdinfo"]))

        def bound(info, at=0, value=b""):
            return {"init_tdinfo": (info[:at] + value + info[at + len(value):]).hex()}
        dst = destinations[1]
        told = "own policy refuses the peer: initial[0] "
        for i in range(2):
            for j in range(2):
                newer = j > i
                self.expect(f"an initial MigTD with isvsvn {j + 1} and a source with {i + 1}: "
                            f"{'refused' if newer else 'accepted'}", sources[i], dst,
                            BY_DESTINATION if newer else ACCEPTED,
                            (told + "isvsvn is 2", "own policy demands at most the peer's, 1")
                            if newer else None, bound(infos[j]))
        for what, at, value, wanted, tells in (
                ("an initial policySvn below the source's", 160, b"\0", ACCEPTED, None),
                ("an initial policySvn above the own one", 160, b"\2", BY_BOTH,
                 ("ERR_POLICY_SVN",)),
                ("an initial MigTD of another signer", 112, b"\xff\xff", BY_BOTH,
                 ("ERR_POLICY_OWNER",)),
                ("an initial MROWNERCONFIG that is more than an SVN", 207, b"\1", BY_BOTH,
                 ("ERR_POLICY_OWNER",)),
                ("an initial MigTD of no known measurement", 16, b"\xff\xff", BY_DESTINATION,
                 (told + "isvsvn is (unknown)",))):
            self.expect(f"{what} is {'accepted' if wanted == ACCEPTED else 'refused'}", sources[1],
                        dst, wanted, tells, bound(infos[1], at, value))

    # ------------------------------------------------------------------------------------- memory

    def sizes(self):
        """The public policy's size and twice that, own and peer's."""
        def run():
            counts = []
            for i in (1, 2):
                folder = f"{self.lab.dir}/size-{i}"
                policies = []
                for salt in ("src", "dst"):
                    policies.append(f"{folder}-{salt}")
                    self.lab.run_tool("policy", "generate", "--pki", self.lab.pki, "--image",
                                      self.lab.image, "--out", policies[-1], "--size",
                                      str(i * SIZE_PUBLIC), "--salt", salt)
                self.lab.start(*policies)
                for migtd in (self.lab.src, self.lab.dst):
                    migtd.ask("hold key-exchange")
                session = self.lab.begin()
                found = []
                for migtd in (self.lab.src, self.lab.dst):
                    migtd.wait_for(held=1)
                    found.append(self.counts(migtd))
                    migtd.ask("release")
                equal(self.lab.end(session), ACCEPTED, "status")
                found += [self.counts(migtd) for migtd in (self.lab.src, self.lab.dst)]
                counts.append(found)
                self.lab.stop()
            equal(counts[1], counts[0], "counters with policies of twice the size")
        self.tap.case("sessions under policies of twice the size take the same stack and heap", run)
        self.lab.stop_all()

    @staticmethod
    def counts(migtd):
        c = migtd.counters()
        return {name: c[name] for name in ("stack_peak", "heap_used", "heap_extent_peak",
                                           "heap_requested_peak", "bignum_peak", "by_tag")}


def main():
    tap = Tap()
    with Lab(sys.argv[1], description=DESCRIPTION) as lab:
        cases = Cases(lab, tap)
        cases.different()
        cases.directions()
        if shutil.which("openssl"):
            cases.rotation()
        else:
            tap.skip("key rotation", "openssl is not there")
        cases.policy_svns()
        cases.versions()
        cases.sizes()
    tap.finish()


if __name__ == "__main__":
    main()

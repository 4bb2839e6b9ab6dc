# SPDX-License-Identifier: BSD-2-Clause-Patent
"""memory_test.py MIGMEM SOURCE-ROOT: the committed figures are the measured ones.

MEMORY.md and ports/sizing.h follow from tests/memory/baseline.json alone, so they are compared
byte for byte; the baseline is compared with small sweeps made now.  What compilers lay out, stack
and static data, may move by COMPILERS bytes before somebody has to say so (`make memory`).
"""
import difflib
import html.parser
import json
import os
import shutil
import subprocess
import sys
import tempfile

from tap import Tap, equal

COMPILERS = "512"
VOID = {"meta", "br", "hr", "img", "link", "input"}


class Lab:
    def __init__(self, migmem, root):
        self.migmem, self.root = migmem, root
        self.folder = tempfile.mkdtemp(prefix="memory-test-")

    def path(self, name):
        return os.path.join(self.folder, name)

    def source(self, name):
        return os.path.join(self.root, name)

    def run(self, *arguments, code=0):
        done = subprocess.run([self.migmem, *arguments], capture_output=True, text=True)
        equal(done.returncode, code,
              f"migmem {' '.join(arguments)}\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}")
        return done.stdout + done.stderr

    def sweep(self, name, *arguments):
        self.run("sweep", "--target", "inproc", "--hold", "all", "--rounds", "2", "--brief", "--json", self.path(name),
                 *arguments)
        return self.path(name)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def same_file(lab, command, committed):
    made = lab.path("made")
    lab.run(command, lab.source("tests/memory/baseline.json"), "-o", made)
    diff = list(difflib.unified_diff(read(lab.source(committed)).splitlines(),
                                     read(made).splitlines(), committed, "from the baseline",
                                     lineterm="", n=1))
    if diff:
        raise AssertionError(f"{committed} is not what the baseline gives; run 'make memory'\n"
                             + "\n".join(diff))


def as_committed(lab, name, *arguments):
    new = lab.sweep(name, *arguments)
    baseline = lab.source("tests/memory/baseline.json")
    done = subprocess.run([lab.migmem, "compare", "--exact", "--compilers", COMPILERS, baseline,
                           new], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError("measured now and committed differ; if on purpose, run 'make memory' "
                             "and commit what it writes\n" + done.stdout + done.stderr)


def sweeps(lab, **config):
    """Those of the baseline with these members in their config."""
    baseline = json.loads(read(lab.source("tests/memory/baseline.json")))
    return [s for s in baseline["sweeps"]
            if all(s["config"].get(k, "apart") == v for k, v in config.items())]


def both_need_no_more(lab):
    """For the same n, no figure lies above what the roles apart need."""
    both, = sweeps(lab, roles="both", init_tdinfo=False)
    apart, = sweeps(lab, roles="apart", init_tdinfo=False, **{k: both["config"][k] for k in (
        "policy", "policies", "transport")})
    for quantity, line in apart["equations"].items():
        line = line["envelope"]
        for run in both["runs"]:
            peak = max(role[quantity + "_peak"] for role in run["roles"].values())
            n = run["config"]["sessions"]
            equal(peak <= line["fixed"] + line["per_session"] * n, True,
                  f"{quantity} of {n} sessions: {peak} beside {line}")


def sizes_change_nothing(lab):
    """Neither in the baseline, up to the limits, nor now."""
    told = json.loads(read(lab.sweep("sizes.json", "--sessions", "1,2", "--policy", "v1",
                                     "--policy-sizes", "48893,58000",
                                     "--quote-sizes", "5006,8140")))
    main, = sweeps(lab, policy="v2", policies="distinct", roles="apart", transport="vsock",
                   init_tdinfo=False)
    v1, = sweeps(lab, policy="v1", roles="apart", transport="vsock")
    for name, field, runs, most in (
            ("policies", "policy_bytes", main["policy_sizes"], 400000),
            ("quotes", "quote_bytes", main["quote_sizes"], 8140),
            ("logs", "event_log_bytes", v1["policy_sizes"], 58000),
            ("logs now", "event_log_bytes", told["policy_sizes"], 58000),
            ("quotes now", "quote_bytes", told["quote_sizes"], 8140)):
        equal(max(r[field] for r in runs) >= most, True, name)
        equal(len({r[field] for r in runs}), len(runs), f"sizes of {name}")
        equal(len({(r["stack_peak"], r["heap_peak"], r["shared_peak"]) for r in runs}), 1,
              f"peaks of {name}: {runs}")


def every_limit_has_a_figure(lab):
    table = read(lab.source("MEMORY.md")).split("## Fixed limits")[1].split("##")[0]
    rows = [l.split("|") for l in table.splitlines() if l.startswith("| ") and "Limit" not in l]
    equal(len(rows) > 10, True, "rows")
    for row in rows:
        equal(row[3].strip().replace(",", "").isdigit(), True, row)
        equal("not known" in row[4], False, row)


def one_number(lab):
    for transport in ("vsock", "vmcall-raw"):
        told = json.loads(lab.run("fits-in", "32M", "--transport", transport, "--json"))
        row = [l for l in read(lab.source("MEMORY.md")).splitlines()
               if l.startswith(f"| Sessions at once in a TD of 32 MiB, {transport} |")]
        equal(row[0].split("|")[5].strip().replace(",", ""), str(told["sessions"]), transport)


def line(sweep, quantity):
    """An equation as documents write it."""
    envelope = sweep["equations"][quantity]["envelope"]
    growing = f" + {envelope['per_session']:,} n" if envelope["per_session"] else ""
    return f"{envelope['fixed']:,}{growing}"


def readme_says_the_same(lab):
    readme = " ".join(read(lab.source("README.md")).split())
    v1, = sweeps(lab, policy="v1")
    apart = {"policy": "v2", "roles": "apart", "init_tdinfo": False}
    distinct, = sweeps(lab, policies="distinct", transport="vsock", **apart)
    equals, = sweeps(lab, policies="same", transport="vsock", **apart)
    raw, = sweeps(lab, policies="distinct", transport="vmcall-raw", **apart)
    per_session = equals["equations"]["heap"]["envelope"]["per_session"]
    for text in (f"{line(distinct, 'heap')} ({per_session:,} n with equal policies",
                 f"Shared memory, vsock | | {line(distinct, 'shared')} |",
                 f"{line(raw, 'shared')}, no shadow",
                 f"heap {line(v1, 'heap')}; shared memory {line(v1, 'shared')},"):
        equal(text in readme, True, f"README.md does not say: {text}")


def growth_is_named(lab):
    """Each altered figure must be found and called by its name."""
    old = json.loads(read(lab.path("distinct.json")))
    for keys, name in (
            (("roles", "dst", "by_tag", "MEM_SESSION", "extent"), "dst: heap of MEM_SESSION"),
            (("roles", "src", "shared_peak"), "src: shared memory, extent"),
            (("roles", "dst", "stack_peak"), "dst: stack, painted"),
            (("roles", "dst", "counters", "session_size"), "dst: session_size")):
        new = json.loads(json.dumps(old))
        place = new["runs"][1]
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] += 4096
        with open(lab.path("grown.json"), "w", encoding="utf-8") as file:
            json.dump(new, file)
        output = lab.run("compare", lab.path("distinct.json"), lab.path("grown.json"), code=1)
        line = [l for l in output.splitlines() if name in l]
        equal(len(line), 1, output)
        equal("2 sessions" in line[0] and "+4096" in line[0] and line[0].endswith("grown"), True,
              line[0])
        back = lab.run("compare", lab.path("grown.json"), lab.path("distinct.json"))
        equal("smaller" in back, True, back)
        lab.run("compare", "--exact", lab.path("grown.json"), lab.path("distinct.json"), code=1)


class Page(html.parser.HTMLParser):
    """Balanced elements, and nothing that would be fetched or run."""

    def __init__(self):
        super().__init__()
        self.open, self.text, self.heads = [], "", []

    def handle_starttag(self, tag, attrs):
        equal(tag in ("script", "link", "img", "iframe", "object"), False, tag)
        for name, value in attrs:
            equal(name in ("src", "href", "srcset") or name.startswith("on"), False, name)
            equal("url(" in (value or ""), False, value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open[-1:] == ["path"]:
            self.open.pop()
        equal(self.open.pop() if self.open else None, tag, "the element that ends")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data):
        self.text += data
        if self.open[-1:] == ["h2"]:
            self.heads.append(data)


def the_page_stands_alone(lab):
    lab.run("report", lab.path("distinct.json"), "-o", lab.path("report"))
    page, source = Page(), read(lab.path("report/report.html"))
    page.feed(source)
    page.close()
    equal(page.open, [], "elements left open")
    for bad in ("nan", "inf\"", "@import"):
        equal(bad in source.replace("info", ""), False, f"'{bad}' in the page")
    for head in ("Beside the seed document", "Equations", "Memory over sessions",
                 "Memory over time", "Who uses the heap", "Head-room",
                 "Three looks at the stack", "Static data", "Sessions"):
        equal(head in page.heads, True, f"{head} in {page.heads}")
    equal(source.count("<svg") > 10, True, "drawings")
    table = [l for l in read(lab.path("report/report.md")).splitlines() if l.startswith("| ")]
    equal([row.split("|")[1].strip() for row in table],
          ["Bytes", "Stack", "Heap", "Shared memory"], "rows of report.md")


def the_page_of_both_roles_names_the_hosts(lab):
    lab.run("report", lab.path("both.json"), "-o", lab.path("both"))
    for name in ("report.html", "report.md"):
        source = read(lab.path("both/" + name)).lower()
        equal("host a" in source and "host b" in source, True, name)
        equal("source</th>" in source or "| source |" in source, False, name)


def markup_in_a_result_is_text(lab):
    result = json.loads(read(lab.path("distinct.json")))
    result["git"] = "<script>alert(1)</script>"
    with open(lab.path("markup.json"), "w", encoding="utf-8") as file:
        json.dump(result, file)
    lab.run("report", lab.path("markup.json"), "-o", lab.path("markup"))
    source = read(lab.path("markup/report.html"))
    equal("<script" in source, False, "an element")
    equal("&lt;script&gt;" in source, True, "its text")


def main(migmem, root):
    lab, tap = Lab(migmem, root), Tap()
    try:
        tap.case("MEMORY.md is what the baseline gives",
                 lambda: same_file(lab, "document", "MEMORY.md"))
        tap.case("ports/sizing.h is what the baseline gives",
                 lambda: same_file(lab, "header", "ports/sizing.h"))
        tap.case("different policies need what is committed", lambda: as_committed(
            lab, "distinct.json", "--sessions", "1,2,4", "--policies", "distinct"))
        tap.case("equal policies need what is committed", lambda: as_committed(
            lab, "same.json", "--sessions", "1,2,8", "--policies", "same"))
        tap.case("policy v1 needs what is committed", lambda: as_committed(
            lab, "v1.json", "--sessions", "1,2", "--policy", "v1"))
        tap.case("vmcall-raw needs what is committed", lambda: as_committed(
            lab, "raw.json", "--sessions", "1,2,4", "--policies", "distinct", "--transport", "vmcall-raw"))
        tap.case("vmcall-raw with equal policies needs what is committed", lambda: as_committed(
            lab, "raw-same.json", "--sessions", "1,2,8", "--policies", "same", "--transport", "vmcall-raw"))
        tap.case("both roles at once need what is committed", lambda: as_committed(
            lab, "both.json", "--sessions", "1,2,4", "--policies", "distinct", "--roles", "both"))
        tap.case("initial TDINFOs need what is committed", lambda: as_committed(
            lab, "tdinfo.json", "--sessions", "1,2,4", "--policies", "distinct", "--init-tdinfo"))
        tap.case("both roles at once need no more than one", lambda: both_need_no_more(lab))
        tap.case("sizes of policies, quotes and event logs change nothing",
                 lambda: sizes_change_nothing(lab))
        tap.case("every fixed limit stands beside a figure", lambda: every_limit_has_a_figure(lab))
        tap.case("fits-in and MEMORY.md tell one number", lambda: one_number(lab))
        tap.case("README.md tells the equations of the baseline", lambda: readme_says_the_same(lab))
        tap.case("growth is found and named", lambda: growth_is_named(lab))
        tap.case("the report stands alone", lambda: the_page_stands_alone(lab))
        tap.case("the report of both roles names the hosts",
                 lambda: the_page_of_both_roles_names_the_hosts(lab))
        tap.case("markup in a result is shown as text", lambda: markup_in_a_result_is_text(lab))
    finally:
        shutil.rmtree(lab.folder)
    tap.finish()


if __name__ == "__main__":
    main(*sys.argv[1:3])

# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Test Anything Protocol output, one line a case, for Meson and the summary of `make test`."""
import sys
import traceback


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

    def case(self, name, run):
        """Runs one case; an exception (AssertionError included) fails it and is shown."""
        self.count += 1
        try:
            run()
        except Exception:
            self.failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {self.count} - {name}", flush=True)
        else:
            print(f"ok {self.count} - {name}", flush=True)

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}", flush=True)

    def finish(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failed else 0)


def equal(found, wanted, what=""):
    if found != wanted:
        raise AssertionError(f"{what}: found {found}, wanted {wanted}")

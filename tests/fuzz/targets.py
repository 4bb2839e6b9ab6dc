# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The table of fuzz targets, for the scripts beside it."""
import os
import typing

HERE = os.path.dirname(os.path.abspath(__file__))


class Target(typing.NamedTuple):
    name: str
    largest: int  # input
    largest_found: int  # that goes into the corpus
    sources: list  # the parser's files, under src/

    @property
    def corpus(self):
        return f"{HERE}/corpus/{self.name}"

    @property
    def dictionary(self):
        path = f"{HERE}/{self.name}.dict"
        return path if os.path.exists(path) else None


def read_targets():
    with open(f"{HERE}/targets", encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            if words and not line.startswith("#"):
                yield Target(words[0], int(words[1]), int(words[2]), words[3:])


TARGETS = list(read_targets())

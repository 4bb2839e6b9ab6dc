# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a static, non-relocatable x86-64 ELF file says of its functions and tables."""
import bisect
import re
import struct
import subprocess

STT_OBJECT, STT_FUNC, STT_FILE, STT_IFUNC = 1, 2, 4, 10


class Symbol:
    def __init__(self, name, address, size, kind, file):
        self.name, self.address, self.size, self.kind, self.file = name, address, size, kind, file


class Elf:
    def __init__(self, path):
        self.path = path
        with open(path, "rb") as f:
            self.bytes = f.read()
        if self.bytes[:5] != b"\x7fELF\x02":
            raise ValueError(f"{path}: not a 64-bit ELF file")
        self.sections = self._sections()
        self.symbols = self._symbols()
        self.functions = {}  # address -> all symbols there
        for s in self.symbols:
            if s.kind in (STT_FUNC, STT_IFUNC):
                self.functions.setdefault(s.address, []).append(s)
        self.starts = sorted(self.functions)
        self.by_name = {}
        for s in self.symbols:
            self.by_name.setdefault(s.name, []).append(s)
        self._code = None
        self.resolvers = self._resolvers()

    def _sections(self):
        at, entry, count, names = struct.unpack_from("<Q10xHHH", self.bytes, 40)[0], *struct.unpack_from(
            "<HHH", self.bytes, 58)
        raw = [struct.unpack_from("<IIQQQQIIQQ", self.bytes, at + i * entry) for i in range(count)]
        strings = raw[names][4]
        out = {}
        for r in raw:
            out[self._string(strings + r[0])] = {"type": r[1], "address": r[3], "offset": r[4],
                                                 "size": r[5], "link": r[6]}
        self._raw = raw
        return out

    def _string(self, at):
        return self.bytes[at:self.bytes.index(b"\0", at)].decode()

    def _symbols(self):
        table = self.sections[".symtab"]
        strings = self._raw[table["link"]][4]
        out, file = [], None
        for at in range(table["offset"], table["offset"] + table["size"], 24):
            name, info, _, section, address, size = struct.unpack_from("<IBBHQQ", self.bytes, at)
            text, kind, binding = self._string(strings + name), info & 15, info >> 4
            if kind == STT_FILE:
                file = text
            elif section != 0 and kind in (STT_OBJECT, STT_FUNC, STT_IFUNC, 0):
                out.append(Symbol(text, address, size, kind, file if binding == 0 else None))
        return out

    def extent(self, address):
        """(begin, end) of the function around an address; up to the next one when its size is unknown."""
        at = bisect.bisect_right(self.starts, address) - 1
        begin = self.starts[at]
        size = max(s.size for s in self.functions[begin])
        after = self.starts[at + 1] if at + 1 < len(self.starts) else begin + 1
        return begin, begin + size if size > 0 else after

    def _resolvers(self):
        """Slot of the procedure linkage table -> the function that chooses at run time."""
        table = self.sections.get(".rela.plt", {"offset": 0, "size": 0})
        return {slot: addend for slot, _, addend in struct.iter_unpack(
            "<QQq", self.bytes[table["offset"]:table["offset"] + table["size"]])}

    def through_plt(self, address):
        """Where a stub of the linkage table leads; other addresses as they are."""
        for name in (".plt", ".iplt"):
            s = self.sections.get(name)
            if s and s["address"] <= address < s["address"] + s["size"]:
                at = s["offset"] + address - s["address"]
                jump = self.bytes.index(b"\xff\x25", at, at + 16)
                slot = address + jump - at + 6 + struct.unpack_from("<i", self.bytes, jump + 2)[0]
                return self.resolvers.get(slot, address)
        return address

    def words(self, symbol):
        """The 64-bit words of an object that has contents in the file."""
        for s in self.sections.values():
            if s["type"] == 1 and s["address"] <= symbol.address < s["address"] + s["size"]:
                at = s["offset"] + symbol.address - s["address"]
                return list(struct.unpack_from(f"<{symbol.size // 8}Q", self.bytes, at))
        return []

    def _target(self, operands):
        """An address that is a stub of the linkage table becomes where it leads."""
        if re.fullmatch(r"[0-9a-f]+", operands):
            return f"{self.through_plt(int(operands, 16)):x}"
        return operands

    def code(self):
        """address -> (next address, mnemonic, operands) of every instruction."""
        if self._code is None:
            text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "-w", self.path],
                                  check=True, capture_output=True, text=True).stdout
            found = []
            for line in text.splitlines():
                m = re.match(r"\s+([0-9a-f]+):\t(.*)$", line)
                if m:
                    words = m.group(2).split("#")[0].split("<")[0].split()
                    while words and words[0] in PREFIXES:
                        words.pop(0)
                    found.append((int(m.group(1), 16), words[0] if words else "",
                                  self._target("".join(words[1:]))))
            self._code = {}
            for this, after in zip(found, found[1:] + [(found[-1][0] + 1, "", "")]):
                self._code[this[0]] = (after[0], this[1], this[2])
        return self._code


PREFIXES = {"notrack", "bnd", "rep", "repz", "repnz", "lock", "data16", "cs", "ds", "es", "addr32",
            "rex.W"}

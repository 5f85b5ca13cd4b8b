# SPDX-License-Identifier: MIT
"""Reads initialised data by symbol out of an object file, ELF64 or COFF (as mingw writes it)."""
import struct


class Object:
    def __init__(self, path):
        with open(path, 'rb') as f:
            self.data = f.read()
        self.symbols = {}   # name: (section, offset)
        self.sections = {}  # section: bytes
        if self.data[:4] == b'\x7fELF':
            self._elf()
        else:
            self._coff()

    def bytes_at(self, name, size):
        section, offset = self.symbols[name]
        return self.sections[section][offset:offset + size]

    def number(self, name):
        return struct.unpack('<Q', self.bytes_at(name, 8))[0]

    def __contains__(self, name):
        return name in self.symbols

    def _elf(self):
        d = self.data
        shoff, = struct.unpack_from('<Q', d, 0x28)
        shentsize, shnum = struct.unpack_from('<HH', d, 0x3a)
        heads = [struct.unpack_from('<IIQQQQIIQQ', d, shoff + i * shentsize) for i in range(shnum)]
        for i, h in enumerate(heads):
            kind, offset, size = h[1], h[4], h[5]
            self.sections[i] = bytes(size) if kind == 8 else d[offset:offset + size]
        for h in heads:
            if h[1] != 2:   # SHT_SYMTAB
                continue
            names = self.sections[h[6]]
            table = d[h[4]:h[4] + h[5]]
            for at in range(0, len(table), 24):
                name, _, _, index, value, _ = struct.unpack_from('<IBBHQQ', table, at)
                if index in self.sections and name:
                    end = names.index(b'\0', name)
                    self.symbols[names[name:end].decode()] = (index, value)

    def _coff(self):
        d = self.data
        machine, count, _, symtab, nsyms, opt, _ = struct.unpack_from('<HHIIIHH', d, 0)
        strings = symtab + nsyms * 18
        for i in range(count):
            h = struct.unpack_from('<8sIIIIIIHHI', d, 20 + opt + i * 40)
            size, offset, flags = h[3], h[4], h[9]
            empty = offset == 0 or flags & 0x80
            self.sections[i + 1] = bytes(size) if empty else d[offset:offset + size]
        i = 0
        while i < nsyms:
            raw, value, section, _, _, aux = struct.unpack_from('<8sIhHBB', d, symtab + i * 18)
            if raw[:4] == b'\0\0\0\0':
                at = strings + struct.unpack_from('<I', raw, 4)[0]
                name = d[at:d.index(b'\0', at)]
            else:
                name = raw.rstrip(b'\0')
            if section > 0:
                self.symbols[name.decode()] = (section, value)
            i += 1 + aux

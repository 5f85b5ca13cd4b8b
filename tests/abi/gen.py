#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves that include/ddk has 64-bit Windows' layout, by comparison with mingw-w64's DDK headers.

The lists of structures, fields, enumerators, constants, GUIDs and routines are read out of our headers.
From them two C files are made, one compiled natively against include/ddk, one by mingw against its own
headers; the values (sizes, offsets, bit patterns, numbers) lie as initialised data in the two objects and
are compared by name. Nothing is executed.

Exit status: 0 all agree or are explained (known.py), 1 differences, 77 mingw is absent.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cparse
import known
from objread import Object

HEADERS = ['ntifs.h', 'ntddk.h', 'wdm.h', 'csq.h', 'bugcodes.h', 'ntstatus.h', 'devioctl.h',
           'wdmguid.h', 'scsi.h', 'srb.h', 'ntddscsi.h', 'ntddstor.h', 'ntddcdrm.h', 'ntddcdvd.h',
           'ntddmmc.h', 'ntdddisk.h', 'ntddkbd.h', 'kbdmou.h', 'wmistr.h', 'wmilib.h',
           'devpropdef.h', 'devpkey.h', 'cfg.h']
NATIVE = ['-std=gnu11', '-fshort-wchar', '-fno-strict-aliasing', '-O0', '-w',
          '-fno-zero-initialized-in-bss']
MINGW = ['-std=gnu11', '-O0', '-w', '-fno-zero-initialized-in-bss',
         '-D_WIN32_WINNT=0x0A00', '-DNTDDI_VERSION=0x0A00000B', '-D_AMD64_', '-D_KERNEL_MODE']
MINGW_PREFIX = ''.join('#include <%s>\n' % h for h in known.MINGW_FIRST)


def run(command, text=None):
    return subprocess.run(command, input=text, capture_output=True, text=True)


def prologue(headers):
    return '#define INITGUID\n' + ''.join('#include <%s>\n' % h for h in headers)


class Item:
    """Something to compare: one line of C that defines the symbol, and how to read it."""

    def __init__(self, kind, name, text, record=None):
        self.kind = kind
        self.name = name
        self.text = text        # with %s for the symbol's name
        self.record = record    # bit fields: the record whose size says how many bytes


def items_from(include, cc):
    """Everything our headers define that can be compared."""
    flags = NATIVE + ['-I', include]
    source = prologue(HEADERS)
    expanded = run([cc] + flags + ['-E', '-P', '-'], source)
    if expanded.returncode:
        sys.exit(expanded.stderr)
    records, enumerators, routines = cparse.read(expanded.stdout)
    items = []
    for r in records:
        if r.name.startswith(('Ntio', 'max_align')):
            continue
        t = r.name
        items.append(Item('structure', 'sizeof ' + t, 'unsigned long long %%s = sizeof(%s);' % t))
        items.append(Item('alignment', 'alignof ' + t,
                          'unsigned long long %%s = __alignof__(%s);' % t))
        for f in r.fields:
            if f.bits is None:
                items.append(Item('field', 'offset %s.%s' % (t, f.path),
                                  'unsigned long long %%s = __builtin_offsetof(%s, %s);'
                                  % (t, f.path)))
                items.append(Item('size of a field', 'size %s.%s' % (t, f.path),
                                  'unsigned long long %%s = sizeof(((%s *)0)->%s);' % (t, f.path)))
            else:
                items.append(Item('bit field', 'bits %s.%s' % (t, f.path),
                                  'const %s %%s = {.%s = -1};' % (t, f.path), t))
    for e in enumerators:
        items.append(Item('enumerator', e, 'unsigned long long %%s = (long long)(%s);' % e))
    items += constants(include, cc, flags, source)
    for path, _, names in os.walk(include):
        for n in names:
            with open(os.path.join(path, n)) as f:
                for g in re.findall(r'^DEFINE_GUID\((\w+),', f.read(), re.M):
                    items.append(Item('guid', 'guid ' + g, 'const GUID *%%s = &%s;' % g))
    for r in routines:
        if not r.name.startswith('NtCrt_') and 'NT_VA_LIST' not in r.parameters:
            items.append(Item('routine', r.name,
                              'unsigned long long %%s = __builtin_types_compatible_p('
                              '__typeof__(%s), %s);' % (r.name, r.type())))
    return items


def constants(include, cc, flags, source):
    """Macros without parameters that our headers define and that have a value."""
    ours = run([cc] + flags + ['-E', '-dD', '-'], source).stdout
    out, inside, seen = [], False, set()
    for line in ours.split('\n'):
        m = re.match(r'# \d+ "(.*?)"', line)
        if m:
            inside = os.path.abspath(m[1]).startswith(os.path.abspath(include))
            continue
        m = re.match(r'#define (\w+)(\(.*?\))?\s*(.*)', line)
        if not m or not inside or m[2] and '(' + m[1] in line or m[1] in seen:
            continue
        if re.match(r'#define \w+\(', line) or not m[3] or m[1].startswith(('NTIO_', 'Ntio')):
            continue
        seen.add(m[1])
        if re.match(r'L?"', m[3]):
            kind = 'WCHAR' if m[3][0] == 'L' else 'char'
            out.append(Item('text', m[1], 'const %s %%s[] = %s;' % (kind, m[1])))
        else:
            out.append(Item('constant', m[1],
                            'unsigned long long %%s = (long long)(%s);' % m[1]))
    return out


def compile_items(command, head, items, path):
    """Compiles what compiles; returns (object, the items that are in it)."""
    alive = list(range(len(items)))
    first = head.count('\n') + 1
    clang = 'clang' in run(command[:1] + ['--version']).stdout
    limit = '-ferror-limit=0' if clang else '-fmax-errors=0'
    for _ in range(12):
        lines = []
        for n in alive:
            it = items[n]
            lines.append(it.text % ('q%d' % n))
        with open(path + '.c', 'w') as f:
            f.write(head + '\n'.join(lines) + '\n')
        done = run(command + [limit, '-c', path + '.c', '-o', path + '.o'])
        if done.returncode == 0:
            return Object(path + '.o'), set(alive)
        bad, pending = set(), None
        for line in done.stderr.split('\n'):
            m = re.match(r'(.*?):(\d+):(?:\d+:)? (?:fatal )?(error|note): ', line)
            if not m:
                continue
            mine = m[1] == path + '.c' and int(m[2]) >= first
            if m[3] == 'error':
                if pending:
                    break
                pending = None if mine else line
            elif mine:
                pending = None
            if mine:
                bad.add(int(m[2]) - first)
        if pending:
            sys.exit('headers do not compile: ' + pending)
        if not bad:
            sys.exit(done.stderr)
        alive = [n for i, n in enumerate(alive) if i not in bad]
    sys.exit('the compiler kept refusing lines')


def same_number(a, b):
    """Equal, or equal as 32-bit numbers that one side calls signed and the other unsigned."""
    if a == b:
        return True

    def narrow(v):
        return v < 1 << 32 or v >= (1 << 64) - (1 << 31)
    return narrow(a) and narrow(b) and (a ^ b) & 0xffffffff == 0


def value(obj, items, n, sizes):
    it = items[n]
    if it.kind == 'bit field':
        return obj.bytes_at('q%d' % n, sizes[it.record])
    if it.kind == 'guid':
        return obj.bytes_at(it.name[5:], 16)
    if it.kind == 'text':
        raw = obj.bytes_at('q%d' % n, 256)
        wide = it.text.startswith('const WCHAR')
        step = 2 if wide else 1
        end = 0
        while raw[end:end + step] not in (b'\0' * step, b''):
            end += step
        return raw[:end]
    return obj.number('q%d' % n)


def shown(v):
    return v.hex() if isinstance(v, bytes) else hex(v)


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--include', required=True, help='include/ddk')
    p.add_argument('--cc', default='gcc')
    p.add_argument('--mingw', default='x86_64-w64-mingw32-gcc')
    p.add_argument('--out', default='.', help='where the C files and objects go')
    p.add_argument('--verbose', action='store_true', help='name what is not comparable')
    a = p.parse_args()
    if not shutil.which(a.mingw):
        print('SKIP: %s is absent' % a.mingw)
        return 77
    os.makedirs(a.out, exist_ok=True)
    sysroot = run([a.mingw, '-print-sysroot']).stdout.strip()
    ddk = next((d for d in (sysroot + '/mingw/include/ddk', '/usr/x86_64-w64-mingw32/include/ddk',
                            sysroot + '/x86_64-w64-mingw32/include/ddk') if os.path.isdir(d)), None)
    if ddk is None:
        print('SKIP: no DDK headers beside %s' % a.mingw)
        return 77

    items = items_from(a.include, a.cc)
    native, here = compile_items([a.cc] + NATIVE + ['-I', a.include], prologue(HEADERS), items,
                                 os.path.join(a.out, 'native'))
    candidates = [items[n] if n in here else None for n in range(len(items))]
    comparable = [it if it is not None else Item('none', '', 'extern int %s;') for it in candidates]
    undefs = ''.join('#undef %s\n' % it.name for it in comparable if it.kind == 'routine')
    head = MINGW_PREFIX + prologue(known.MINGW_HEADERS) + known.MINGW_EXTRA + undefs
    mingw, there = compile_items([a.mingw] + MINGW + ['-I', ddk], head, comparable,
                                 os.path.join(a.out, 'mingw'))

    sizes_n, sizes_m = {}, {}
    for n in here & there:
        if items[n].kind == 'structure':
            sizes_n[items[n].name[7:]] = native.number('q%d' % n)
            sizes_m[items[n].name[7:]] = mingw.number('q%d' % n)

    compared, absent, differences, explained = {}, {}, [], []
    for n in sorted(here):
        it = items[n]
        there_too = n in there and (it.kind != 'bit field' or it.record in sizes_m)
        if it.kind == 'guid':
            there_too = n in there and it.name[5:] in mingw
        if not there_too:
            absent.setdefault(it.kind, []).append(it.name)
            continue
        compared[it.kind] = compared.get(it.kind, 0) + 1
        if it.kind == 'routine':
            same, v, w = mingw.number('q%d' % n) == 1, 1, 0
        else:
            v, w = value(native, items, n, sizes_n), value(mingw, items, n, sizes_m)
            if isinstance(v, bytes):
                k = max(len(v), len(w)) if it.kind == 'bit field' else 0
                same = v.ljust(k, b'\0') == w.ljust(k, b'\0')
            else:
                same = same_number(v, w)
        if same:
            if it.name in known.DIFFERENT:
                differences.append('%s: listed in known.py as different, but equal' % it.name)
            continue
        entry = known.DIFFERENT.get(it.name)
        if entry and (entry[0] is None or entry[0] == v):
            explained.append('%s: %s' % (it.name, entry[1]))
        elif it.kind == 'routine':
            differences.append('routine %s: other prototype; ours is %s' % (it.name, it.text))
        else:
            differences.append('%s: ours %s, mingw %s' % (it.name, shown(v), shown(w)))

    # What Windows has and mingw lacks or has wrong, from known facts.
    numbers = {items[n].name: native.number('q%d' % n) for n in here
               if items[n].kind in ('structure', 'alignment', 'field', 'constant', 'enumerator')}
    for name, want in known.FACTS.items():
        if numbers.get(name) != want:
            differences.append('%s: ours %s, known %s' % (name, numbers.get(name), want))

    print('compared with mingw-w64: ' + ', '.join('%d %ss' % (compared[k], k) if k != 'size of a field'
                                                  else '%d sizes of fields' % compared[k]
                                                  for k in sorted(compared)))
    print('checked against known facts: %d' % len(known.FACTS))
    print('not comparable (mingw has none): ' + ', '.join('%d %s' % (len(absent[k]), k)
                                                          for k in sorted(absent)))
    print('explained differences: %d' % len(explained))
    if a.verbose:
        for k in sorted(absent):
            print('  no %s: %s' % (k, ' '.join(absent[k])))
        for e in explained:
            print('  ' + e)
    for kind, least in known.LEAST.items():
        if compared.get(kind, 0) < least:
            differences.append('only %d of kind %s compared, expected %d or more: can the headers '
                               'still be read?' % (compared.get(kind, 0), kind, least))
    for d in differences:
        print('DIFFERENT ' + d)
    print('%d differences' % len(differences))
    return 1 if differences else 0


if __name__ == '__main__':
    sys.exit(main())

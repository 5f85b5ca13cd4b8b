#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes docs/compatibility.md out of the export tables, the DDK's headers, the tests and docs/compatibility.notes.

usage: scripts/compatibility.py [--check]

A routine is done when it is exported and a test calls it; partly when the notes say what is missing; absent when include/ddk declares
it, or the notes name it, and nothing exports it. --check: fails, with a line for each reason, if the page is not what would be
written, or an exported routine has no test.
"""
import collections
import glob
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PAGE = "docs/compatibility.md"
NOTES = "docs/compatibility.notes"

HEAD = """# Compatibility

What a driver may import from ntoskrnl.exe, hal.dll and WMILIB.SYS, and what programs may call, made by `scripts/compatibility.py` out of the export tables, the
headers and the tests. **done**: as documented, and the test named asserts it. **partly**: what is missing stands behind it. **absent**: a native driver that calls
it does not link, a .sys that imports it is refused, with its name.

"""

OUT = """
## Out of scope today

- **KMDF and UMDF**: a framework over WDM, which Windows brings as a loader-bound library of its own. Its binaries (Wdf01000.sys) are no part of ntio, and a
  driver written for it needs them. A WDM driver needs nothing but what stands above.
- **File system drivers and minifilters**: they want the cache manager, the memory manager's section objects for every file, oplocks and the filter manager
  (fltmgr.sys). The host's file system serves as the drives of ntio; there is nothing below it that a filter could see.
- **NDIS and network drivers**: ndis.sys, tdi and WFP are systems of their own beside the I/O system. The programs use the host's sockets.
- **DMA and bus interrupts of real hardware**: ntio is a user-mode process. Interrupts and ports are emulated by device models; DMA adapters are not.
- **Security**: security descriptors are kept and given back where they are set, never enforced: whoever runs the host may do all.
- **32-bit drivers**: the ABI is that of 64-bit Windows.
"""


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def exports():
    """{name: (module set, symbol)}"""
    found = collections.OrderedDict()
    for path in sorted(glob.glob("ntio/*/exports.inc") + glob.glob("ntio/*/*/exports.inc")):
        for kind, inside in re.findall(r"NTIO_(EXPORT|EXPORT_AS|DATA|DATA_AS)\(([^)]*)\)", read(path)):
            words = [word.strip().strip('"') for word in inside.split(",")]
            modules, symbol = found.setdefault(words[1], (set(), words[-1]))
            modules.add(words[0])
    return found


def aliases():
    """{name: names that a source may use for it}, from #defines of the headers."""
    found = collections.defaultdict(set)
    for path in glob.glob("include/ddk/**/*.h", recursive=True):
        text = re.sub(r"\\\n", " ", read(path))
        for macro, body in re.findall(r"^#define\s+(\w+)(?:\([^)]*\))?\s+(.+)$", text, re.M):
            for word in re.findall(r"\b\w+\b", body):
                found[word].add(macro)
        # Inline routines: their name stands for what they call.
        for name, body in re.findall(r"^FORCEINLINE[^;{]*?\b(\w+)\([^;{]*\)\s*\{(.*?)^\}", text, re.M | re.S):
            for word in re.findall(r"\b\w+\b", body):
                found[word].add(name)
    return found


def declared():
    """Routines that include/ddk declares and does not define inline."""
    found = set()
    for path in glob.glob("include/ddk/**/*.h", recursive=True):
        text = re.sub(r"/\*.*?\*/", "", read(path), flags=re.S)
        for name in re.findall(r"^(?:NTKERNELAPI|NTSYSAPI|NTHALAPI|NTSYSCALLAPI|WMIAPI)\b[^;{}#]*?\bNTAPI\s+(\w+)\s*\(", text, re.M):
            found.add(name)
    return {name for name in found if not name.startswith(("NtCrt", "Ntio", "NtRtl"))}


def uses():
    """{word: [test files, those with most occurrences first]}"""
    count = collections.defaultdict(collections.Counter)
    paths = [path for form in ("c", "cpp", "h") for path in glob.glob(f"tests/**/*.{form}", recursive=True)]
    # A sample's driver is asserted by its lab.
    labs = {os.path.basename(os.path.dirname(path)) for path in glob.glob("tests/labs/*/*.c")}
    for lab in labs:
        paths += glob.glob(f"samples/{lab}/*.c")
    for path in paths:
        # Comments don't call.
        for word in re.findall(r"\b\w+\b", re.sub(r"/\*.*?\*/", "", read(path), flags=re.S)):
            count[word][path] += 1
    return count


def notes():
    """[(name, state, text)]: lines NAME: partly|absent: TEXT"""
    found = {}
    for number, line in enumerate(read(NOTES).splitlines(), 1):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        match = re.fullmatch(r"(\w+): (partly|absent|tested): (.+)", line)
        if not match:
            sys.exit(f"{NOTES}:{number}: not 'NAME: partly|absent|tested: TEXT'")
        found[match.group(1)] = match.group(2, 3)
    return found


def test_of(names, count):
    total = collections.Counter()
    for name in names:
        total.update(count.get(name, {}))
    return [path for path, _ in sorted(total.items(), key=lambda item: (-item[1], item[0]))][:2]


def shown(path):
    if path.startswith("samples/"):
        return "labs/" + path.split("/")[1]
    return re.sub(r"^tests/|\.\w+$", "", path)


def prefix(name):
    match = re.match(r"(Ex|Io|Ke|Mm|Ob|Po|Ps|Rtl|Zw|Nt|Dbg|Wmi|Cm|Hal|Se)(?=[A-Zf])", name)
    return {"Kf": "Ke", "Iof": "Io"}.get(match.group(1), match.group(1)) if match else "C runtime and others"


def page():
    table, said, count, other = exports(), notes(), uses(), aliases()
    rows, problems = collections.defaultdict(list), []
    states = collections.Counter()
    for name, (modules, symbol) in table.items():
        direct = {name, symbol}
        tests = test_of(direct, count) or test_of(set().union(*(other[word] for word in direct)), count)
        if not tests and name[:2] in ("Nt", "Zw"):  # one routine with two entries: who calls is all that differs
            tests = test_of({("Zw" if name[:2] == "Nt" else "Nt") + name[2:]}, count)
        state, text = said.get(name, ("done", ""))
        if state == "tested":
            state, tests, text = "done", [text], ""
        if state == "absent":
            problems.append(f"{name} is exported, but the notes call it absent")
        if not tests:
            problems.append(f"{name} is exported, but no test calls it")
        states[state] += 1
        where = ", ".join(sorted(modules))
        rows[prefix(name)].append((name, where, state, ", ".join(shown(path) for path in tests), text))
    for name in sorted(declared() | {name for name, (state, _) in said.items() if state == "absent"}):
        if name in table:
            continue
        states["absent"] += 1
        text = said.get(name, ("", ""))[1]
        rows[prefix(name)].append((name, "", "absent", "", text))
    for name, (state, _) in said.items():
        if state != "absent" and name not in table:
            problems.append(f"{name} is in the notes, but nothing exports it")
    lines = [HEAD + f"{states['done']} done, {states['partly']} partly, {states['absent']} absent.\n"]
    for group in sorted(rows):
        lines.append(f"\n## {group}\n\n| routine | module | state | test | missing |\n|---|---|---|---|---|\n")
        for row in sorted(rows[group]):
            lines.append("| " + " | ".join(row) + " |\n")
    return "".join(lines) + OUT, problems


def main():
    os.chdir(ROOT)
    text, problems = page()
    if "--check" in sys.argv[1:]:
        if not os.path.exists(PAGE) or read(PAGE) != text:
            problems.append(f"{PAGE} is not up to date: run scripts/compatibility.py")
        for problem in problems:
            print(problem)
        sys.exit(1 if problems else 0)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(text)
    for problem in problems:
        print(problem, file=sys.stderr)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints casemap.inc: the upper case of each UTF-16 unit that has one, as runs.

Simple mappings of Unicode within the basic plane. As Windows' table does, it leaves alone what would not
come back (micro sign, dotless i, long s, iota below) or has no single character as its upper case.
"""
import sys

LEFT_ALONE = {0xB5, 0x131, 0x17F, 0x1FBE, 0x1E9B, 0x3D0, 0x3D1, 0x3D5, 0x3D6, 0x3F0, 0x3F1, 0x3F5, 0x345}
LEFT_ALONE |= set(range(0x1C80, 0x1C89))


def upper(code):
    if code in LEFT_ALONE or 0xD800 <= code < 0xE000:
        return code
    up = chr(code).upper()
    if len(up) != 1:
        up = chr(code).title()
    if len(up) != 1 or ord(up) > 0xFFFF:
        return code
    # Title case letters (Dz) are no upper case.
    return ord(up)


def main():
    pairs = [(c, upper(c)) for c in range(0x80, 0x10000) if upper(c) != c]
    runs = []  # first, last, step, delta
    for code, up in pairs:
        delta = up - code
        if runs and runs[-1][3] == delta:
            run = runs[-1]
            step = code - run[1]
            if (run[0] == run[1] and step in (1, 2)) or step == run[2]:
                run[1], run[2] = code, step
                continue
        runs.append([code, code, 1, delta])
    print("/* SPDX-License-Identifier: MIT */")
    print("/* Made by casemap.py: first, last, step, distance of the upper case. */")
    for first, last, step, delta in runs:
        print("{0x%04x, 0x%04x, %d, %d}," % (first, last, step, delta))
    print("%d runs, %d letters" % (len(runs), len(pairs)), file=sys.stderr)


if __name__ == "__main__":
    main()

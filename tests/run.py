#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds and runs the tests of one or more build folders and sums up.

usage: tests/run.py BUILD[:SUITE] ...

Prints each failure with its output, each skip with its reason, and last `N passed, N failed, N skipped`. A skip that
tests/allowed-skips.txt does not list counts as a failure. Exits 1 if anything failed.
"""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def allowed_skips():
    rules = []
    with open(os.path.join(HERE, "allowed-skips.txt"), encoding="utf-8") as file:
        for line in file:
            line = line.split("#", 1)[0].strip()
            if line:
                rules.append(re.compile(line))
    return rules


def cases(test):
    """(name, outcome, detail) for each TAP line, or one for a program that is not TAP."""
    output = test.get("stdout", "") or ""
    found = []
    for line in output.splitlines():
        match = re.match(r"(not ok|ok)\b\s*\d*\s*-?\s*(.*)", line)
        if not match:
            continue
        name, _, rest = match.group(2).partition("#")
        skipped = re.match(r"\s*skip\w*\s*(.*)", rest, re.I)
        if skipped:
            found.append((name.strip(), "skip", skipped.group(1)))
        else:
            found.append((name.strip(), "pass" if match.group(1) == "ok" else "fail", ""))
    result = test["result"]
    if not found:
        outcome = {"OK": "pass", "EXPECTEDFAIL": "pass", "SKIP": "skip"}.get(result, "fail")
        found = [("", outcome, output.strip().splitlines()[-1] if output.strip() else "")]
    elif result in ("ERROR", "TIMEOUT", "INTERRUPT", "FAIL") and all(c[1] != "fail" for c in found):
        found.append((result.lower(), "fail", ""))  # crashed after its last line, or took too long
    return found


def run(target, rules, totals):
    folder, _, suite = target.partition(":")
    label = os.path.basename(folder)
    build = subprocess.run(["ninja", "-C", folder, "--quiet"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True)
    if build.returncode != 0:
        print(build.stdout)
        print(f"{label}: does not build")
        totals["fail"] += 1
        return
    log = os.path.join(folder, "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.remove(log)
    command = ["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs", "--num-processes", "2",
               "--timeout-multiplier", "4"]
    if suite:
        command += ["--suite", suite]
    env = dict(os.environ)
    env.setdefault("ASAN_OPTIONS", "detect_stack_use_after_return=0:abort_on_error=1:handle_abort=0")
    env.setdefault("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1")
    env.setdefault("TSAN_OPTIONS", "halt_on_error=1:second_deadlock_stack=1")
    shown = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if not os.path.exists(log):
        print(shown.stdout)
        print(f"{label}: no tests ran")
        totals["fail"] += 1
        return
    counts = {"pass": 0, "fail": 0, "skip": 0}
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in file:
            test = json.loads(line)
            name = test["name"].split(" / ")[-1]
            failed = False
            for case, outcome, detail in cases(test):
                title = f"{name}: {case}" if case else name
                if outcome == "skip":
                    if any(rule.search(f"{title}: {detail}") for rule in rules):
                        print(f"{label}: skipped {title}: {detail}")
                    else:
                        print(f"{label}: FAILED {title}: skipped, but not in tests/allowed-skips.txt ({detail})")
                        outcome = "fail"
                elif outcome == "fail":
                    print(f"{label}: FAILED {title}")
                    failed = True
                counts[outcome] += 1
            if failed:
                print((test.get("stdout") or "")[-6000:])
                print((test.get("stderr") or "")[-6000:])
    print(f"{label}: {counts['pass']} passed, {counts['fail']} failed, {counts['skip']} skipped", flush=True)
    for outcome, count in counts.items():
        totals[outcome] += count


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    rules = allowed_skips()
    totals = {"pass": 0, "fail": 0, "skip": 0}
    for target in sys.argv[1:]:
        run(target, rules, totals)
    print(f"{totals['pass']} passed, {totals['fail']} failed, {totals['skip']} skipped")
    sys.exit(1 if totals["fail"] or not totals["pass"] else 0)


if __name__ == "__main__":
    main()

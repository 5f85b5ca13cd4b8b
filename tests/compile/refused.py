# SPDX-License-Identifier: MIT
"""What does not compile natively: the compiler says what to do instead."""
import os
import subprocess
import sys

SOURCE = """
#include <ntddk.h>
VOID NTAPI Work(PFAST_MUTEX Mutex);
VOID NTAPI Work(PFAST_MUTEX Mutex)
{
    ExAcquireFastMutex(Mutex);
    __try {
        %s
    } %s {
        ExReleaseFastMutex(Mutex);
    }
}
"""
FINALLY = ('DbgPrint("at work");', "__finally")
LEAVE = ("__leave;", "__except (EXCEPTION_EXECUTE_HANDLER)")


def compile_(compiler, include, what):
    return subprocess.run([compiler, "-std=gnu11", "-fshort-wchar", "-ffreestanding", "-fsyntax-only", "-I", include,
                           "-x", "c", "-"], input=SOURCE % what, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})


def main():
    compilers, include = sys.argv[2:], sys.argv[1]
    cases = []
    for compiler in compilers:
        done = compile_(compiler, include, FINALLY)
        cases.append((compiler + ": __finally is refused with a reason", done.returncode != 0 and "use NT_FINALLY" in done.stderr, done))
        done = compile_(compiler, include, LEAVE)
        if "clang" in compiler:
            cases.append((compiler + ": __leave is refused with a reason", done.returncode != 0 and "use goto, or gcc" in done.stderr, done))
        else:
            cases.append((compiler + ": __leave compiles", done.returncode == 0, done))
    print("1..%d" % len(cases))
    for number, (name, good, done) in enumerate(cases, 1):
        print("%s %d - %s" % ("ok" if good else "not ok", number, name))
        if not good:
            print(done.stderr, file=sys.stderr)
    return 0 if all(good for _, good, _ in cases) else 1


sys.exit(main())

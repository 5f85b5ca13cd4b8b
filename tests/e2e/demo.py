# SPDX-License-Identifier: MIT
"""scripts/demo shows what it is meant to show, says so, and leaves nothing."""
import os
import subprocess

import lab as the_lab
from lab import PATIENCE, PROGRAM, TREE, case, check, equal, need_fuse, need_tool


def run(lab, program):
    env = dict(lab.env, SCSINET=program, TMPDIR=lab.folder)
    return subprocess.run([os.path.join(TREE, "scripts", "demo")], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=40 * PATIENCE, check=False)


@case("the demonstration", 60)
def demo(lab):
    need_fuse()
    need_tool("xorriso")
    done = run(lab, PROGRAM)
    check(done.returncode == 0, done.stdout, done.stderr)
    equal(done.stderr, "")
    for words in ("[cdrom]  started", "[scsiserver]  started", "[scsiclient]  started", "README.md", "/docs", "state     active", "0 drives",
                  "state     local", "nothing is left behind"):
        check(words in done.stdout, f"'{words}' is not shown in", done.stdout)
    digests = [line.split()[0] for line in done.stdout.splitlines() if len(line.split()) == 2 and len(line.split()[0]) == 64]
    equal(len(digests), 2)
    equal(digests[0], digests[1])


@case("the demonstration of a program that does not work fails")
def broken(lab):
    need_fuse()
    need_tool("xorriso")
    done = run(lab, "/bin/false")
    check(done.returncode != 0)
    check("demo: " in done.stderr, done.stderr)


if __name__ == "__main__":
    the_lab.main()

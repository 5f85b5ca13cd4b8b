# SPDX-License-Identifier: MIT
"""make demo, as somebody sees it."""
import os
import subprocess

import lab as the_lab
from lab import PATIENCE, PROGRAM, TREE, case, check, equal, need_fuse, need_tool


@case("the demo shows every step and ends well")
def demo(lab):
    need_fuse()
    need_tool("xorriso")
    done = subprocess.run([os.path.join(TREE, "scripts", "demo")], env=dict(lab.env, SCSINET=PROGRAM), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60 * PATIENCE, check=False)
    equal(done.returncode, 0, done.stdout + done.stderr)
    for step in ("[cdrom]  started", "[scsiserver]  started", "[scsiclient]  started", "README.md", "state     active", "0 drives",
                 "nothing is left behind"):
        check(step in done.stdout, f"'{step}' is not shown:\n{done.stdout}")


@case("with a program that does not work it fails and says where")
def broken(lab):
    done = subprocess.run([os.path.join(TREE, "scripts", "demo")], env=dict(lab.env, SCSINET="/bin/false"), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60 * PATIENCE, check=False)
    check(done.returncode != 0, "it did not fail")
    check("demo: serve did not start" in done.stderr, done.stderr)


if __name__ == "__main__":
    the_lab.main()

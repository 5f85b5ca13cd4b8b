# SPDX-License-Identifier: MIT
"""Hosts that have nothing to do make no system call."""
import os
import re
import time

import lab as the_lab
from lab import SANITIZED, Skip, case, equal, need_tool, pread, wait_until

SECONDS = 10


def trace(lab, process):
    tracer = lab.start_tool("strace", "-f", "-q", "-o", lab.path(f"trace{process.pid}"), "-p", str(process.pid))
    # It is there when every thread of the process says who traces it.
    try:
        wait_until(lambda: not tracer.alive() or traced(process.pid), "strace", 5)
    except AssertionError:
        raise Skip("strace cannot attach") from None
    if not tracer.alive():
        raise Skip("strace cannot attach")
    return tracer


def calls(log):
    """Those that have returned; what a thread sleeps in is written without an end."""
    with open(log, encoding="utf-8", errors="replace") as file:
        return [line for line in file.read().splitlines() if " = " in line]


def traced(pid):
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as file:
            if re.search(r"TracerPid:\s+0$", file.read(), re.M):
                return False
    return True


@case("eight devices, attached and idle: no system call on either side for ten seconds")
def idle(lab):
    need_tool("strace")
    if SANITIZED:
        raise Skip("a sanitizer's own threads make system calls")
    serve, attach, discs = lab.pair(*[lab.iso(f"disc{number}.iso") for number in range(8)])
    for disc in discs:
        pread(disc, 0, 4096)
    tracers = [trace(lab, serve), trace(lab, attach)]
    logs = [lab.path(f"trace{process.pid}") for process in (serve, attach)]
    # Attaching interrupts the calls that the threads sleep in; they are resumed, which strace shows once.
    time.sleep(0.5)
    before = [calls(log) for log in logs]
    time.sleep(SECONDS)
    after = [calls(log) for log in logs]
    for tracer in tracers:
        tracer.may_die = True
        tracer.child.terminate()
        tracer.child.wait(10)
    for earlier, later in zip(before, after):
        equal(later[len(earlier):], [], "system calls")
    attach.stop()
    serve.stop()


if __name__ == "__main__":
    the_lab.main()

# SPDX-License-Identifier: MIT
"""Programs that have nothing to do do nothing: no system call, no thread that wakes up."""
import os
import re
import signal
import subprocess
import time

import lab as the_lab
from lab import PATIENCE, SANITIZER, Skip, case, check, equal, need_tool, pread, wait_until

DEVICES = 8


def busy_then_idle(lab):
    """A serve and an attach with eight devices that have been used."""
    images = [lab.iso(f"disc{number}.iso") for number in range(DEVICES)]
    serve, attach, discs = lab.pair(*images)
    for disc in discs:
        equal(len(pread(disc, 4096, 300000)), 300000)
    serve.wait_state("active")
    return serve, attach


def threads(pid):
    return {int(name) for name in os.listdir(f"/proc/{pid}/task")}


def switches(pid):
    """{thread: how often it has been given the processor}"""
    found = {}
    for thread in threads(pid):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as file:
            found[thread] = sum(int(number) for number in re.findall(r"ctxt_switches:\s+(\d+)", file.read()))
    return found


@case("no thread of serve or attach with eight devices wakes up for five seconds")
def no_wakeup(lab):
    if "thread" in SANITIZER:
        raise Skip("a sanitizer's own threads wake up")
    serve, attach = busy_then_idle(lab)
    before = {}

    def quiet():
        nonlocal before
        last, before = before, {process.name: switches(process.pid) for process in (serve, attach)}
        time.sleep(0.2)
        return last == before

    wait_until(quiet, "everything to come to rest", 3)
    time.sleep(5)
    for process in (serve, attach):
        equal(switches(process.pid), before[process.name], process.name)
    attach.stop()
    serve.stop()


@case("serve and attach with eight devices make no system call for ten seconds")
def no_system_call(lab):
    if SANITIZER != "none":
        raise Skip("a sanitizer's own threads make system calls")
    need_tool("strace")
    serve, attach = busy_then_idle(lab)
    traces = []
    for process in (serve, attach):
        path = lab.path(process.name + ".trace")
        trace = subprocess.Popen(["strace", "-f", "-ttt", "-o", path, "-p", str(process.pid)], stderr=subprocess.PIPE, text=True)
        traces.append((process, path, trace))
        # "Process N attached with K threads"
        line = trace.stderr.readline()
        if "attached" not in line:
            trace.kill()
            trace.communicate()
            raise Skip("strace cannot attach: " + line.strip())
        check(f"with {len(threads(process.pid))} threads" in line, line)
    # Attaching interrupts what they sleep in: they go to sleep again.
    time.sleep(0.5)
    began = time.time()
    time.sleep(10)
    ended = time.time()
    for process, path, trace in traces:
        trace.send_signal(signal.SIGINT)
        trace.communicate(timeout=10 * PATIENCE)
        calls = []
        with open(path, encoding="utf-8") as file:
            for line in file:
                match = re.match(r"\d+ +(\d+\.\d+) (\w+)", line)
                if match and began < float(match.group(1)) < ended:
                    calls.append(line.strip())
        check(os.path.getsize(path) > 0, "strace has seen nothing at all")
        equal(calls, [], f"system calls of {process.name}")
    attach.stop()
    serve.stop()


if __name__ == "__main__":
    the_lab.main()

# SPDX-License-Identifier: MIT
"""Either side is killed in the middle of its work: the other goes on as if it had been asked."""
import contextlib
import errno
import os
import signal
import threading
import time

import lab as the_lab
from lab import PATIENCE, case, check, equal, is_mounted, pread, read_all, scale, wait_until


def readers_of(disc, wanted, count):
    """Threads that read until there is an error; a record of outcomes, and what was wrong."""
    outcomes, wrong = [], []

    def run(seed):
        at = seed * 10007 % (len(wanted) - 200000)
        fd = None
        try:
            fd = os.open(disc, os.O_RDONLY)
            while True:
                data = os.pread(fd, 131072, at)
                if data != wanted[at:at + len(data)] or not data:
                    wrong.append(at)
                outcomes.append(0)
                at = (at + 70001) % (len(wanted) - 200000)
        except OSError as error:
            outcomes.append(error.errno)
        with contextlib.suppress(OSError):
            if fd is not None:
                os.close(fd)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    return threads, outcomes, wrong


def all_end(threads):
    for thread in threads:
        thread.join(5 * PATIENCE)
        check(not thread.is_alive(), "a reader hangs")


@case("attach is killed in the middle of reads: the server has its device back within a second, the next attach gets it")
def attach_killed(lab):
    wanted = read_all(lab.iso())
    serve, attach, (disc,) = lab.pair()
    mount = attach.mount
    for round_number in range(scale(5, 2)):
        threads, outcomes, wrong = readers_of(disc, wanted, 4)
        wait_until(lambda o=outcomes: len(o) > 20, "reads")
        began = time.monotonic()
        attach.kill()
        serve.log("back with its own driver")
        took = time.monotonic() - began
        check(took < 1 * PATIENCE / 2, f"round {round_number}: it took {took:.2f} s")
        all_end(threads)
        equal(wrong, [])
        check(set(outcomes) <= {0, errno.ENOTCONN, errno.ECONNABORTED, errno.EIO, errno.ENODEV, errno.ENOENT}, set(outcomes))
        wait_until(lambda: not is_mounted(mount), "the guard to clear the mount", 3)
        equal(os.listdir(mount), [])
        serve.wait_state("offered")
        attach = lab.attach(serve, mount=mount)
        (disc,) = attach.wait_discs(1)
        equal(pread(disc, 100, 100000), wanted[100:100100])
    attach.stop()
    serve.stop()


@case("attach is killed while the server stands still")
def attach_killed_held(lab):
    serve, attach, (disc,) = lab.pair()
    readers = [lab.reader(disc) for _ in range(4)]
    serve.hold()
    for index, reader in enumerate(readers):
        reader.ask_and_block(index * 2048, 100000)
    attach.kill()
    for reader in readers:
        equal(reader.answer()[0], "errno")
        reader.end()
    wait_until(lambda: not is_mounted(attach.mount), "the guard to clear the mount", 3)
    serve.release()
    serve.log("back with its own driver")
    serve.wait_state("offered")
    check("[cdrom]" in lab.run("tree", "--control", serve.control).stdout)
    serve.stop()


@case("attach and its guard are killed: the next attach clears the dead mount")
def guard_killed(lab):
    serve, attach, (disc,) = lab.pair()
    with open(f"/proc/{attach.pid}/task/{attach.pid}/children", encoding="ascii") as file:
        children = [int(word) for word in file.read().split()]
    check(children, "there is no guard")
    for child in children:
        os.kill(child, signal.SIGKILL)
    attach.kill()
    check(is_mounted(attach.mount), "who cleared the mount?")
    again = lab.attach(serve, mount=attach.mount)
    (disc,) = again.wait_discs(1)
    equal(read_all(disc), read_all(lab.iso()))
    again.stop()
    serve.stop()


@case("the server is killed: reads end with an I/O error, the device disappears, attach ends when nothing is open")
def serve_killed(lab):
    wanted = read_all(lab.iso())
    for count in (4, 0):
        serve, attach, (disc,) = lab.pair()
        threads, outcomes, wrong = readers_of(disc, wanted, count)
        wait_until(lambda o=outcomes, c=count: len(o) > 20 or not c, "reads")
        keeper = lab.reader(disc)
        serve.kill()
        all_end(threads)
        equal(wrong, [])
        check(set(outcomes) <= {0, errno.EIO, errno.ENOENT}, set(outcomes))
        equal(len([o for o in outcomes if o]), count)
        attach.log("its devices are gone")
        wait_until(lambda d=disc: not os.path.exists(d), "the file to disappear", 3)
        keeper.ask(0, 100)
        equal(keeper.answer(), ("errno", errno.EIO))
        equal(os.listdir(attach.mount), [])
        check(attach.alive(), "attach ends with a file open")
        keeper.end()
        equal(attach.wait(), 1)
        check(not is_mounted(attach.mount), "still mounted")


@case("the server is killed while it stands still with reads waiting")
def serve_killed_held(lab):
    serve, attach, (disc,) = lab.pair()
    readers = [lab.reader(disc) for _ in range(4)]
    serve.hold()
    for index, reader in enumerate(readers):
        reader.ask_and_block(index * 2048, 100000)
    serve.kill()
    for reader in readers:
        equal(reader.answer(), ("errno", errno.EIO))
        reader.end()
    equal(attach.wait(), 1)


@case("the mount is taken away from outside: attach ends in good order")
def unmounted(lab):
    serve, attach, _ = lab.pair()
    the_lab.unmount(attach.mount)
    equal(attach.wait(), 0)
    serve.wait_state("offered")
    serve.stop()


@case("both are asked to end at the same moment, with reads under way")
def both(lab):
    wanted = read_all(lab.iso())
    for _ in range(scale(5, 2)):
        serve, attach, (disc,) = lab.pair()
        threads, outcomes, wrong = readers_of(disc, wanted, 4)
        wait_until(lambda o=outcomes: len(o) > 20, "reads")
        serve.child.send_signal(signal.SIGTERM)
        attach.child.send_signal(signal.SIGTERM)
        equal(serve.wait(), 0)
        # Whichever it sees first: its signal or the end of its only server.
        check(attach.wait() in (0, 1))
        all_end(threads)
        equal(wrong, [])
        serve.check_health()
        attach.check_health()


if __name__ == "__main__":
    the_lab.main()

# SPDX-License-Identifier: MIT
"""Somebody waits for a server that does not answer, and has enough of it: he goes away at once, and the disc works later."""
import contextlib
import errno
import os
import signal
import time

import lab as the_lab
from lab import PATIENCE, case, check, equal, pread, read_all, wait_until

SIZE = 100000


def gone(process, number):
    began = time.monotonic()
    process.may_die = True
    process.child.send_signal(number)
    process.wait(5)
    took = time.monotonic() - began
    check(took < 0.5 * PATIENCE, "it took", took, "seconds to go")
    equal(process.child.returncode, -number)


def held_pair(lab):
    serve, attach, (disc,) = lab.pair()
    return serve, attach, disc


@case("a reader that waits is killed or interrupted, and later reads work")
def killed(lab):
    serve, attach, disc = held_pair(lab)
    wanted = read_all(lab.iso())
    for number in (signal.SIGKILL, signal.SIGINT, signal.SIGKILL):
        reader, other = lab.reader(disc), lab.reader(disc)
        serve.hold()
        reader.ask_and_block(4096, SIZE)
        other.ask_and_block(0, 10)
        gone(reader, number)
        check(other.alive())
        serve.release()
        equal(other.answer(), ("got", 10))
        equal(pread(disc, 4096, SIZE), wanted[4096:4096 + SIZE])
        other.end()
    attach.stop()
    serve.stop()


@case("forty readers that wait go when they are killed, and one that stays gets its bytes")
def crowd(lab):
    serve, attach, disc = held_pair(lab)
    readers = [lab.reader(disc) for _ in range(40)]
    serve.hold()
    for index, reader in enumerate(readers):
        reader.ask_and_block(index * 2048, SIZE)
    for reader in readers[1:]:
        gone(reader, signal.SIGKILL)
    serve.release()
    equal(readers[0].answer(), ("got", SIZE))
    equal(read_all(disc), read_all(lab.iso()))
    readers[0].end()
    attach.stop()
    serve.stop()


@case("a signal with a handler ends a read with EINTR or its bytes, and the file goes on working")
def handled(lab):
    serve, attach, disc = held_pair(lab)
    fd = os.open(disc, os.O_RDONLY)
    serve.hold()

    class Enough(Exception):
        pass

    def ring(*_):
        raise Enough

    signal.signal(signal.SIGALRM, ring)
    for _ in range(3):
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        began = time.monotonic()
        try:
            os.pread(fd, SIZE, 2048)
            raise AssertionError("a stopped server answered")
        except Enough:
            pass
        check(time.monotonic() - began < 1 * PATIENCE)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    serve.release()
    equal(os.pread(fd, SIZE, 2048), pread(lab.iso(), 2048, SIZE))
    os.close(fd)
    attach.stop()
    serve.stop()


@case("somebody who waits for the file's size can be killed as well")
def stat(lab):
    serve, attach, disc = held_pair(lab)
    serve.hold()
    waiting = [lab.start_tool("stat", "-c", "%s", disc), lab.start_tool("cat", disc), lab.start_tool("stat", "-c", "%s", disc)]
    # In statx, newfstatat, openat or open; the second who looks a name up waits for the first.
    wait_until(lambda: all(the_lab.in_system_call(p.pid, 332, 262, 257, 2) for p in waiting), "the tools to wait")
    began = time.monotonic()
    for process in waiting:
        process.may_die = True
        process.child.kill()
    for process in waiting:
        process.wait(5)
    check(time.monotonic() - began < 0.5 * PATIENCE, "they took their time to go")
    serve.release()
    equal(os.path.getsize(disc), os.path.getsize(lab.iso()))
    attach.stop()
    serve.stop()


@case("attach ends when it is asked to, with readers that wait and files that are open")
def attach_ends(lab):
    serve, attach, disc = held_pair(lab)
    readers = [lab.reader(disc) for _ in range(3)]
    readers[0].ask(0, 4096)
    equal(readers[0].answer(), ("got", 4096))
    serve.hold()
    readers[1].ask_and_block(2048, SIZE)
    readers[2].ask_and_block(4096, SIZE)
    began = time.monotonic()
    attach.stop()
    check(time.monotonic() - began < 2 * PATIENCE, "attach took its time")
    for reader in readers[1:]:
        kind, number = reader.answer()
        equal(kind, "errno")
        check(number in (errno.EIO, errno.ENODEV, errno.ENOTCONN, errno.ECONNABORTED), number)
    readers[0].ask(0, 4096)
    equal(readers[0].answer()[0], "errno")
    for reader in readers:
        reader.end()
    serve.release()
    serve.wait_state("offered")
    # The place is free for the next one.
    again = lab.attach(serve, mount=attach.mount)
    (disc,) = again.wait_discs(1)
    equal(read_all(disc), read_all(lab.iso()))
    again.stop()
    serve.stop()


@case("attach ends with an open file and nothing else going on")
def attach_ends_idle(lab):
    serve, attach, disc = held_pair(lab)
    fd = os.open(disc, os.O_RDONLY)
    equal(os.pread(fd, 10, 32768), read_all(lab.iso())[32768:32778])
    attach.stop()
    try:
        os.pread(fd, 10, 32768)
        raise AssertionError("a read without a disc")
    except OSError:
        pass
    with contextlib.suppress(OSError):
        os.close(fd)
    serve.stop()


if __name__ == "__main__":
    the_lab.main()

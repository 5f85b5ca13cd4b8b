# SPDX-License-Identifier: MIT
"""A device is taken back: what is under way ends, the file disappears, its own driver has it again; the others notice nothing."""
import errno
import os
import signal
import threading
import time

import frames
import lab as the_lab
from lab import PATIENCE, SECTOR, case, check, equal, pread, read_all, scale, wait_until


def gone(path):
    wait_until(lambda: not os.path.exists(os.path.dirname(path)), "the file to disappear", 3)


@case("unshare while eight readers read: data or an error, then the file is gone, and the other device goes on")
def busy(lab):
    image, other = lab.iso(), lab.iso("other.iso")
    serve, attach, discs = lab.pair(image, other)
    wanted = read_all(image)
    # Which file is which is seen from the server: only one has been read.
    first = {device["name"]: device["bytes"] for device in serve.status()}
    pread(discs[0], 0, 500000)
    names = [device["name"] for device in serve.status() if device["bytes"] - first[device["name"]] >= 500000]
    equal(len(names), 1)
    stop = threading.Event()
    outcomes, wrong = [], []

    def read_on(path, record):
        fd = os.open(path, os.O_RDONLY)
        at = 0
        while not stop.is_set():
            try:
                data = os.pread(fd, 100001, at)
            except OSError as error:
                record.append(error.errno)
                break
            if data != wanted[at:at + len(data)] or not data:
                wrong.append((path, at, len(data)))
            record.append(0)
            at = (at + 70001) % (len(wanted) - 200000)
        try:
            os.close(fd)
        except OSError:
            pass

    on_the_other = []
    threads = [threading.Thread(target=read_on, args=(discs[0], outcomes)) for _ in range(8)]
    threads.append(threading.Thread(target=read_on, args=(discs[1], on_the_other)))
    for thread in threads:
        thread.start()
    wait_until(lambda: len(outcomes) > scale(200, 30) and on_the_other, "reads")
    began = time.monotonic()
    done = serve.unshare(names[0])
    equal((done.returncode, done.stdout, done.stderr), (0, "", ""))
    for thread in threads[:8]:
        thread.join(5 * PATIENCE)
        check(not thread.is_alive(), "a reader hangs")
    gone(discs[0])
    check(time.monotonic() - began < 2 * PATIENCE, "it took its time")
    so_far = len(on_the_other)
    wait_until(lambda: len(on_the_other) > so_far + 20, "reads of the other device")
    stop.set()
    threads[8].join(5 * PATIENCE)
    equal(wrong, [])
    equal(set(on_the_other), {0}, "outcomes on the other device")
    check(set(outcomes) <= {0, errno.EIO, errno.ENODEV, errno.ENOENT}, "outcomes", set(outcomes))
    check(len([o for o in outcomes if o]) == 8, "not every reader ended with an error")
    states = {device["name"]: device["state"] for device in serve.status()}
    equal(states, {names[0]: "local", (other if names[0] == image else image): "active"})
    serve.log("back with its own driver")
    check("[cdrom]" in lab.run("tree", "--control", serve.control).stdout, "no cdrom in the tree")
    equal(serve.unshare(names[0]).returncode, 1)
    attach.stop()
    serve.wait_state("offered", 1)
    serve.stop()


@case("unshare of a device that nobody reads")
def quiet(lab):
    serve, attach, (disc,) = lab.pair()
    equal(serve.status()[0]["state"], "active")
    check(serve.status()[0]["client"].startswith("127.0.0.1:"), serve.status())
    equal(serve.unshare(serve.status()[0]["device"]).returncode, 0)
    gone(disc)
    equal(attach.wait_discs(0), [])
    equal(os.listdir(attach.mount), [])
    equal(serve.status()[0]["state"], "local")
    check(attach.alive(), "attach has ended")  # the connection is still there
    attach.stop()
    serve.stop()


@case("unshare while the client stands still")
def silent(lab):
    serve, attach, (disc,) = lab.pair()
    attach.hold()
    equal(serve.unshare(lab.iso()).returncode, 0)
    equal(serve.status()[0]["state"], "local")
    attach.release()
    gone(disc)
    attach.stop()
    serve.stop()


@case("unshare while the server stands still with reads on the way")
def held(lab):
    serve, attach, (disc,) = lab.pair()
    readers = [lab.reader(disc) for _ in range(4)]
    serve.hold()
    for index, reader in enumerate(readers):
        reader.ask_and_block(index * SECTOR, 50000)
    asked = lab.start("unshare", lab.iso(), "--control", serve.control)
    time.sleep(0.05)
    serve.release()
    equal(asked.wait(), 0)
    for reader in readers:
        kind, number = reader.answer()
        check((kind, number) == ("got", 50000) or (kind == "errno" and number in (errno.EIO, errno.ENODEV)), kind, number)
        reader.end()
    gone(disc)
    attach.stop()
    serve.stop()


@case("unshare while a peer by hand says nothing, half a request, or takes no answers")
def half(lab):
    image = lab.iso()
    for what in ("nothing", "half a header", "half a request", "half its data", "no answers"):
        serve = lab.serve(image)
        peer = lab.peer(serve)
        ident = peer.plugged().id
        request = frames.scsi(ident, frames.read10(0, 1), SECTOR)
        if what == "half a header":
            peer.send(request[:20])
        elif what == "half a request":
            peer.send(request[:60])
        elif what == "half its data":
            peer.send(frames.scsi(ident, b"\x2a" + bytes(9), 4096, flags=frames.DATA_OUT, data=bytes(4096))[:2000])
        elif what == "no answers":
            # More than the sockets' buffers and the requests in flight hold together.
            block = 64
            request = b"".join(frames.scsi(ident, frames.read10(n % 32, block), block * SECTOR) for n in range(200))
            peer.socket.settimeout(0.5)
            try:
                for _ in range(50):
                    peer.send(request)
            except OSError:
                pass
            peer.socket.settimeout(10 * PATIENCE)
        time.sleep(0.02)
        began = time.monotonic()
        done = serve.unshare(image)
        equal((done.returncode, done.stderr), (0, ""), what)
        check(time.monotonic() - began < 1 * PATIENCE, "with", what, "it took its time")
        equal(serve.status()[0]["state"], "local", what)
        if what == "nothing":
            frame = peer.receive()
            equal((frame.op, frame.id), (frames.PLUGOUT, ident))
            # A request now is answered with another PLUGOUT, and the connection goes on.
            for _ in range(3):
                peer.send(request)
                frame = peer.receive()
                equal((frame.op, frame.id), (frames.PLUGOUT, ident))
        elif what == "half a request":
            peer.send(request[60:])
            frame = peer.receive()
            equal((frame.op, frame.id), (frames.PLUGOUT, ident))
            frame = peer.receive()
            equal((frame.op, frame.id), (frames.PLUGOUT, ident))
        serve.stop()
        peer.close()


@case("the server's end, with readers: they get an error, nobody hangs")
def serve_ends(lab):
    serve, attach, (disc,) = lab.pair()
    reader = lab.reader(disc)
    reader.ask(0, 4096)
    equal(reader.answer(), ("got", 4096))
    serve.stop(signal.SIGINT)
    reader.ask(0, 4096)
    equal(reader.answer()[0], "errno")
    gone(disc)
    check(attach.alive(), "attach ends with a file open")
    reader.end()
    equal(attach.wait(), 1, "status of an attach that has no server any more")
    attach.log("no server is left")


if __name__ == "__main__":
    the_lab.main()

# SPDX-License-Identifier: MIT
"""More than one of everything: clients, servers, devices."""
import os
import signal

import frames
import lab as the_lab
from lab import case, check, equal, pread, read_all, scale, wait_until


def marked(lab, name, number):
    """An image of its own, told from the others by its last sector."""
    path = lab.iso(name)
    with open(path, "r+b") as file:
        file.seek(-2048, os.SEEK_END)
        file.write(bytes([number]) * 2048)
    return path


def last_byte(disc):
    return pread(disc, os.path.getsize(disc) - 1, 1)[0]


@case("the second client gets the devices when the first one ends")
def two_clients(lab):
    serve = lab.serve(lab.iso(), lab.iso("other.iso"))
    first = lab.attach(serve)
    first.wait_discs(2)
    serve.wait_state("active")
    second = lab.attach(serve)
    third = lab.peer(serve)
    wait_until(lambda: serve.err.count(": connected") == 3, "three connections")
    equal(second.discs(), [])
    equal(os.listdir(second.mount), [])
    equal(len({device["client"] for device in serve.status()}), 1)
    first.stop()
    for disc in second.wait_discs(2):
        equal(read_all(disc), read_all(lab.iso()))
    second.kill()
    ids = {third.plugged().id, third.plugged().id}
    equal(len(ids), 2)
    for ident in ids:
        equal(third.read(ident, 16, 1), pread(lab.iso(), 16 * 2048, 2048))
    # Given back by hand: nobody else is there, and the one who gave it back does not get it again.
    third.send(frames.header(min(ids), frames.PLUGOUT))
    frame = third.receive()
    equal((frame.op, frame.id), (frames.PLUGOUT, min(ids)))
    serve.wait_state("offered", 1)
    fourth = lab.attach(serve)
    fourth.wait_discs(1)
    equal(third.read(max(ids), 16, 1), pread(lab.iso(), 16 * 2048, 2048))
    fourth.stop()
    serve.stop()


@case("one attach, two servers with equal devices: both are there, with the right contents")
def two_servers(lab):
    images = [marked(lab, "one.iso", 1), marked(lab, "two.iso", 2)]
    serves = [lab.serve(image) for image in images]
    attach = lab.attach(*serves)
    discs = attach.wait_discs(2)
    equal({device["device"] for serve in serves for device in serve.status()}, {serves[0].status()[0]["device"]}, "one hardware id")
    equal(sorted(last_byte(disc) for disc in discs), [1, 2])
    by_mark = {last_byte(disc): disc for disc in discs}
    for number, image in enumerate(images, 1):
        equal(read_all(by_mark[number]), read_all(image), f"image {number}")
    # One of the servers ends: its device goes, the other one stays, and attach with it.
    serves[0].stop()
    wait_until(lambda: not os.path.exists(by_mark[1]), "the first device to go")
    equal(read_all(by_mark[2]), read_all(images[1]))
    check(attach.alive())
    serves[1].kill()
    equal(attach.wait(), 1)


@case("eight devices of one server, all right, none mixed up")
def eight(lab):
    images = [marked(lab, f"disc{number}.iso", number + 1) for number in range(8)]
    serve, attach, discs = lab.pair(*images)
    equal(sorted(last_byte(disc) for disc in discs), list(range(1, 9)))
    equal(sorted(os.listdir(attach.mount)), [f"cdrom{number}" for number in range(8)])
    for disc in discs:
        equal(read_all(disc), read_all(images[last_byte(disc) - 1]))
    for image in images[::2]:
        equal(serve.unshare(image).returncode, 0)
    left = attach.wait_discs(4)
    equal(sorted(last_byte(disc) for disc in left), [2, 4, 6, 8])
    attach.stop()
    serve.wait_state("offered", 4)
    serve.stop()


@case("the same server twice on one line")
def twice(lab):
    serve = lab.serve()
    attach = lab.attach(serve, serve)
    (disc,) = attach.wait_discs(1)
    equal(read_all(disc), read_all(lab.iso()))
    attach.stop()
    serve.stop()


@case("as many drives as the adapter has, and one more")
def limit(lab):
    images = [lab.iso()] * 64
    serve = lab.serve(*images)
    equal(len(serve.status()), 64)
    attach = lab.attach(serve)
    discs = attach.wait_discs(64, 20)
    equal(len(set(discs)), 64)
    for disc in discs[::scale(1, 8)]:
        equal(pread(disc, 32768, 2048), pread(lab.iso(), 32768, 2048))
    check(lab.run("tree", "--control", serve.control).stdout.count("[scsiserver]") == 64)
    attach.stop(signal.SIGINT)
    serve.stop()


if __name__ == "__main__":
    the_lab.main()

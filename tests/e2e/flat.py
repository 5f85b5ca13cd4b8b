# SPDX-License-Identifier: MIT
"""Memory does not grow with what has come and gone."""
import socket
import subprocess

import frames
import lab as the_lab
from article import Article
from lab import SANITIZED, case, check, equal, pread, scale, wait_until

CYCLES = scale(300, 40)


def is_flat(process, cycle):
    """
    Runs the cycles: after the second half there is no more memory than after the first, within a tenth. A buffer that is needed for the
    first time is growth as well, but only once; so it is tried three times.
    """
    for _ in range(3):
        for _ in range(CYCLES // 2):
            cycle()
        middle = process.rss()
        for _ in range(CYCLES // 2):
            cycle()
        end = process.rss()
        print(f"# {process.name}: {middle} kB after {CYCLES // 2} cycles, {end} kB after {CYCLES}")
        # A sanitizer keeps freed memory aside.
        if SANITIZED or end <= middle * 1.1:
            return
    raise AssertionError(f"{process.name} grows")


@case("serve, while clients connect, read and disconnect")
def serve_with_clients(lab):
    serve = lab.serve(lab.iso(), lab.iso("other.iso"))
    turn = 0

    def cycle():
        nonlocal turn
        turn += 1
        peer = lab.peer(serve)
        ids = [peer.plugged().id, peer.plugged().id]
        for ident in ids:
            equal(peer.read(ident, 16, 8), pread(lab.iso(), 32768, 16384))
        if turn % 3 == 0:
            peer.send(frames.header(ids[0], frames.PLUGOUT))
            peer.receive()
        elif turn % 3 == 1:
            # Answers that nobody takes.
            peer.send(frames.scsi(ids[0], frames.read10(0, 64), 64 * 2048) * 10)
        peer.close()
        lab.closing.remove(peer)

    is_flat(serve, cycle)
    serve.wait_state("offered")
    serve.stop()
    equal(serve.err.count("back with its own driver"), serve.err.count("given to"))


@case("console client, while it connects, has a device, and disconnects")
def console_client(lab):
    serve = lab.serve()
    console = lab.start("console", "client", "--server", serve.address, stdin=subprocess.PIPE)
    console.expect("client> ")

    def do(word, answer):
        console.child.stdin.write((word + "\n").encode())
        console.child.stdin.flush()
        console.expect(answer)

    def cycle():
        do("Connect", "Connected$")
        serve.log("given to")
        do("Disconnect", "Disconnected$")
        serve.log("back with its own driver")

    is_flat(console, cycle)
    do("Exit", "client> ")
    equal(console.wait(), 0)
    console.check_health()
    serve.stop()


@case("attach, while devices come, are read, and go")
def attach_with_devices(lab):
    the_lab.need_fuse()
    server = Article(lab, frames.MARK, 8, patient=False)
    attach = lab.attach(server.address)
    attach.wait_discs(1)
    ident = 7

    def cycle():
        nonlocal ident
        (disc,) = attach.discs()
        equal(pread(disc, 5000, 50000), server.image[5000:55000])
        server.peer.send(frames.header(ident, frames.PLUGOUT))
        attach.wait_discs(0)
        ident += 1
        server.peer.send(frames.plugin(ident, irp=frames.MARK, information=8))
        attach.wait_discs(1)

    is_flat(attach, cycle)
    attach.stop()
    equal(server.problem, None)


@case("serve, while many connect and wait, and one after the other gets the device")
def queue(lab):
    serve = lab.serve()
    peers = [lab.peer(serve) for _ in range(scale(100, 30))]
    wait_until(lambda: serve.err.count(": connected") == len(peers), "all to be connected")
    # Not in the order in which they are made here: each connection is a thread at the server.
    waiting = list(peers)
    while waiting:
        owner = None
        client = wait_until(lambda: serve.status()[0].get("client"), "an owner")
        for peer in waiting:
            if "%s:%d" % peer.socket.getsockname() == client:
                owner = peer
        check(owner, client, "is nobody's")
        equal(owner.read(owner.plugged().id, 16, 1), pread(lab.iso(), 32768, 2048))
        owner.socket.shutdown(socket.SHUT_WR)
        owner.ended()
        waiting.remove(owner)
        wait_until(lambda c=client: serve.status()[0].get("client") != c, "the next one")
    serve.wait_state("offered")
    serve.stop()


if __name__ == "__main__":
    the_lab.main()

# SPDX-License-Identifier: MIT
"""Peers that send nonsense to serve: their connection ends with one line in the log, and nobody else notices."""
import os
import random
import socket
import struct
import threading
import time

import frames
import lab as the_lab
from frames import (DATA_OUT, MAXIMUM_DATA, PASS_THROUGH, PLUGOUT, QUERY_PROPERTY, REQUEST, SCSI, header, ioctl, pass_through,
                    read10, scsi)
from lab import PATIENCE, SECTOR, case, check, equal, read_all, scale, wait_until

INQUIRY = frames.inquiry()


def violations(ident):
    """(name, bytes, words of the log). ident: a device of this connection."""
    short_pass, total = pass_through(frames.inquiry(), 36)
    yield "garbage", bytes(range(256)), "unknown or misplaced operation"
    yield "zeros", bytes(48), "unknown or misplaced operation"
    yield "ones", b"\xff" * 48, "unknown or misplaced operation"
    yield "wrong operation", header(ident, 4), "unknown or misplaced operation"
    yield "a PLUGIN from a client", frames.plugin(1), "unknown or misplaced operation"
    yield "a length of 0", header(ident, REQUEST, length=0, major=SCSI), "frame too short"
    yield "a length of 47", header(ident, REQUEST, length=47, major=SCSI), "frame too short"
    yield "a length of 4 GiB", header(ident, REQUEST, length=0xFFFFFFFF, major=SCSI), "frame too long"
    yield "a length just above the limit", header(ident, REQUEST, length=MAXIMUM_DATA + 4097, major=SCSI), "frame too long"
    yield "a PLUGOUT with a body", header(ident, PLUGOUT, length=49) + b"x", "does not match"
    yield "a PLUGOUT too short", header(ident, PLUGOUT, length=40), "too short"
    yield "a PLUGOUT of a device that never was", header(999, PLUGOUT), "never plugged in"
    yield "a request for a device that never was", scsi(999, INQUIRY, 36), "never plugged in"
    yield "a request for device 0", scsi(0, INQUIRY, 36), "never plugged in"
    yield "no PACKED_SRB", header(ident, REQUEST, length=48, major=SCSI), "too short"
    yield "half a PACKED_SRB", header(ident, REQUEST, length=70, major=SCSI) + bytes(22), "too short"
    yield "a CDB of 17 bytes", scsi(ident, INQUIRY, 36, cdb_length=17), "cdb longer"
    yield "a CDB of 255 bytes", scsi(ident, INQUIRY, 36, cdb_length=255), "cdb longer"
    yield "too much data", scsi(ident, read10(0, 1), MAXIMUM_DATA + 1), "data transfer too long"
    yield "all the data there is", scsi(ident, read10(0, 1), 0xFFFFFFFF), "data transfer too long"
    yield "data out that is not there", scsi(ident, b"\x2a" + bytes(9), 2048, flags=DATA_OUT), "does not match"
    yield "data in that is there", scsi(ident, read10(0, 1), 2048, data=bytes(2048)), "does not match"
    yield "an IOCTL with a body of another length", ioctl(ident, QUERY_PROPERTY, bytes(12), 100, input_length=8), "does not match"
    yield "an IOCTL with a huge buffer", ioctl(ident, QUERY_PROPERTY, bytes(12), 0x7FFFFFFF), "too long"
    yield "GET_ADDRESS with 4 GiB of input that is not there", ioctl(ident, frames.GET_ADDRESS, b"", 8, input_length=0xFFFFFFFF), "too long"
    yield "POWER_ACTIVE with 4 GiB of output", ioctl(ident, frames.POWER_ACTIVE, b"", 0xFFFFFFFF), "too long"
    yield "GET_ADDRESS with a body", ioctl(ident, frames.GET_ADDRESS, b"x", 8), "does not match"
    yield "a pass-through too short", ioctl(ident, PASS_THROUGH, bytes(10), 100), "too short"
    yield "a pass-through of a wrong size", ioctl(ident, PASS_THROUGH, b"\0" + short_pass[1:], total), "pass-through"
    yield "a pass-through whose data is outside", ioctl(ident, PASS_THROUGH, short_pass, 60), "pass-through"
    yield "a pass-through whose offset lies in the structure", ioctl(ident, PASS_THROUGH, patched(short_pass, 24, "<Q", 8), total), "pass-through"
    yield "a pass-through whose offset wraps", ioctl(ident, PASS_THROUGH, patched(short_pass, 24, "<Q", 0xFFFFFFFFFFFFFFF0), total), "pass-through"
    yield "a pass-through whose sense data lies over its data", ioctl(ident, PASS_THROUGH, patched(short_pass, 32, "<I", 80), total), "pass-through"


def patched(data, offset, form, value):
    return data[:offset] + struct.pack(form, value) + data[offset + struct.calcsize(form):]


class Victim:
    """An attach that reads all the time, and must not notice anything."""

    def __init__(self, lab, serve):
        # The server's first connection, which is offered every device before the others: it wants one.
        self.attach = lab.attach(frames.Chooser(lab, serve, 1).address)
        (self.disc,) = self.attach.wait_discs(1)
        self.wanted = read_all(lab.iso())
        self.reads, self.wrong, self.stop = 0, [], threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        chance = random.Random(1)
        try:
            fd = os.open(self.disc, os.O_RDONLY)
            while not self.stop.is_set():
                at = chance.randrange(len(self.wanted) - 100000)
                if os.pread(fd, 65536, at) != self.wanted[at:at + 65536]:
                    self.wrong.append(at)
                self.reads += 1
                self.stop.wait(0.002)
            os.close(fd)
        except OSError as error:
            self.wrong.append(error)

    def end(self):
        before = self.reads
        try:
            wait_until(lambda: self.reads > before + 3 or self.wrong, "reads to go on")
        finally:
            self.stop.set()
            self.thread.join(10 * PATIENCE)
        check(not self.thread.is_alive(), "the victim hangs")
        equal(self.wrong, [])
        self.attach.stop()


def peer_name(peer):
    return "%s:%d" % peer.socket.getsockname()


@case("each kind of malformed frame ends its own connection with one line, and a reader next to it goes on")
def each(lab):
    serve = lab.serve(lab.iso(), lab.iso("other.iso"))
    victim = Victim(lab, serve)
    for name, _, _ in violations(0):
        peer = lab.peer(serve)
        ident = peer.plugged().id
        data, words = next((data, words) for n, data, words in violations(ident) if n == name)
        # Something good before it, of which the answer comes.
        equal(peer.ask(scsi(ident, INQUIRY, 36)).status, 0, name)
        mark = peer_name(peer)
        peer.send(data)
        try:
            peer.ended()
        except AssertionError as problem:
            raise AssertionError(f"{name}: {problem}") from None
        line = serve.log(f"^scsinet: {mark}: (.*)$", 5).group(1)
        while not line.startswith("connection ended"):
            line = serve.log(f"^scsinet: {mark}: (.*)$", 5).group(1)
        check(words in line, f"{name}: '{words}' is not in '{line}'")
        serve.log("back with its own driver")
        equal(len([l for l in serve.err.splitlines() if f"{mark}: connection ended" in l]), 1, "lines about " + name)
    wait_until(lambda: victim.reads > 10, "reads")
    victim.end()
    serve.stop()


@case("a connection that breaks off anywhere in a frame gives its device back")
def broken_off(lab):
    serve = lab.serve()
    request = scsi(1, read10(0, 2), 2 * SECTOR)
    for cut in (0, 1, 16, 47, 48, 49, 91, 92):
        for how in ("close", "reset"):
            peer = lab.peer(serve)
            peer.plugged()
            peer.send(request[:cut])
            if how == "reset":
                peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
            serve.log("back with its own driver", 5)
    for _ in range(20):
        # Gone before it is given anything.
        lab.peer(serve).close()
    serve.wait_state("offered")
    peer = lab.peer(serve)
    ident = peer.plugged().id
    peer.socket.shutdown(socket.SHUT_WR)  # says no more, but listens: that is an end as well
    peer.ended()
    check(ident > 0)
    serve.wait_state("offered")
    serve.stop()


def mutate(chance, frame):
    frame = bytearray(frame)
    kind = chance.random()
    if kind < 0.6:
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            frame[chance.randrange(len(frame))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    elif kind < 0.8:
        at = chance.randrange(0, len(frame) - 3)
        struct.pack_into("<I", frame, at & ~3, chance.choice((0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 48, 92, 1 << 24, chance.getrandbits(32))))
    elif kind < 0.9:
        del frame[chance.randrange(len(frame)):]
    else:
        frame += bytes(chance.randrange(256) for _ in range(chance.randrange(100)))
    return bytes(frame)


def samples(ident):
    passing, total = pass_through(frames.inquiry(), 36)
    sense, sense_total = pass_through(read10(0xFFFFFF, 1), SECTOR)
    return [scsi(ident, INQUIRY, 36), scsi(ident, read10(16, 4), 4 * SECTOR), scsi(ident, frames.READ_CAPACITY, 8),
            scsi(ident, frames.TEST_UNIT_READY), scsi(ident, function=frames.CLAIM_DEVICE), scsi(ident, function=frames.RELEASE_DEVICE),
            scsi(ident, b"\x2a" + bytes(9), SECTOR, flags=DATA_OUT, data=bytes(SECTOR)), scsi(ident, b"\x5a" + bytes(6) + b"\0\x40\0", 64),
            scsi(ident, b"\x43\0\0\0\0\0\0\0\x40\0", 64), scsi(ident, b"\x46" + bytes(6) + b"\x01\0\0", 256),
            ioctl(ident, QUERY_PROPERTY, bytes(12), 100), ioctl(ident, frames.GET_ADDRESS, b"", 8),
            ioctl(ident, PASS_THROUGH, passing, total), ioctl(ident, PASS_THROUGH, sense, sense_total),
            ioctl(ident, frames.ENABLE_IDLE_POWER, bytes(16), 0), ioctl(ident, frames.POWER_ACTIVE), header(ident, PLUGOUT)]


@case("thousands of mutated requests, and a reader next to them", 60)
def mutations(lab):
    seed = int(os.environ.get("SCSINET_SEED", "20"))
    print(f"# SCSINET_SEED={seed}")
    chance = random.Random(seed)
    serve = lab.serve(lab.iso(), lab.iso("other.iso"))
    victim = Victim(lab, serve)
    sent, connections = 0, 0
    wanted = scale(10000, 2000)
    end = time.monotonic() + 20 * PATIENCE
    while sent < wanted and time.monotonic() < end:
        peer = lab.peer(serve)
        peer.socket.settimeout(5 * PATIENCE)
        ident = peer.plugged().id
        connections += 1
        # As many at once as it takes to be thrown out, or a handful.
        batch = [mutate(chance, chance.choice(samples(ident))) for _ in range(chance.randrange(1, 12))]
        try:
            peer.send(b"".join(batch))
            peer.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        sent += len(batch)
        peer.ended()
        peer.close()
        lab.closing.remove(peer)
        check(serve.alive(), "serve has died, seed", seed, "after", sent)
    check(sent >= wanted, "only", sent, "mutations in time")
    print(f"# {sent} mutated frames on {connections} connections, {victim.reads} reads next to them")
    victim.end()
    serve.wait_state("offered")
    peer = lab.peer(serve)
    ident = peer.plugged().id
    peer.close()
    check(ident > 0)
    serve.stop()


if __name__ == "__main__":
    the_lab.main()

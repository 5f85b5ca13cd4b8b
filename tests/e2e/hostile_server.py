# SPDX-License-Identifier: MIT
"""Servers that send nonsense to attach and to console client: one line, the connection ends, the program goes on or ends in good order."""
import os
import random
import socket
import struct
import subprocess
import threading
import time

import frames
import lab as the_lab
from article import Article
from frames import (AUTOSENSE_VALID, IOCTL, MARK, PLUGIN, PLUGOUT, REQUEST, SCSI, SRB_DATA_OVERRUN, SRB_SUCCESS, STATUS_IO_DEVICE_ERROR,
                    STATUS_NOT_SUPPORTED, STATUS_PENDING, cdrom_ids, header, utf16, utf16_list)
from lab import PATIENCE, SECTOR, case, check, equal, read_all, scale


def with_id(index, value):
    ids = cdrom_ids()
    ids[index] = value
    return frames.plugin(1, ids)


def entry(index, offset=None, length=None, status=None):
    """A good PLUGIN with one entry of its table changed."""
    data = bytearray(frames.plugin(1))
    at = 48 + 12 * index
    for place, value in ((0, offset), (4, length), (8, status)):
        if value is not None:
            struct.pack_into("<I", data, at + place, value)
    return bytes(data)


def bad_plugins():
    """(name, frame, words)"""
    good = frames.plugin(1)
    room = len(good) - 48
    yield "an offset behind the frame", entry(0, offset=room + 4), "outside"
    yield "an offset of 4 GiB", entry(0, offset=0xFFFFFFFE), "outside"
    yield "an offset in the table", entry(0, offset=12), "outside"
    yield "a length behind the frame", entry(1, length=room), "outside"
    yield "a length that wraps", entry(1, length=0xFFFFFF00), "outside"
    yield "an odd length", entry(0, length=7), "unterminated"
    yield "a length of 0", entry(0, length=0), "unterminated"
    yield "no terminator", with_id(0, "SCSI\\X".encode("utf-16-le")), "unterminated"
    yield "something behind the terminator", with_id(0, utf16("SCSI\\X") + utf16("Y")), "unterminated"
    yield "a list with one terminator", with_id(1, utf16("SCSI\\X")), "unterminated"
    yield "an empty instance", with_id(3, utf16("")), "unterminated"
    yield "a comma", with_id(0, utf16("SCSI\\A,B")), "not allowed"
    yield "a control character", with_id(0, utf16("SCSI\\A\nB")), "not allowed"
    yield "letters of another alphabet", with_id(1, utf16_list(["SCSI\\\u0416"])), "not allowed"
    yield "a backslash in an instance", with_id(3, utf16("..\\..")), "not allowed"
    yield "an id of 300 letters", with_id(0, utf16("SCSI\\" + "X" * 300)), "not allowed"
    yield "no device id", with_id(0, None), "without its ids"
    yield "no hardware ids", with_id(1, None), "without its ids"
    yield "no instance", with_id(3, None), "without its ids"
    yield "an empty list of hardware ids", with_id(1, b"\0\0\0\0"), ""
    yield "a failed device id", entry(0, status=STATUS_NOT_SUPPORTED), "without its ids"
    yield "a description without end", frames.plugin(1, texts=("Disc".encode("utf-16-le"), None)), "unterminated"
    yield "small capabilities", frames.plugin(1, capabilities=bytes(60)), "capabilities"
    yield "large capabilities", frames.plugin(1, capabilities=bytes(68)), "capabilities"
    yield "a table that is cut off", frames.plugin(1, raw=bytes(100)), "too short"
    yield "a table of zeros", frames.plugin(1, raw=bytes(108)), "without its ids"
    yield "no table", header(1, PLUGIN), "too short"
    yield "a frame of 20,000 bytes", frames.plugin(1, raw=bytes(20000)), "too long"
    yield "a frame of 4 GiB", header(1, PLUGIN, length=0xFFFFFFFF), "too long"
    yield "a request from a server", frames.scsi(1, frames.inquiry(), 36), ""
    yield "an answer to nobody", header(5, REQUEST, length=48, major=IOCTL, status=STATUS_NOT_SUPPORTED), "never plugged in"
    yield "an operation of 9", header(1, 9), "unknown or misplaced"
    yield "a PLUGOUT with a body", header(1, PLUGOUT, length=60) + bytes(12), "does not match"
    yield "zeros", bytes(4096), "unknown or misplaced"
    yield "HTTP", b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n" * 3, "unknown or misplaced"


def twisted(kind, request, good):
    """An answer to a request that is not what was asked for; good: what it should be."""
    srb = request.srb

    def answer(body, major=SCSI, status=0, ident=None, irp=None, information=0, code=0):
        return header(request.id if ident is None else ident, REQUEST, request.irp if irp is None else irp, 48 + len(body), major,
                      code=code, status=status, information=information) + body

    def packed(length, **more):
        return frames.srb(srb.cdb, length, more.pop("flags", srb.flags), srb.function, more.pop("srb_status", SRB_SUCCESS), 0,
                          more.pop("sense", 0), srb.cdb_length)

    extra = srb.length + 2048
    return {
        "more data than was asked for": lambda: answer(packed(extra) + bytes(extra)),
        "much more data than was asked for": lambda: answer(packed(1 << 20) + bytes(1 << 20)),
        "a length of 16 MiB and nothing behind it": lambda: answer(packed(16 << 20)),
        "a length above all limits": lambda: answer(packed(0xFFFFFFFF)),
        "less data than it says": lambda: answer(packed(srb.length) + bytes(srb.length - 1)),
        "more data than it says": lambda: answer(packed(8) + bytes(srb.length)),
        "half a PACKED_SRB": lambda: answer(packed(0)[:20]),
        "an answer for another mark": lambda: answer(packed(srb.length) + bytes(srb.length), irp=b"\xff" * 8),
        "an answer for another generation": lambda: answer(packed(srb.length) + bytes(srb.length),
                                                           irp=request.irp[:4] + struct.pack("<I", struct.unpack_from("<I", request.irp, 4)[0] + 1)),
        "an answer for another device": lambda: answer(packed(srb.length) + bytes(srb.length), ident=77),
        "the status pending": lambda: answer(packed(srb.length) + bytes(srb.length), status=STATUS_PENDING),
        "the status more processing required": lambda: answer(packed(0), status=0xC0000016),
        "the SRB status pending": lambda: answer(packed(srb.length, srb_status=0) + bytes(srb.length)),
        "an IOCTL's answer to an SRB": lambda: answer(b"", major=IOCTL, code=frames.GET_ADDRESS),
        "another major function": lambda: answer(b"", major=3),
        "sense data that are not there": lambda: answer(packed(0, srb_status=4 | AUTOSENSE_VALID, sense=255), status=STATUS_IO_DEVICE_ERROR),
        "an overrun of 4 GiB": lambda: answer(packed(0xFFFFFFF0, srb_status=SRB_DATA_OVERRUN)),
        "the same answer twice": lambda: good + good,
        "the same device plugged in again": lambda: frames.plugin(request.id),
        "a piece of an answer, then the end": lambda: good[:60],
    }[kind]()


KINDS = ["more data than was asked for", "much more data than was asked for", "a length of 16 MiB and nothing behind it",
         "a length above all limits", "less data than it says", "more data than it says", "half a PACKED_SRB", "an answer for another mark",
         "an answer for another generation", "an answer for another device", "the status pending", "the status more processing required",
         "the SRB status pending", "an IOCTL's answer to an SRB", "another major function", "sense data that are not there",
         "an overrun of 4 GiB", "the same answer twice", "the same device plugged in again", "a piece of an answer, then the end"]


class Liar(Article):
    """A server that behaves until it is asked for sectors from `where` on."""

    def __init__(self, lab, twist, mark=MARK, information=8):
        self.twist, self.lied = twist, threading.Event()
        super().__init__(lab, mark, information)

    def answer(self, frame):
        good = super().answer(frame)
        srb = frame.srb
        if srb and srb.function == 0 and srb.cdb[0] == 0x28 and struct.unpack_from(">I", srb.cdb, 2)[0] >= 100 and not self.lied.is_set():
            self.lied.set()
            data = self.twist(frame, good)
            self.peer.send(data)
            if data and len(data) < 92 and data == good[:len(data)]:
                self.peer.socket.shutdown(socket.SHUT_RDWR)
            return b""
        return good


@case("each malformed PLUGIN ends the connection with one line; attach and console client stay whole", 60)
def plugins(lab):
    the_lab.need_fuse()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10 * PATIENCE)
    address = "127.0.0.1:%d" % listener.getsockname()[1]
    console = lab.start("console", "client", "--server", address, stdin=subprocess.PIPE)
    mount = None
    kinds = list(bad_plugins())
    for name, data, words in kinds:
        console.child.stdin.write(b"Connect\n")
        console.child.stdin.flush()
        peer = frames.Peer(listener.accept()[0])
        console.expect("Connected$")
        peer.send(data)
        try:
            peer.ended()
        except AssertionError as problem:
            raise AssertionError(f"{name}: {problem}") from None
        line = console.log(r"connection ended: (.*)$").group(1)
        check(words in line, f"{name}: '{words}' is not in '{line}'")
        peer.close()
    console.child.stdin.write(b"Exit\n")
    console.child.stdin.close()
    equal(console.wait(), 0)
    console.check_health()
    equal(len(console.err.splitlines()), len(kinds), "lines")
    for name, data, words in kinds[::scale(3, 12)]:
        attach = lab.attach(address, mount=mount)
        mount = attach.mount
        peer = frames.Peer(listener.accept()[0])
        peer.send(data)
        equal(attach.wait(), 1, name)
        check(words in attach.err, name, attach.err)
        equal(attach.err.count("connection ended"), 1)
        attach.check_health()
        peer.close()
    listener.close()


@case("each answer that does not fit its request ends the connection; the reader gets an I/O error", 60)
def answers(lab):
    the_lab.need_fuse()
    mount = None
    for kind in KINDS:
        liar = Liar(lab, lambda request, good, k=kind: twisted(k, request, good))
        attach = lab.attach(liar.address, mount=mount)
        mount = attach.mount
        (disc,) = attach.wait_discs(1)
        fd = os.open(disc, os.O_RDONLY)
        equal(os.pread(fd, 5000, 0), liar.image[:5000], kind)
        try:
            found = os.pread(fd, 30000, 100 * SECTOR)
            # What came before it was seen through may be right.
            check(kind in ("the same answer twice", "the same device plugged in again") and found == liar.image[204800:234800],
                  f"{kind}: a read worked, {len(found)} bytes")
        except OSError:
            pass
        check(liar.lied.is_set(), "nothing has been twisted")
        attach.log("its devices are gone")
        if kind != "a piece of an answer, then the end":
            equal(attach.err.count("connection ended:"), 1, kind + ": lines")
        try:
            os.close(fd)
        except OSError:
            pass
        equal(attach.wait(), 1, kind)
        attach.check_health()
        equal(liar.problem, None)
        liar.close()


@case("another server's device is not disturbed by one that lies")
def neighbour(lab):
    the_lab.need_fuse()
    serve = lab.serve()
    wanted = read_all(lab.iso())
    liar = Liar(lab, lambda request, good: twisted("more data than was asked for", request, good))
    attach = lab.attach(serve, liar.address)
    discs = attach.wait_discs(2)
    fds = [os.open(disc, os.O_RDONLY) for disc in discs]
    outcomes = []
    for fd in fds:
        try:
            outcomes.append(os.pread(fd, 30000, 204800) == wanted[204800:234800])
        except OSError:
            outcomes.append(None)
    equal(sorted(outcomes, key=str), [None, True])
    attach.wait_discs(1)
    good = fds[outcomes.index(True)]
    for at in range(0, 400000, 50000):
        equal(os.pread(good, 50000, at), wanted[at:at + 50000])
    for fd in fds:
        try:
            os.close(fd)
        except OSError:
            pass
    check(attach.alive())
    attach.stop()
    serve.stop()


@case("hundreds of mutated answers and PLUGINs", 90)
def mutations(lab):
    the_lab.need_fuse()
    seed = int(os.environ.get("SCSINET_SEED", "20"))
    print(f"# SCSINET_SEED={seed}")
    chance = random.Random(seed)

    def bend(data):
        data = bytearray(data)
        for _ in range(chance.choice((1, 1, 2, 5))):
            at = chance.randrange(min(len(data), chance.choice((48, 92, 200, 1 << 20))))
            data[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        if chance.random() < 0.1:
            del data[chance.randrange(len(data)):]
        return bytes(data)

    # PLUGINs go to a console client, which connects again and again in one process.
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10 * PATIENCE)
    address = "127.0.0.1:%d" % listener.getsockname()[1]
    console = lab.start("console", "client", "--server", address, stdin=subprocess.PIPE)
    rounds = scale(300, 40)
    end = time.monotonic() + 20 * PATIENCE
    good = frames.plugin(1, texts=(utf16("Disc"), utf16("Somewhere")))
    tried = 0
    while tried < rounds and time.monotonic() < end:
        console.child.stdin.write(b"Connect\n")
        console.child.stdin.flush()
        peer = frames.Peer(listener.accept()[0])
        console.expect("Connected$")
        peer.send(bend(good))
        # Where the frame is still good the device asks its first questions, and hears nonsense.
        peer.socket.settimeout(0.02)
        try:
            request = peer.receive()
            if request is not None and request.srb:
                peer.send(bend(header(request.id, REQUEST, request.irp, 92 + 36, SCSI) + frames.srb(request.srb.cdb, 36, request.srb.flags,
                                                                                               request.srb.function, SRB_SUCCESS)
                               + bytes(36)))
                peer.receive()
        except (TimeoutError, AssertionError, OSError):
            pass
        peer.close()
        # "Connect" says "already connected" until the end has been seen.
        console.log("^scsinet: ")
        tried += 1
        check(console.alive(), "console client has died, seed", seed, "after", tried)
    check(tried >= rounds, "only", tried, "in time")
    console.child.stdin.write(b"Exit\n")
    console.child.stdin.close()
    equal(console.wait(), 0)
    console.check_health()
    listener.close()

    # Answers go to a reader.
    mount = None
    for _ in range(scale(60, 8)):
        liar = Liar(lab, lambda request, good: bend(good))
        attach = lab.attach(liar.address, mount=mount)
        mount = attach.mount
        (disc,) = attach.wait_discs(1)
        reader = lab.reader(disc)
        reader.ask(100 * SECTOR, 30000)
        # The mark or the id may have been bent so that no answer comes: nothing wrong with that, until the connection ends.
        try:
            reader.answer(0.3 / PATIENCE)
        except AssertionError:
            liar.close()
            reader.answer()
        liar.close()
        reader.end()
        equal(attach.wait(), 1, f"seed {seed}")
        attach.check_health()
        lab.processes.remove(reader)
        lab.processes.remove(attach)


if __name__ == "__main__":
    the_lab.main()

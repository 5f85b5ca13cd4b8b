# SPDX-License-Identifier: MIT
"""The classic protocol byte for byte: a client of the article's kind at our server, and its kind of server at our client."""
import os
import socket
import struct
import threading
import time

import frames
import lab as the_lab
from article import Article
from frames import (AUTOSENSE_VALID, CLAIM_DEVICE, DATA_OUT, ENABLE_IDLE_POWER, GET_ADDRESS, IOCTL, MARK, PASS_THROUGH, PLUGIN, PLUGOUT,
                    POWER_ACTIVE, QUERY_PROPERTY, RELEASE_DEVICE, REQUEST, SCSI, SRB_DATA_OVERRUN, SRB_ERROR, SRB_INVALID_REQUEST,
                    SRB_SUCCESS, STATUS_INVALID_PARAMETER, STATUS_IO_DEVICE_ERROR, STATUS_NOT_SUPPORTED, header, ioctl, pass_through,
                    read10, scsi)
from lab import PATIENCE, SECTOR, case, check, equal, pread, read_all, wait_until


def connected(lab):
    serve = lab.serve()
    peer = lab.peer(serve)
    plugin = peer.plugged()
    return serve, peer, plugin


def sense_of(answer):
    """(key, additional code, qualifier)"""
    return answer[2] & 0x0F, answer[12], answer[13]


@case("what is in a PLUGIN")
def plugin_contents(lab):
    serve, peer, plugin = connected(lab)
    equal((plugin.op, plugin.status, plugin.minor, plugin.code), (PLUGIN, 0, 0, 0))
    check(plugin.id > 0)
    equal(plugin.length, 48 + len(plugin.body))
    check(len(plugin.body) <= 16384)
    equal(plugin.irp, MARK, "the mark")
    equal(plugin.information, 64, "requests in flight")
    ids, texts, capabilities = frames.read_plugin(plugin)
    device, hardware, compatible, instance, _, _ = ids
    status = serve.status()[0]
    # Its ids are unique on its bus only: plug and play puts something in between.
    path = status["instance"].upper()
    check(path.startswith(device.upper() + "\\") and path.endswith(instance.upper()), path, device, instance)
    equal(hardware[0], status["device"])
    check("GenCdRom" in hardware, hardware)
    check("SCSI\\CdRom" in compatible, compatible)
    check(device.startswith("SCSI\\CdRom"), device)
    check("\\" not in instance and "," not in device)
    check(texts[0], "no description")
    equal(len(capabilities), 64)
    size, version = struct.unpack_from("<HH", capabilities)
    equal((size, version), (64, 1))
    # No entry lies over another or over the table.
    spans = sorted(struct.unpack_from("<II", plugin.body, 12 * n) for n in range(9))
    end = 108
    for offset, length in spans:
        if offset:
            check(offset >= end, "entries overlap", spans)
            end = offset + length
    serve.stop()


@case("INQUIRY, READ CAPACITY, READ(10), MODE SENSE, READ TOC")
def commands(lab):
    serve, peer, plugin = connected(lab)
    image = read_all(lab.iso())
    blocks = len(image) // SECTOR
    answer = peer.ask(scsi(plugin.id, frames.inquiry(36), 36))
    equal((answer.status, answer.major, answer.srb.srb_status, answer.srb.scsi_status, answer.srb.length), (0, SCSI, SRB_SUCCESS, 0, 36))
    equal(answer.srb.data[0] & 0x1F, 5, "device type")
    check(answer.srb.data[1] & 0x80, "not removable")
    equal(answer.srb.cdb, frames.inquiry(36).ljust(16, b"\0"), "the CDB comes back")
    answer = peer.ask(scsi(plugin.id, frames.READ_CAPACITY, 8))
    equal(struct.unpack(">II", answer.srb.data), (blocks - 1, SECTOR))
    for sector, count in ((0, 1), (16, 1), (17, 7), (blocks - 1, 1), (0, 32)):
        answer = peer.ask(scsi(plugin.id, read10(sector, count), count * SECTOR))
        equal((answer.status, answer.srb.srb_status, answer.srb.length), (0, SRB_SUCCESS, count * SECTOR))
        equal(answer.length, 92 + count * SECTOR)
        equal(answer.srb.data, image[sector * SECTOR:(sector + count) * SECTOR])
    equal(peer.ask(scsi(plugin.id, frames.TEST_UNIT_READY)).srb.srb_status, SRB_SUCCESS)
    toc = peer.ask(scsi(plugin.id, b"\x43\0\0\0\0\0\0\0\x0c\0", 12)).srb.data
    equal(toc[2:4], b"\x01\x01", "first and last track")
    equal(peer.ask(scsi(plugin.id, b"", 0, function=0x99)).status, STATUS_NOT_SUPPORTED)
    serve.stop()


@case("a check condition comes with its sense data, a short transfer with its data")
def unusual(lab):
    serve, peer, plugin = connected(lab)
    blocks = os.path.getsize(lab.iso()) // SECTOR
    answer = peer.ask(scsi(plugin.id, read10(blocks, 1), SECTOR))
    equal((answer.status, answer.srb.scsi_status), (STATUS_IO_DEVICE_ERROR, 2))
    equal(answer.srb.srb_status, SRB_ERROR | AUTOSENSE_VALID)
    check(14 <= answer.srb.sense_length <= 18, answer.srb.sense_length)
    equal(answer.length, 92 + answer.srb.sense_length, "sense data and nothing else")
    equal(sense_of(answer.srb.sense), (5, 0x21, 0), "LBA out of range")
    answer = peer.ask(scsi(plugin.id, b"\xff" + bytes(5), 100))
    equal(sense_of(answer.srb.sense), (5, 0x20, 0), "invalid command")
    # Less sense data than there is, and none.
    answer = peer.ask(scsi(plugin.id, read10(blocks, 1), SECTOR, sense=8))
    equal((answer.srb.sense_length, len(answer.srb.sense)), (8, 8))
    answer = peer.ask(scsi(plugin.id, read10(blocks, 1), SECTOR, sense=0))
    equal((answer.status, answer.length), (STATUS_IO_DEVICE_ERROR, 92))
    # Kept for whoever asks.
    answer = peer.ask(scsi(plugin.id, b"\x03\0\0\0\x12\0", 18))
    equal(sense_of(answer.srb.data), (5, 0x21, 0))
    # 36 bytes of INQUIRY data where 96 were asked for.
    answer = peer.ask(scsi(plugin.id, frames.inquiry(96), 200))
    equal(answer.srb.srb_status & 0x3F, SRB_DATA_OVERRUN)
    check(36 <= answer.srb.length < 200, answer.srb.length)
    equal(answer.length, 92 + answer.srb.length, "the data that there are")
    equal(answer.srb.data[0] & 0x1F, 5)
    # Nothing of this has hurt.
    equal(peer.read(plugin.id, 16, 1), pread(lab.iso(), 16 * SECTOR, SECTOR))
    serve.stop()


@case("the five IOCTLs, and one of the others")
def ioctls(lab):
    serve, peer, plugin = connected(lab)
    answer = peer.ask(ioctl(plugin.id, GET_ADDRESS, b"", 8))
    equal((answer.status, answer.information, answer.length, answer.major, answer.code), (0, 8, 56, IOCTL, GET_ADDRESS))
    length, port, path, target, lun = struct.unpack("<IBBBB", answer.body)
    equal((length, path, target, lun), (8, 0, 0, 0), f"address on port {port}")
    for prop, least in ((0, 36), (1, 24)):
        answer = peer.ask(ioctl(plugin.id, QUERY_PROPERTY, struct.pack("<III", prop, 0, 0), 1024))
        equal(answer.status, 0)
        check(answer.information >= least and answer.length == 48 + answer.information, answer)
        version, size = struct.unpack_from("<II", answer.body)
        check(version >= least - 8 and size >= version, version, size)
    # Only the head, as everybody asks first.
    answer = peer.ask(ioctl(plugin.id, QUERY_PROPERTY, struct.pack("<III", 0, 0, 0), 8))
    equal((answer.status, answer.information), (0, 8))
    answer = peer.ask(ioctl(plugin.id, QUERY_PROPERTY, struct.pack("<III", 999, 0, 0), 1024))
    check(answer.status & 0x80000000 and answer.information == 0 and answer.length == 48, answer)

    # Pass-through, data in.
    body, total = pass_through(frames.inquiry(36), 36)
    answer = peer.ask(ioctl(plugin.id, PASS_THROUGH, body, total))
    equal(answer.status, 0)
    equal(answer.length, 48 + len(answer.body))
    passed = frames.PassThrough(answer.body)
    equal((passed.scsi_status, passed.length, passed.sense_length), (0, 36, 0))
    equal(passed.data[0] & 0x1F, 5)
    # With sense data: the request works, the SCSI status tells.
    body, total = pass_through(read10(0xFFFFFF, 1), SECTOR)
    answer = peer.ask(ioctl(plugin.id, PASS_THROUGH, body, total))
    equal(answer.status, 0)
    passed = frames.PassThrough(answer.body)
    equal((passed.scsi_status, passed.length), (2, 0))
    check(passed.sense_length >= 14, passed.sense_length)
    equal(sense_of(passed.sense), (5, 0x21, 0))
    # No data.
    body, total = pass_through(frames.TEST_UNIT_READY)
    answer = peer.ask(ioctl(plugin.id, PASS_THROUGH, body, total))
    equal((answer.status, frames.PassThrough(answer.body).scsi_status), (0, 0))

    for code in (POWER_ACTIVE, ENABLE_IDLE_POWER):
        answer = peer.ask(ioctl(plugin.id, code, bytes(16) if code == ENABLE_IDLE_POWER else b""))
        equal((answer.length, answer.information), (48, 0), "length of the answer")
    for code in (0x2D4808, 0x4D014, 0, 0xFFFFFFFF):
        answer = peer.ask(ioctl(plugin.id, code, b"whatever", 100))
        equal((answer.status, answer.length), (STATUS_NOT_SUPPORTED, 48), f"code {code:x}")
    answer = peer.ask(header(plugin.id, REQUEST, frames.mark(), 48, 0x03))
    equal((answer.status, answer.length), (STATUS_NOT_SUPPORTED, 48))
    equal(peer.read(plugin.id, 16, 1), pread(lab.iso(), 16 * SECTOR, SECTOR))
    serve.stop()


@case("a request above the adapter's limit is refused in its answer")
def too_large(lab):
    serve, peer, plugin = connected(lab)
    adapter = peer.ask(ioctl(plugin.id, QUERY_PROPERTY, struct.pack("<III", 1, 0, 0), 1024)).body
    limit = struct.unpack_from("<I", adapter, 8)[0]
    check(65536 <= limit < frames.MAXIMUM_DATA, limit)
    for length in (limit + 1, limit + SECTOR, frames.MAXIMUM_DATA):
        answer = peer.ask(scsi(plugin.id, read10(0, length // SECTOR & 0xFFFF), length))
        equal((answer.status, answer.srb.srb_status, answer.srb.data), (STATUS_INVALID_PARAMETER, SRB_INVALID_REQUEST, b""), str(length))
    answer = peer.ask(scsi(plugin.id, b"\x2a" + bytes(9), limit + SECTOR, flags=DATA_OUT, data=bytes(limit + SECTOR)))
    equal((answer.status, answer.srb.srb_status), (STATUS_INVALID_PARAMETER, SRB_INVALID_REQUEST))
    # As much as it takes.
    blocks = min(limit // SECTOR, os.path.getsize(lab.iso()) // SECTOR)
    equal(peer.read(plugin.id, 0, blocks), pread(lab.iso(), 0, blocks * SECTOR))
    # A write to a disc that can't be written: its data are taken, and refused.
    answer = peer.ask(scsi(plugin.id, b"\x2a" + bytes(7) + b"\x01\0", SECTOR, flags=DATA_OUT, data=bytes(SECTOR)))
    equal(answer.status, STATUS_IO_DEVICE_ERROR)
    check(sense_of(answer.srb.sense)[0] in (5, 7), answer.srb.sense.hex())
    serve.stop()


@case("many requests in flight are told apart by their marks")
def in_flight(lab):
    serve, peer, plugin = connected(lab)
    image = read_all(lab.iso())
    pending = {}
    for number in range(200):
        sector = number * 37 % 300
        mark = struct.pack("<II", number, 0xDEADBEEF)
        pending[mark] = sector
        peer.send(scsi(plugin.id, read10(sector, 4), 4 * SECTOR, irp=mark))
    while pending:
        answer = peer.receive()
        sector = pending.pop(answer.irp)
        equal(answer.status, 0)
        equal(answer.srb.data, image[sector * SECTOR:(sector + 4) * SECTOR])
    # All of one frame after the other in pieces of a byte.
    request = scsi(plugin.id, read10(16, 1), SECTOR)
    for byte in request:
        peer.send(bytes([byte]))
    equal(peer.receive().srb.data, image[16 * SECTOR:17 * SECTOR])
    # Ids that one client used twice at a time are its own affair.
    peer.send(scsi(plugin.id, read10(0, 1), SECTOR, irp=b"same....") + scsi(plugin.id, read10(16, 1), SECTOR, irp=b"same...."))
    equal({peer.receive().srb.data, peer.receive().srb.data}, {image[:SECTOR], image[16 * SECTOR:17 * SECTOR]})
    serve.stop()


@case("a claim, and what is left when its owner goes")
def claim(lab):
    serve, peer, plugin = connected(lab)
    answer = peer.ask(scsi(plugin.id, function=CLAIM_DEVICE))
    equal((answer.status, answer.srb.srb_status, answer.length), (0, SRB_SUCCESS, 92))
    answer = peer.ask(scsi(plugin.id, function=CLAIM_DEVICE))
    check(answer.status & 0x80000000, "claimed twice")
    equal(peer.ask(scsi(plugin.id, function=RELEASE_DEVICE)).status, 0)
    equal(peer.ask(scsi(plugin.id, function=CLAIM_DEVICE)).status, 0)
    peer.close()
    serve.log("back with its own driver")
    serve.wait_state("offered")
    check("[cdrom]  started" in lab.run("tree", "--control", serve.control).stdout)
    peer = lab.peer(serve)
    ident = peer.plugged().id
    equal(peer.ask(scsi(ident, function=CLAIM_DEVICE)).status, 0)
    peer.send(header(ident, PLUGOUT))
    frame = peer.receive()
    equal((frame.op, frame.id), (PLUGOUT, ident))
    # The article's client sends one more request: another PLUGOUT is the answer, and the connection stays.
    for _ in range(3):
        peer.send(scsi(ident, frames.inquiry(), 36))
        frame = peer.receive()
        equal((frame.op, frame.id, frame.length), (PLUGOUT, ident, 48))
    serve.says_nothing_of("connection ended")
    serve.stop()


# ---- the other way: a server of the article's kind ----

def read_with_eight(disc, wanted):
    results = []

    def run(number):
        fd = os.open(disc, os.O_RDONLY)
        for turn in range(3):
            at = (number * 3 + turn) * 20000
            results.append(os.pread(fd, 30000, at) == wanted[at:at + 30000])
        os.close(fd)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10 * PATIENCE)
        check(not thread.is_alive(), "a reader hangs")
    equal(results, [True] * 24)


@case("a server of the article's kind is sent one request at a time; one with the mark more, never more than it says")
def article_server(lab):
    the_lab.need_fuse()
    wanted = read_all(lab.iso())
    for mark, information, least, most in ((bytes(8), 0xCCCCCCCC, 1, 1), (b"scsinet2", 8, 1, 1), (MARK, 0, 1, 1), (MARK, 3, 2, 3),
                                           (MARK, 1000, 2, 32)):
        server = Article(lab, mark, information)
        attach = lab.attach(server.address)
        (disc,) = attach.wait_discs(1)
        equal(os.path.getsize(disc), len(wanted))
        read_with_eight(disc, wanted)
        equal(server.problem, None)
        check(least <= server.most <= most, f"mark {mark}, {information}: {server.most} requests at once")
        check(server.served > 24, server.served)
        check(CLAIM_DEVICE in server.functions, "cdrom did not claim its device")
        equal(pread(disc, 12345, 100), wanted[12345:12445])
        # It plugs out, and hears no more of the device; then a second one comes on the same connection.
        server.peer.send(header(7, PLUGOUT))
        attach.wait_discs(0)
        server.peer.send(frames.plugin(8, frames.cdrom_ids("0002"), irp=mark, information=information))
        (disc,) = attach.wait_discs(1)
        equal(pread(disc, 4096, 4096), wanted[4096:8192])
        attach.stop()
        server.close()


@case("a server that closes at once, says nothing, or speaks late")
def odd_servers(lab):
    the_lab.need_fuse()
    listener = socket.create_server(("127.0.0.1", 0))
    address = "127.0.0.1:%d" % listener.getsockname()[1]
    attach = lab.attach(address)
    peer = frames.Peer(listener.accept()[0])
    equal(os.listdir(attach.mount), [])
    peer.close()
    equal(attach.wait(), 1)
    attach = lab.attach(address, mount=attach.mount)
    peer = frames.Peer(listener.accept()[0])
    time.sleep(0.1)
    attach.stop()
    peer.ended()
    # A PLUGOUT of what never was is nothing to a client.
    attach = lab.attach(address, mount=attach.mount)
    peer = frames.Peer(listener.accept()[0])
    peer.send(header(99, PLUGOUT))
    peer.send(frames.plugin(1)[:30])
    time.sleep(0.02)
    peer.send(frames.plugin(1)[30:])
    request = peer.receive()
    equal((request.op, request.id), (REQUEST, 1))
    # Never answered: the end of the connection ends it.
    peer.close()
    equal(attach.wait(), 1)
    listener.close()
    wait_until(lambda: not the_lab.is_mounted(attach.mount), "the mount to go")


if __name__ == "__main__":
    the_lab.main()

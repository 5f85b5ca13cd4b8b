# SPDX-License-Identifier: MIT
"""A server of the article's kind, in this process, for our client to attach to."""
import socket
import struct
import threading

import frames
from frames import (AUTOSENSE_VALID, IOCTL, QUERY_PROPERTY, REQUEST, SCSI, SRB_ERROR, SRB_SUCCESS, STATUS_IO_DEVICE_ERROR,
                    STATUS_NOT_SUPPORTED, header)
from lab import SECTOR, read_all


class Article(threading.Thread):
    """
    A server that executes one request at a time from an image, and remembers how many were under way at once. It has no mark in its
    PLUGIN and puts what was on its stack into the fields that the article leaves undefined.
    """

    def __init__(self, lab, mark=bytes(8), information=0xCCCCCCCC, patient=True):
        super().__init__(daemon=True)
        self.image = read_all(lab.iso())
        self.mark, self.information = mark, information
        self.patient = patient  # looks whether more requests come before it answers
        self.listener = socket.create_server(("127.0.0.1", 0))
        lab.closing.append(self)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.most, self.served, self.problem, self.peer = 0, 0, None, None
        self.functions = set()
        self.ready = threading.Event()
        self.start()

    def close(self):
        self.listener.close()
        if self.peer:
            try:
                self.peer.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def answer(self, frame):
        if frame.major == IOCTL:
            data, status = b"", STATUS_NOT_SUPPORTED
            if frame.code == QUERY_PROPERTY:
                prop = struct.unpack_from("<I", frame.body)[0]
                # STORAGE_ADAPTER_DESCRIPTOR: 64 KiB, 17 pages; else STORAGE_DEVICE_DESCRIPTOR.
                full = (struct.pack("<IIIII4B4B", 32, 32, 65536, 17, 0, 0, 0, 0, 0, 1, 0, 2, 0) if prop == 1 else
                        struct.pack("<II4B6I", 40, 40, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0))
                data, status = full[:frame.output], 0
            return header(frame.id, REQUEST, frame.irp, 48 + len(data), IOCTL, code=frame.code, status=status, information=len(data)) + data
        srb = frame.srb
        self.functions.add(srb.function)
        data, sense, status, scsi_status, srb_status = b"", b"", 0, 0, SRB_SUCCESS
        operation = srb.cdb[0]
        if srb.function != frames.EXECUTE_SCSI:
            pass
        elif operation == 0x12:
            data = (b"\x05\x80\x05\x02\x1f\0\0\0TEST    DRIVE           1.00").ljust(36)[:srb.length]
        elif operation == 0x25:
            data = struct.pack(">II", len(self.image) // SECTOR - 1, SECTOR)
        elif operation == 0x28:
            sector, count = struct.unpack_from(">I", srb.cdb, 2)[0], struct.unpack_from(">H", srb.cdb, 7)[0]
            data = self.image[sector * SECTOR:(sector + count) * SECTOR]
        elif operation != 0:
            sense = bytes([0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0])[:srb.sense_length]
            status, scsi_status, srb_status = STATUS_IO_DEVICE_ERROR, 2, SRB_ERROR | (AUTOSENSE_VALID if sense else 0)
        body = frames.srb(srb.cdb, len(data), srb.flags, srb.function, srb_status, scsi_status, len(sense) or srb.sense_length,
                          srb.cdb_length) + data + sense
        return header(frame.id, REQUEST, frame.irp, 48 + len(body), SCSI, status=status, information=len(data)) + body

    def run(self):
        try:
            self.peer = frames.Peer(self.listener.accept()[0])
            self.peer.socket.settimeout(None)
            self.peer.send(frames.plugin(7, irp=self.mark, information=self.information))
            self.ready.set()
            while True:
                frame = self.peer.receive()
                if frame is None:
                    return
                under_way = [frame]
                # Whatever else has been sent by now would have been sent without waiting.
                self.peer.socket.settimeout(0.01)
                while self.patient:
                    try:
                        more = self.peer.receive()
                    except TimeoutError:
                        break
                    if more is None:
                        return
                    under_way.append(more)
                self.peer.socket.settimeout(None)
                self.most = max(self.most, len(under_way))
                for request in under_way:
                    if request.op == REQUEST:
                        self.peer.send(self.answer(request))
                        self.served += 1
        except OSError:
            pass
        except BaseException as problem:  # pylint: disable=broad-except
            self.problem = problem

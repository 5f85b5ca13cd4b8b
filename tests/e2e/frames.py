# SPDX-License-Identifier: MIT
"""The classic protocol by hand: frames, and a peer that sends and receives them. docs/protocol.md has the layout."""
import contextlib
import itertools
import socket
import struct
import threading

from lab import PATIENCE, SECTOR, check, equal

PLUGIN, PLUGOUT, REQUEST = 1, 2, 3
SCSI, IOCTL = 0x0F, 0x0E  # MajorFunction

GET_ADDRESS = 0x41018
QUERY_PROPERTY = 0x2D1400
ENABLE_IDLE_POWER = 0x2D1C80
POWER_ACTIVE = 0x2D1C88
PASS_THROUGH = 0x4D004

DATA_IN, DATA_OUT = 0x40, 0x80  # SrbFlags
SRB_SUCCESS, SRB_ERROR, SRB_INVALID_REQUEST, SRB_DATA_OVERRUN = 0x01, 0x04, 0x06, 0x12
AUTOSENSE_VALID = 0x80
EXECUTE_SCSI, CLAIM_DEVICE, RELEASE_DEVICE = 0x00, 0x01, 0x06

STATUS_PENDING = 0x103
STATUS_INVALID_PARAMETER = 0xC000000D
STATUS_IO_DEVICE_ERROR = 0xC0000185
STATUS_NOT_SUPPORTED = 0xC00000BB

MARK = b"scsinet1"
MAXIMUM_DATA = 16 << 20
_HEADER = struct.Struct("<II8sIIIIIIII")
_SRB = struct.Struct("<10B2xIIII16s")
_PASS = struct.Struct("<HBBBBBBB3xII4xQI16s4x")  # SCSI_PASS_THROUGH with 64-bit layout
assert _HEADER.size == 48 and _SRB.size == 44 and _PASS.size == 56

_marks = itertools.count(1)


class Frame:
    """A frame that came: the header's fields, and the body behind them."""

    def __init__(self, header, body):
        (self.id, self.op, self.irp, self.length, self.major, self.minor, self.code, self.input, self.output, self.status,
         self.information) = _HEADER.unpack(header)
        self.header, self.body = header, body
        self.srb = Srb(body) if self.op == REQUEST and self.major == SCSI and len(body) >= _SRB.size else None

    def __repr__(self):
        return (f"<frame id {self.id} op {self.op} irp {self.irp.hex()} length {self.length} major {self.major:x} code {self.code:x}"
                f" status {self.status:08X} information {self.information}>")


class Srb:
    def __init__(self, body):
        (self.function, self.srb_status, self.scsi_status, self.path, self.target, self.lun, self.tag, self.action, self.cdb_length,
         self.sense_length, self.flags, self.length, self.timeout, self.sort_key, self.cdb) = _SRB.unpack_from(body)
        rest = body[_SRB.size:]
        # Data first, then sense data, each where the fields say.
        has_sense = self.srb_status & AUTOSENSE_VALID
        self.sense = rest[len(rest) - self.sense_length:] if has_sense and len(rest) >= self.sense_length else b""
        self.data = rest[:len(rest) - len(self.sense)]


def header(ident, op, irp=bytes(8), length=48, major=0, minor=0, code=0, input_length=0, output_length=0, status=0, information=0):
    return _HEADER.pack(ident, op, irp, length, major, minor, code, input_length, output_length, status, information)


def srb(cdb=b"", length=0, flags=None, function=EXECUTE_SCSI, srb_status=0, scsi_status=0, sense=18, cdb_length=None, timeout=30):
    flags = (DATA_IN if length else 0) if flags is None else flags
    return _SRB.pack(function, srb_status, scsi_status, 0, 0, 0, 0, 0, len(cdb) if cdb_length is None else cdb_length, sense, flags,
                     length, timeout, 0, cdb)


def scsi(ident, cdb=b"", length=0, irp=None, data=b"", **more):
    """A request with a PACKED_SRB."""
    body = srb(cdb, length, **more) + data
    return header(ident, REQUEST, irp or mark(), 48 + len(body), SCSI) + body


def ioctl(ident, code, body=b"", output=0, irp=None, input_length=None):
    return header(ident, REQUEST, irp or mark(), 48 + len(body), IOCTL, code=code,
                  input_length=len(body) if input_length is None else input_length, output_length=output) + body


def mark():
    return struct.pack("<Q", next(_marks))


def read10(sector, count):
    return struct.pack(">BBIBHB", 0x28, 0, sector, 0, count, 0)


def inquiry(length=36):
    return struct.pack(">BBBHB", 0x12, 0, 0, length, 0)


READ_CAPACITY = b"\x25" + bytes(9)
TEST_UNIT_READY = bytes(6)


def pass_through(cdb, length=0, data_in=1, sense=18, data=b"", timeout=10):
    """The structure, then sense data, then data; returns (bytes to send, length of the output buffer)."""
    sense_offset = 56
    data_offset = (sense_offset + sense + 7) & ~7
    head = _PASS.pack(56, 0, 0, 0, 0, len(cdb), sense, data_in, length, timeout, data_offset if length else 0, sense_offset, cdb)
    total = data_offset + length
    if data:
        head = head.ljust(data_offset, b"\0") + data
    return head, total


class PassThrough:
    def __init__(self, body):
        (_, self.scsi_status, _, _, _, self.cdb_length, self.sense_length, self.data_in, self.length, self.timeout, self.data_offset,
         self.sense_offset, self.cdb) = _PASS.unpack_from(body)
        self.data = body[self.data_offset:self.data_offset + self.length] if self.length else b""
        self.sense = body[self.sense_offset:self.sense_offset + self.sense_length]


# ---- PLUGIN ----

def utf16(text):
    return text.encode("utf-16-le") + b"\0\0"


def utf16_list(texts):
    return b"".join(utf16(text) for text in texts) + b"\0\0"


def plugin(ident, ids=None, texts=(None, None), capabilities=None, irp=bytes(8), information=0, raw=None):
    """A PLUGIN with these six ids (bytes or None); raw replaces everything behind the header."""
    if raw is None:
        raw = pnp_info(ids if ids is not None else cdrom_ids(), texts, capabilities)
    return header(ident, PLUGIN, irp, 48 + len(raw), information=information) + raw


def cdrom_ids(instance="0001"):
    return [utf16("SCSI\\CdRomTEST____DRIVE___________1.00"), utf16_list(["SCSI\\CdRomTEST____DRIVE___________1.00", "GenCdRom"]),
            utf16_list(["SCSI\\CdRom", "SCSI\\RAW"]), utf16(instance), None, None]


def default_capabilities():
    return struct.pack("<HHIII", 64, 1, 0, 0xFFFFFFFF, 0xFFFFFFFF).ljust(64, b"\0")


def pnp_info(ids, texts=(None, None), capabilities=None):
    entries, tail = b"", b""
    for blob in [*ids, *texts, default_capabilities() if capabilities is None else capabilities]:
        if blob is None:
            entries += struct.pack("<III", 0, 0, STATUS_NOT_SUPPORTED)
        else:
            entries += struct.pack("<III", 108 + len(tail), len(blob), 0)
            tail += blob + b"\0" * (-len(blob) % 4)
    return entries + tail


def read_plugin(frame):
    """([six ids as text or list of texts or None], [two texts], capabilities)"""
    found = []
    for index in range(9):
        offset, length, status = struct.unpack_from("<III", frame.body, index * 12)
        if not offset:
            found.append(None)
            continue
        check(108 <= offset and offset + length <= len(frame.body), "entry", index, "points outside:", offset, length)
        equal(status, 0, f"status of entry {index}")
        blob = frame.body[offset:offset + length]
        if index == 8:
            found.append(blob)
        elif index in (1, 2):
            check(blob.endswith(b"\0\0\0\0"), "list", index, "is not terminated")
            found.append(blob[:-4].decode("utf-16-le").split("\0"))
        else:
            check(blob.endswith(b"\0\0"), "text", index, "is not terminated")
            found.append(blob[:-2].decode("utf-16-le"))
    return found[:6], found[6:8], found[8]


class Peer:
    """One end of a connection."""

    def __init__(self, connection):
        self.socket = connection
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(10 * PATIENCE)

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _exactly(self, length):
        parts = bytearray()
        while len(parts) < length:
            part = self.socket.recv(length - len(parts))
            if not part:
                return None if not parts else bytes(parts)
            parts += part
        return bytes(parts)

    def receive(self):
        """The next frame, or None at the end of the connection."""
        try:
            head = self._exactly(48)
            if head is None:
                return None
            check(len(head) == 48, "a piece of a header")
            length = _HEADER.unpack(head)[3]
            check(48 <= length <= MAXIMUM_DATA + 4096, "a length of", length)
            body = self._exactly(length - 48) if length > 48 else b""
            check(body is not None and len(body) == length - 48, "a piece of a frame")
            return Frame(head, body)
        except (ConnectionResetError, BrokenPipeError):
            return None

    def ask(self, data):
        """Sends a request and returns its answer, which must be the next frame."""
        self.send(data)
        answer = self.receive()
        check(answer is not None, "the connection ended instead of an answer")
        equal(answer.op, REQUEST, "operation of an answer")
        equal(answer.irp, data[8:16], "mark of an answer")
        equal(answer.id, struct.unpack_from("<I", data)[0], "id of an answer")
        return answer

    def plugged(self):
        """The next frame has to be a PLUGIN."""
        frame = self.receive()
        check(frame is not None and frame.op == PLUGIN, "no PLUGIN but", frame)
        return frame

    def ended(self):
        """The other side closes; frames before that are thrown away."""
        while self.receive() is not None:
            pass

    def read(self, ident, sector, count):
        answer = self.ask(scsi(ident, read10(sector, count), count * SECTOR))
        equal(answer.status, 0, "status of a read")
        return answer.srb.data


class Chooser:
    """Stands between a server and a client, and gives back every device but the first so many."""

    def __init__(self, lab, serve, keep):
        self.serve, self.keep, self.taken = serve, keep, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.ends = []
        lab.closing.append(self)
        threading.Thread(target=self._run, daemon=True).start()

    def close(self):
        self.listener.close()
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.socket.shutdown(socket.SHUT_RDWR)

    def _run(self):
        with contextlib.suppress(OSError):
            client = Peer(self.listener.accept()[0])
            server = Peer(socket.create_connection(("127.0.0.1", self.serve.port)))
            self.ends += [client, server]
            client.socket.settimeout(None)
            server.socket.settimeout(None)
            threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
            self._filter(server, client)

    def _forward(self, client, server):
        with contextlib.suppress(OSError):
            while True:
                data = client.socket.recv(65536)
                if not data:
                    break
                server.send(data)
        with contextlib.suppress(OSError):
            server.socket.shutdown(socket.SHUT_RDWR)

    def _filter(self, server, client):
        given_back = set()
        while True:
            frame = server.receive()
            if frame is None:
                break
            if frame.op == PLUGIN and self.taken == self.keep:
                given_back.add(frame.id)
                server.send(header(frame.id, PLUGOUT))
            elif frame.id not in given_back:
                self.taken += frame.op == PLUGIN
                client.send(frame.header + frame.body)
        with contextlib.suppress(OSError):
            client.socket.shutdown(socket.SHUT_RDWR)

# SPDX-License-Identifier: MIT
"""console server and console client, driven through pipes as a person would."""
import re
import signal
import socket
import subprocess

import frames
import lab as the_lab
from lab import case, check, equal, pread, wait_until

SECTOR = the_lab.SECTOR


class Console:
    def __init__(self, lab, *arguments):
        self.process = lab.start("console", *arguments, stdin=subprocess.PIPE)
        self.prompt = "server> " if arguments[0] == "server" else "client> "
        self.process.expect(self.prompt)

    def type(self, words):
        self.process.child.stdin.write((words + "\n").encode())
        self.process.child.stdin.flush()

    def do(self, words, pattern=None):
        """Types a line, waits for the prompt; what was printed in between has to match."""
        begin = self.process.seen["out"]
        self.type(words)
        self.process.expect(self.prompt)
        said = self.process.out[begin:self.process.seen["out"] - len(self.prompt)].strip()
        if pattern is not None:
            check(re.search(pattern, said, re.S), f"'{words}': '{pattern}' is not in '{said}'")
        return said

    def exit(self):
        self.type("Exit")
        self.process.child.stdin.close()
        equal(self.process.wait(), 0)
        self.process.check_health()


def server_console(lab, *images):
    words = [word for image in images for word in ("--image", image)]
    console = Console(lab, "server", "--listen", "127.0.0.1:0", *words)
    address = re.search(r"^listening on (\S+)$", console.process.out, re.M).group(1)
    return console, address


@case("a session of both: Connect, List, Share, Unshare, Disconnect, Exit")
def session(lab):
    server, address = server_console(lab, lab.iso(), lab.iso("other.iso"))
    client = Console(lab, "client", "--server", address)
    listed = server.do("List")
    ids = re.findall(r"^(SCSI\\\S+)$", listed, re.M)
    equal(len(ids), 2)
    instances = re.findall(r"^    instance  (.*)$", listed, re.M)
    equal(len(set(instances)), 2)
    equal(listed.count("driver    cdrom (started)"), 2)
    equal(client.do("List"), "no devices")

    server.do("Share " + ids[0], "not connected; use Connect first")
    server.do("Unshare " + ids[0], "there is no shared device")
    server.do("Disconnect", "not connected")
    client.do("Disconnect", "not connected")

    server.type("Connect")
    server.process.expect("waiting for a client")
    client.do("Connect", "^Connected$")
    server.process.expect("Connected\n" + server.prompt)
    server.do("Connect", "already connected; use Disconnect first")
    client.do("Connect", "already connected; use Disconnect first")
    server.do("Share SCSI\\Nothing", r"there is no device 'SCSI\\Nothing'")

    server.do("Share " + ids[0], "^Shared$")
    wait_until(lambda: "cdrom (started)" in client.do("List"), "the device at the client")
    equal(re.findall(r"^(SCSI\\\S+)$", client.do("List"), re.M), ids[:1])
    check("scsiserver (started)" in server.do("List"))
    check("[scsiserver]" in server.do("Tree") and "[cdrom]" in client.do("Tree"))
    # Two have this hardware id: the other one is taken next; then there is none left.
    server.do("Share " + ids[0], "^Shared$")
    server.do("Share " + ids[0], "is shared already")
    server.do("Share " + instances[1], "is shared already")
    wait_until(lambda: client.do("List").count("cdrom (started)") == 2, "the second device at the client")

    server.do("Unshare " + instances[0], "^Unshared$")
    wait_until(lambda: client.do("List").count("cdrom (started)") == 1, "the first device to go")
    server.do("Unshare " + instances[0], "is not shared")
    equal(server.do("List").count("cdrom (started)"), 1)
    server.do("Share " + instances[0], "^Shared$")
    server.do("Share\n" + instances[0], "is shared already")

    server.do("Disconnect", "^Disconnected$")
    wait_until(lambda: client.do("List") == "no devices", "the devices to go")
    equal(server.do("List").count("cdrom (started)"), 2)
    client.process.log("^scsinet: the server closed the connection")
    # And once more.
    server.type("Connect")
    client.do("Connect", "^Connected$")
    server.process.expect("Connected\n" + server.prompt)
    server.do("Share " + instances[1], "^Shared$")
    wait_until(lambda: "cdrom (started)" in client.do("List"), "the device at the client")
    client.do("Disconnect", "^Disconnected$")
    equal(client.do("List"), "no devices")
    wait_until(lambda: server.do("List").count("cdrom (started)") == 2, "the device to be back")
    server.do("Disconnect", "not connected")
    client.exit()
    server.exit()


@case("words that are no commands, several commands in one line, blank lines, the end of input")
def words(lab):
    server, address = server_console(lab)
    server.do("connect", "unknown command; there are Connect")
    server.do("Fly", "unknown command")
    server.do("x" * 5000, "unknown command")
    server.type("")
    server.process.expect(server.prompt)
    server.type("Disconnect Disconnect   Fly")
    server.process.expect("not connected\n(?:server> )?not connected\n(?:server> )?unknown command")
    server.process.expect(server.prompt)
    server.type("Share")
    server.process.expect("hardware id> ")
    server.do("whatever", "not connected")
    done = lab.run("console", "client", "--server", "127.0.0.1:9", text="Disconnect List Exit\n")
    equal((done.returncode, done.stderr), (0, ""))
    check(re.search("not connected.*no devices", done.stdout, re.S), done.stdout)
    equal(lab.run("console", "client", text="").returncode, 0)
    client = Console(lab, "client", "--server", address)
    client.do("Share x", "unknown command; there are Connect")
    client.process.child.stdin.write(b"Exi")
    client.process.child.stdin.close()  # half a word at the end is a word
    equal(client.process.wait(), 0)
    server.process.child.stdin.close()
    equal(server.process.wait(), 0)
    server.process.check_health()


@case("a client without a server, a server without a client, and signals")
def alone(lab):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    client = Console(lab, "client", "--server", f"127.0.0.1:{port}")
    client.do("Connect", f"cannot connect to 127.0.0.1:{port}")
    client.do("List", "^no devices$")
    client.process.stop(signal.SIGINT)
    server, _ = server_console(lab, lab.iso())
    server.type("Connect")
    server.process.expect("waiting for a client")
    server.process.stop(signal.SIGTERM)
    for words_, text in ((("server", "--image"), "wants a value"), (("server", "--what"), "'--what' is not an option"),
                         (("client", "--what"), "'--what' is not an option"), (("client", "--server", "x"), "HOST:PORT"),
                         (("server", "--image", lab.path("no.iso")), "there is no image")):
        done = lab.run("console", *words_)
        check(done.returncode > 0 and text in done.stderr and len(done.stderr.splitlines()) == 1, words_, done)


@case("the console server and peers by hand: one at a time, killed ones, exit with a device out")
def peers(lab):
    server, address = server_console(lab, lab.iso())
    port = int(address.rsplit(":", 1)[1])
    ident = re.search(r"^(SCSI\\\S+)$", server.do("List"), re.M).group(1)
    for turn in range(3):
        server.type("Connect")
        peer = frames.Peer(socket.create_connection(("127.0.0.1", port)))
        server.process.expect("Connected\n" + server.prompt)
        server.do("Share " + ident, "^Shared$")
        plugin = peer.plugged()
        equal(peer.read(plugin.id, 16, 1), pread(lab.iso(), 16 * SECTOR, SECTOR))
        if turn == 0:
            server.do("Unshare " + ident, "^Unshared$")
            equal(peer.receive().op, frames.PLUGOUT)
            server.do("Share " + ident, "^Shared$")
            again = peer.plugged()
            check(again.id != plugin.id, "an id is used twice")
            equal(peer.read(again.id, 16, 1), pread(lab.iso(), 16 * SECTOR, SECTOR))
        if turn == 2:
            break
        peer.close()
        wait_until(lambda: "cdrom (started)" in server.do("List"), "the device to be back")
        server.do("Disconnect", "not connected")
    server.exit()
    frame = peer.receive()
    check(frame is None or frame.op == frames.PLUGOUT, frame)
    peer.close()


if __name__ == "__main__":
    the_lab.main()

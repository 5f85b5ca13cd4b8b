# SPDX-License-Identifier: MIT
"""The interactive programs, driven through pipes: each command, and each that can't be done, is a sentence and the prompt again."""
import re
import subprocess

import lab as the_lab
from lab import case, check, equal, wait_until


class Console:
    def __init__(self, lab, prompt, *arguments):
        self.process = lab.start("console", *arguments, stdin=subprocess.PIPE)
        self.prompt = prompt
        self.process.expect(prompt)

    def tell(self, line, answer=None, seconds=15):
        """One line; waits for the answer and for the prompt behind it."""
        self.send(line)
        match = self.process.expect(answer, seconds) if answer else None
        self.process.expect(self.prompt, seconds)
        return match

    def send(self, line):
        self.process.child.stdin.write((line + "\n").encode())
        self.process.child.stdin.flush()

    def list(self):
        before = len(self.process.out)
        self.tell("List")
        return self.process.out[before:]

    def leave(self):
        self.send("Exit")
        equal(self.process.wait(), 0, "exit status")
        self.process.check_health()


def make_server(lab, *images):
    words = [word for image in images for word in ("--image", image)]
    server = Console(lab, "server> ", "server", "--listen", "127.0.0.1:0", *words)
    address = re.search(r"listening on (\S+)", server.process.out).group(1)
    return server, address


def connect(server, client):
    server.send("Connect")
    server.process.expect("waiting for a client")
    client.tell("Connect", "Connected")
    server.process.expect("Connected")
    server.process.expect(server.prompt)


def hardware_id(listing):
    return re.search(r"^(?:\w+> )?(SCSI\\CdRom\S+)", listing, re.M).group(1)


def driver(listing):
    return re.search(r"driver\s+(\S+)", listing).group(1)


@case("Connect, List, Share, Unshare, Disconnect, Exit")
def whole_round(lab):
    server, address = make_server(lab, lab.iso())
    client = Console(lab, "client> ", "client", "--server", address)
    check("CdRom" not in client.list(), "a device before anything was shared")
    connect(server, client)
    listing = server.list()
    device = hardware_id(listing)
    equal(driver(listing), "cdrom")
    server.tell(f"Share {device}", "Shared")
    equal(driver(server.list()), "scsiserver")
    wait_until(lambda: "CdRom" in client.list(), "the device on the client", 10)
    equal(driver(client.list()), "cdrom")
    server.tell(f"Unshare {device}", "Unshared")
    equal(driver(server.list()), "cdrom")
    wait_until(lambda: "CdRom" not in client.list(), "the device to go", 10)
    # Once more, and this time the client lets go.
    server.tell(f"Share {device}", "Shared")
    wait_until(lambda: "CdRom" in client.list(), "the device again", 10)
    client.tell("Disconnect", "Disconnected")
    check("CdRom" not in client.list(), "a device without a connection")
    wait_until(lambda: driver(server.list()) == "cdrom", "the device to be back", 10)
    client.leave()
    server.leave()


@case("commands that can't be done say why and leave the prompt")
def refusals(lab):
    server, address = make_server(lab, lab.iso(), lab.iso("other.iso"))
    client = Console(lab, "client> ", "client", "--server", address)
    server.tell("Share SCSI\\Nothing", "not connected; use Connect first")
    server.tell("Disconnect", "not connected")
    client.tell("Disconnect", "not connected")
    server.tell("Dance", "unknown command")
    client.tell("Dance", "unknown command")
    connect(server, client)
    server.tell("Connect", "already connected")
    client.tell("Connect", "already connected")
    server.tell("Share SCSI\\Nothing", "there is no device 'SCSI\\\\Nothing'")
    server.tell("Unshare SCSI\\Nothing", "there is no shared device")
    instances = re.findall(r"instance\s+(\S+)", server.list())
    equal(len(instances), 2)
    server.tell(f"Share {instances[0]}", "Shared")
    server.tell(f"Share {instances[0]}", "is shared already")
    server.tell(f"Unshare {instances[1]}", "not shared|no shared device")
    # The two have one hardware ID: the second Share takes the one that is left.
    device = hardware_id(server.list())
    server.tell(f"Share {device}", "Shared")
    server.tell(f"Share {device}", "is shared already")
    wait_until(lambda: client.list().count("instance") == 2, "both devices", 10)
    client.leave()
    server.leave()


@case("a client that finds no server says so and goes on")
def nobody_there(lab):
    server, address = make_server(lab, lab.iso())
    server.leave()
    client = Console(lab, "client> ", "client", "--server", address)
    client.tell("Connect", "cannot connect to .*refused")
    client.leave()


@case("the end of the input is an Exit; words may stand on one line")
def end_of_input(lab):
    done = lab.run("console", "client", "--server", "127.0.0.1:9", text="Disconnect List Exit\n")
    equal(done.returncode, 0)
    check("not connected" in done.stdout, done.stdout)
    done = lab.run("console", "client", "--server", "127.0.0.1:9", text="")
    equal(done.returncode, 0)


@case("misuse is one sentence and status 2")
def misuse(lab):
    for words in (["console"], ["console", "sideways"], ["console", "server", "--speed"], ["console", "client", "--server"]):
        done = lab.run(*words)
        equal(done.returncode, 2, words)
        equal(len(done.stderr.strip().splitlines()), 1, words)


if __name__ == "__main__":
    the_lab.main()

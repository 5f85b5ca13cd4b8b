# SPDX-License-Identifier: MIT
"""What goes wrong at the command line is said in one clear sentence, with a status that is not 0."""
import os
import re
import shutil
import socket

import lab as the_lab
from lab import SECTOR, PROGRAM, Process, case, check, equal, need_fuse, read_all


def refused(done, words, status=None):
    """One line on stderr that begins in lower case, has these words, and nothing on stdout."""
    lines = done.stderr.splitlines()
    equal(len(lines), 1, f"lines on stderr: {done.stderr!r}")
    check(re.match(r"scsinet: [a-z'(-]", lines[0]), "not a sentence:", lines[0])
    check(not lines[0].endswith("."), "a full stop:", lines[0])
    for word in [words] if isinstance(words, str) else words:
        check(word in lines[0], f"'{word}' is not in: {lines[0]}")
    equal(done.stdout, "", "stdout")
    if status is None:
        check(done.returncode > 0, "status", done.returncode)
    else:
        equal(done.returncode, status, "status")


def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@case("help, version and words that are no command")
def words(lab):
    done = lab.run("--help")
    equal((done.returncode, done.stderr), (0, ""))
    for command in ("serve", "attach", "unshare", "status", "tree", "console server", "console client"):
        check(f"  scsinet {command}" in done.stdout, command)
    check(all(len(line) <= 120 for line in done.stdout.splitlines()), "a long line in the help")
    check(re.fullmatch(r"scsinet \d+\.\d+\.\d+\n", lab.run("--version").stdout))
    equal(lab.run().returncode, 2)
    refused(lab.run("fly"), "'fly' is not a command", 2)
    refused(lab.run("console"), "'server' or 'client'", 2)
    refused(lab.run("console", "fly"), "'server' or 'client'", 2)


@case("serve and images that are none")
def images(lab):
    good = read_all(lab.iso())
    folder = lab.path("folder")
    os.mkdir(folder)
    files = {"short.iso": good[:len(good) - 100], "stump.iso": good[:16 * SECTOR], "zero.iso": bytes(len(good)), "empty.iso": b"",
             "text.iso": b"this is no image\n" * 1000}
    for name, content in files.items():
        with open(lab.path(name), "wb") as file:
            file.write(content)
    listen = ("--listen", "127.0.0.1:0")
    for name in files:
        refused(lab.run("serve", *listen, "--share", lab.path(name)), [f"'{lab.path(name)}' is not a whole CD or DVD image"], 1)
    refused(lab.run("serve", *listen, "--share", lab.path("nowhere.iso")), [f"there is no image '{lab.path('nowhere.iso')}'"], 1)
    refused(lab.run("serve", *listen, "--share", lab.path("nowhere/x.iso")), ["there is no image"], 1)
    refused(lab.run("serve", *listen, "--share", folder), [f"'{folder}' is a directory"], 1)
    refused(lab.run("serve", *listen, "--share", "/dev/null"), ["/dev/null"], 1)
    refused(lab.run("serve", *listen, "--share", lab.path("x" * 300)), ["there is no image"], 1)
    # The one that is good does not save the other.
    refused(lab.run("serve", *listen, "--share", lab.iso(), "--share", lab.path("zero.iso")), ["zero.iso"], 1)
    # One page twice: both are drives.
    serve = lab.serve(lab.iso(), lab.iso())
    equal(len(serve.status()), 2)
    serve.stop()


@case("serve and a fifo, or an image that may not be read")
def unreadable(lab):
    fifo = lab.path("fifo.iso")
    os.mkfifo(fifo)
    refused(lab.run("serve", "--listen", "127.0.0.1:0", "--share", fifo), ["fifo.iso"], 1)
    if os.getuid() != 0:
        image = lab.iso()
        os.chmod(image, 0)
        refused(lab.run("serve", "--listen", "127.0.0.1:0", "--share", image), ["may not be read"], 1)


@case("serve and its options")
def options(lab):
    image = lab.iso()
    refused(lab.run("serve"), "--share IMAGE", 2)
    refused(lab.run("serve", "--share"), "--share wants a value", 2)
    refused(lab.run("serve", "--shout", image), "'--shout' is not an option of serve", 2)
    refused(lab.run("serve", image), f"'{image}' is not an option of serve", 2)
    for listen in ("127.0.0.1", "127.0.0.1:", "127.0.0.1:port", "127.0.0.1:70000", "::1:3333", "127.0.0.1:-1"):
        done = lab.run("serve", "--listen", listen, "--share", image)
        check(done.returncode == 2 and len(done.stderr.splitlines()) == 1, listen, done.returncode, done.stderr)
    for listen in ("0.0.0.0:0", "[::]:0", "192.0.2.1:4444"):
        refused(lab.run("serve", "--listen", listen, "--share", image), ["--insecure", "not encrypted"], 1)
        refused(lab.run("console", "server", "--listen", listen), ["--insecure", "not encrypted"], 1)
    refused(lab.run("serve", "--listen", "192.0.2.1:4444", "--insecure", "--share", image), ["192.0.2.1", "cannot listen"], 1)
    serve = lab.serve(image, options=["--insecure"], listen="0.0.0.0:0")
    serve.stop()
    refused(lab.run("serve", "--listen", "127.0.0.1:0", "--control", lab.path("x" * 200), "--share", image), ["control"], 2)
    refused(lab.run("serve", "--listen", "127.0.0.1:0", "--control", lab.path("no/folder"), "--share", image), ["control"], 1)


@case("serve on a port that is in use, and two serves with one control socket")
def in_use(lab):
    first = lab.serve()
    refused(lab.run("serve", "--listen", first.address, "--share", lab.iso()), [str(first.port), "in use"], 1)
    refused(lab.run("console", "server", "--listen", first.address), [str(first.port), "in use"], 1)
    refused(lab.run("serve", "--listen", "127.0.0.1:0", "--control", first.control, "--share", lab.iso()),
            ["another serve answers at", first.control], 1)
    equal(len(first.status()), 1)  # still its own socket
    first.stop()
    check(not os.path.exists(first.control), "the control socket is still there")
    # What a killed one leaves is no obstacle; what is no socket is left alone.
    second = lab.serve()
    second.kill()
    check(os.path.exists(second.control))
    third = Process(lab, [PROGRAM, "serve", "--listen", second.address, "--control", second.control, "--share", lab.iso()])
    third.expect("^sharing 1 device on ")
    third.stop()
    with open(lab.path("precious"), "w", encoding="ascii") as file:
        file.write("precious")
    refused(lab.run("serve", "--listen", "127.0.0.1:0", "--control", lab.path("precious"), "--share", lab.iso()), ["precious"], 1)
    equal(read_all(lab.path("precious")), b"precious")


@case("the control socket's default place, and which of several serves is meant")
def default_control(lab):
    refused(lab.run("status"), "no serve is running here", 1)
    refused(lab.run("unshare", "x"), "no serve is running here", 1)
    refused(lab.run("tree"), "no serve is running here", 1)
    one = Process(lab, [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--share", lab.iso()])
    path = one.expect("^control socket (.*)$").group(1)
    check(path.startswith(lab.folder + "/scsinet/serve-"), path)
    equal(os.stat(path).st_mode & 0o777, 0o600)
    equal(os.stat(os.path.dirname(path)).st_mode & 0o777, 0o700)
    done = lab.run("status")
    check(done.returncode == 0 and "offered" in done.stdout, done)
    check("[cdrom]" in lab.run("tree").stdout)
    two = Process(lab, [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--share", lab.iso()])
    two.expect("^control socket (.*)$")
    refused(lab.run("status"), "several serves", 1)
    equal(lab.run("status", "--control", path).returncode, 0)
    two.stop()
    equal(lab.run("status").returncode, 0)
    one.stop()
    refused(lab.run("status"), "no serve is running here", 1)
    # A folder that others may enter is not used.
    os.chmod(lab.folder + "/scsinet", 0o755)
    refused(lab.run("serve", "--listen", "127.0.0.1:0", "--share", lab.iso()), "not a folder of yours alone", 1)


@case("attach")
def attach(lab):
    need_fuse()
    port = unused_port()
    folder = lab.path("mount")
    os.mkdir(folder)
    here = "fuse:" + folder
    refused(lab.run("attach"), "ADDR:PORT", 2)
    refused(lab.run("attach", "127.0.0.1:1"), "--as fuse:DIR", 2)
    refused(lab.run("attach", "127.0.0.1:1", "--as", "nbd:" + folder), "not a way to attach", 2)
    refused(lab.run("attach", "127.0.0.1:1", "--as", "fuse:"), "not a way to attach", 2)
    refused(lab.run("attach", "127.0.0.1", "--as", here), "HOST:PORT", 2)
    refused(lab.run("attach", "127.0.0.1:1", "--fast", "--as", here), "'--fast' is not an option of attach", 2)
    refused(lab.run("attach", f"127.0.0.1:{port}", "--as", here), [f"127.0.0.1:{port}", "cannot connect"], 1)
    refused(lab.run("attach", "no.such.host.invalid:1", "--as", here), ["cannot resolve", "no.such.host.invalid"], 1)
    serve = lab.serve()
    missing = lab.path("missing")
    refused(lab.run("attach", serve.address, "--as", "fuse:" + missing), [missing, "cannot mount"], 1)
    refused(lab.run("attach", serve.address, "--as", "fuse:" + lab.iso()), [lab.iso(), "not a directory"], 1)
    # One server of two that is not there: nothing is attached, and the one that is there goes on.
    refused(lab.run("attach", serve.address, f"127.0.0.1:{port}", "--as", here), f"127.0.0.1:{port}", 1)
    serve.wait_state("offered")
    check(not the_lab.is_mounted(folder))
    process = lab.attach(serve, mount=folder)
    process.wait_discs(1)
    process.stop()
    serve.stop()


@case("attach without the drivers")
def no_drivers(lab):
    need_fuse()
    empty = lab.path("empty")
    os.mkdir(empty)
    lab.env["NTIO_DRIVERS"] = empty
    refused(lab.run("serve", "--listen", "127.0.0.1:0", "--share", lab.iso()), ["driver", "cdrom"], 1)
    refused(lab.run("attach", "127.0.0.1:1", "--as", "fuse:" + empty), ["driver", "cdrom"], 1)
    shutil.rmtree(empty)


@case("unshare and status")
def unshare(lab):
    serve = lab.serve()
    refused(lab.run("unshare", "--control", serve.control), "unshare wants a device", 2)
    refused(lab.run("unshare", "a", "b", "--control", serve.control), "'b'", 2)
    refused(lab.run("unshare", "SCSI\\Nothing", "--control", serve.control), "there is no shared device 'SCSI\\Nothing'", 1)
    refused(lab.run("unshare", "x", "--control", lab.path("no.sock")), ["no serve answers", "no.sock"], 1)
    refused(lab.run("status", "--control", lab.path("no.sock")), ["no serve answers", "no.sock"], 1)
    refused(lab.run("status", "now", "--control", serve.control), "'now' is not an option of status", 2)
    refused(lab.run("tree", "now", "--control", serve.control), "'now' is not an option of tree", 2)
    (device,) = serve.status()
    equal(device["state"], "offered")
    done = serve.unshare(device["device"].upper())
    equal((done.returncode, done.stderr), (0, ""))
    equal(serve.status()[0]["state"], "local")
    for name in ("device", "instance", "name"):
        refused(serve.unshare(device[name]), "is not shared", 1)
    serve.stop()


if __name__ == "__main__":
    the_lab.main()

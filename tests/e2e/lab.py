# SPDX-License-Identifier: MIT
"""What the end-to-end tests stand on: the programs as real processes over loopback, in a folder of their own.

A test file decorates its cases and ends with lab.main(). A case gets a Lab; what it starts there is ended with it, and a process that
crashed, left something behind or left its mount fails the case. Every wait is for a condition and has a limit.

usage of a test file: NAME.py SCSINET [WORD of a case's title]
environment: NTIO_DRIVERS (the build's drivers), SCSINET_SANITIZE (meson's b_sanitize), SCSINET_E2E_KEEP=1 (keep the folders)
"""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
PROGRAM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None
SANITIZER = os.environ.get("SCSINET_SANITIZE", "none")
SANITIZED = SANITIZER != "none"
# How much longer things may take. Limits only; nothing waits that long when it works.
PATIENCE = 12 if "thread" in SANITIZER else 6 if SANITIZED else 2
SECTOR = 2048


class Skip(Exception):
    """The case can't be tried here; the argument says why."""


def scale(plain, sanitized):
    """A count or a size: the first in a plain build, the second under a sanitizer."""
    return sanitized if SANITIZED else plain


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(part) for part in what) or "condition does not hold")


def equal(found, wanted, what=""):
    if found != wanted:
        raise AssertionError(f"{what}: found {short(found)}, wanted {short(wanted)}")


def short(value):
    text = repr(value)
    return text if len(text) < 300 else text[:300] + "..."


def wait_until(condition, what, seconds=5):
    """Asks again until the condition holds; returns what it gave."""
    end = time.monotonic() + seconds * PATIENCE
    pause = 0.002
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


class Process:
    """A program whose output is collected. `expect` waits for text that has not been expected before."""

    def __init__(self, lab, arguments, stdin=subprocess.DEVNULL):
        self.name = arguments[1] if len(arguments) > 1 else arguments[0]
        self.may_die = False  # the case ends it with violence, or expects it to fail
        self.out, self.err = "", ""
        self.seen = {"out": 0, "err": 0}
        self.changed = threading.Condition()
        self.readers = 2
        # Dies with the test, however that ends.
        guard = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
        self.child = subprocess.Popen(guard + arguments, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=lab.env,
                                      cwd=lab.folder)
        for stream, file in (("out", self.child.stdout), ("err", self.child.stderr)):
            threading.Thread(target=self._collect, args=(stream, file), daemon=True).start()
        lab.processes.append(self)

    def _collect(self, stream, file):
        while True:
            data = os.read(file.fileno(), 65536)
            with self.changed:
                if data:
                    setattr(self, stream, getattr(self, stream) + data.decode("utf-8", "replace"))
                else:
                    self.readers -= 1
                self.changed.notify_all()
            if not data:
                return

    @property
    def pid(self):
        return self.child.pid

    def alive(self):
        return self.child.poll() is None

    def expect(self, pattern, seconds=10, stream="out"):
        """Waits for the pattern behind what was expected last; returns the match."""
        end = time.monotonic() + seconds * PATIENCE
        with self.changed:
            while True:
                match = re.compile(pattern, re.M).search(getattr(self, stream), self.seen[stream])
                if match:
                    self.seen[stream] = match.end()
                    return match
                left = end - time.monotonic()
                if left <= 0 or self.readers == 0:
                    raise AssertionError(f"{self.name} did not say '{pattern}'" + (" and has ended" if self.readers == 0 else ""))
                self.changed.wait(left)

    def log(self, pattern, seconds=10):
        return self.expect(pattern, seconds, "err")

    def says_nothing_of(self, pattern):
        """Nothing of the kind in what has not been expected yet."""
        with self.changed:
            match = re.compile(pattern, re.M).search(self.err, self.seen["err"])
        check(not match, f"{self.name} said '{match and match.group(0)}'")

    def wait(self, seconds=10):
        """Waits for its end; returns the exit status."""
        try:
            status = self.child.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} does not end") from None
        with self.changed:
            self.changed.wait_for(lambda: self.readers == 0, 5 * PATIENCE)
        return status

    def stop(self, number=signal.SIGTERM, seconds=10):
        """Asks it to end; it has to do so in good order."""
        self.child.send_signal(number)
        equal(self.wait(seconds), 0, f"exit status of {self.name}")
        self.check_health()

    def hold(self):
        """Stops all of it in its tracks, until release."""
        self.child.send_signal(signal.SIGSTOP)
        wait_until(lambda: all(state(self.pid, int(thread)) == "T" for thread in os.listdir(f"/proc/{self.pid}/task")),
                   f"{self.name} to stand still")

    def release(self):
        self.child.send_signal(signal.SIGCONT)

    def kill(self):
        self.may_die = True
        self.child.kill()
        self.child.wait()

    def check_health(self):
        check(not re.search(r"left behind|Sanitizer|runtime error:|bug ?check|assertion", self.err, re.I),
              f"{self.name} is not in good health:\n{self.err[-4000:]}")

    def rss(self):
        """Kilobytes."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))

    def finish(self):
        """At the end of a case. A complaint, or None."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                self.child.send_signal(signal.SIGCONT)
                self.child.terminate()
            try:
                self.child.wait(10 * PATIENCE)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
                return None if self.may_die else f"{self.name} did not end when it was asked to"
        with self.changed:
            self.changed.wait_for(lambda: self.readers == 0, 5)
        if re.search(r"Sanitizer|runtime error:", self.err):
            return f"{self.name}: a sanitizer's finding"
        if self.child.returncode < 0 and not self.may_die:
            return f"{self.name} died of signal {-self.child.returncode}"
        if re.search(r"left behind", self.err):
            return f"{self.name} left something behind"
        return None


class Serve(Process):
    def __init__(self, lab, images, options, listen):
        self.lab = lab
        self.control = os.path.join(lab.folder, f"serve{len(lab.processes)}.sock")
        shares = [word for image in images for word in ("--share", image)]
        super().__init__(lab, [PROGRAM, "serve", "--listen", listen, "--control", self.control, *shares, *options])
        self.address = self.expect(r"^sharing \d+ devices? on (\S+)$", 20).group(1)
        self.expect(r"^control socket ")
        self.port = int(self.address.rsplit(":", 1)[1])

    def status(self):
        """[{name, device, instance, state, client, requests, bytes, problem}]"""
        done = self.lab.run("status", "--control", self.control)
        equal(done.returncode, 0, "status: " + done.stderr)
        devices = []
        for line in done.stdout.splitlines():
            match = re.match(r"    (\w+) +(.*)", line)
            if not match:
                devices.append({"name": line, "requests": 0, "bytes": 0})
            elif match.group(1) == "state":
                devices[-1]["state"], _, devices[-1]["client"] = match.group(2).partition(" with ")
            elif match.group(1) == "answered":
                numbers = re.findall(r"\d+", match.group(2))
                devices[-1]["requests"], devices[-1]["bytes"] = int(numbers[0]), int(numbers[1])
            else:
                devices[-1][match.group(1)] = match.group(2)
        return devices

    def wait_state(self, state, count=None, seconds=10):
        """Until so many (or all) devices are in that state."""
        def there():
            devices = self.status()
            found = sum(device["state"] == state for device in devices)
            return found == (len(devices) if count is None else count)
        wait_until(there, f"devices to be {state}", seconds)

    def unshare(self, device):
        return self.lab.run("unshare", device, "--control", self.control)


class Attach(Process):
    def __init__(self, lab, servers, options, mount, stopped=False):
        self.mount = mount
        super().__init__(lab, [PROGRAM, "attach", *servers, "--as", "fuse:" + mount, *options])
        self.expect(r"^mounted ", 20)

    def discs(self):
        """Paths, as the last line about it has them."""
        with self.changed:
            lines = re.findall(r"^attached:(.*)\n", self.out, re.M)
        return [] if not lines or lines[-1].strip() == "nothing" else lines[-1].split()

    def wait_discs(self, count, seconds=10):
        """Until it says that so many are there; returns their paths."""
        end = time.monotonic() + seconds * PATIENCE
        while True:
            found = self.discs()
            if len(found) == count:
                return found
            with self.changed:
                left = end - time.monotonic()
                if left <= 0 or self.readers == 0:
                    raise AssertionError(f"{len(found)} discs instead of {count}")
                self.changed.wait(min(left, 0.05))


class Lab:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="scsinet-")
        self.processes = []
        self.mounts = []
        self.closing = []
        self.timed_out = False
        self.env = dict(os.environ)
        self.env.pop("NTIO_DEBUG", None)
        self.env["XDG_RUNTIME_DIR"] = self.folder
        self.env["ASAN_OPTIONS"] = "detect_stack_use_after_return=0:abort_on_error=1:handle_abort=0"
        self.env["UBSAN_OPTIONS"] = "halt_on_error=1:print_stacktrace=1"
        self.env["TSAN_OPTIONS"] = "halt_on_error=1:second_deadlock_stack=1"

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *arguments, seconds=20, text=None):
        """scsinet with these words, to its end."""
        return subprocess.run([PROGRAM, *arguments], input=text, capture_output=True, text=True, timeout=seconds * PATIENCE, env=self.env,
                              cwd=self.folder, stdin=None if text is not None else subprocess.DEVNULL)

    def start(self, *arguments, **more):
        return Process(self, [PROGRAM, *arguments], **more)

    def start_tool(self, *arguments):
        process = Process(self, list(arguments))
        process.name = arguments[0]
        return process

    def serve(self, *images, options=(), listen="127.0.0.1:0"):
        return Serve(self, images or [self.iso()], options, listen)

    def attach(self, *servers, options=(), mount=None):
        """servers: Serve objects or addresses."""
        need_fuse()
        if mount is None:
            mount = self.path(f"mount{len(self.mounts)}")
            os.mkdir(mount)
        if mount not in self.mounts:
            self.mounts.append(mount)
        return Attach(self, [s.address if isinstance(s, Serve) else s for s in servers], options, mount)

    def pair(self, *images):
        """A serve, an attach of it, and the paths of its discs."""
        need_fuse()
        serve = self.serve(*images)
        attach = self.attach(serve)
        return serve, attach, attach.wait_discs(max(len(images), 1))

    def iso(self, name="disc.iso"):
        """An image of its own with files of the tree."""
        path = self.path(name)
        if not os.path.exists(path):
            shutil.copyfile(master_iso(), path)
        return path

    def reader(self, path):
        return Reader(self, path)

    def peer(self, serve):
        """A connection to a serve for frames by hand."""
        from frames import Peer
        peer = Peer(socket.create_connection(("127.0.0.1", serve.port), 10 * PATIENCE))
        self.closing.append(peer)
        return peer

    def close(self, failed):
        """Ends what the case left; returns complaints."""
        complaints = []
        for thing in self.closing:
            with contextlib.suppress(OSError):
                thing.close()
        # Clients first: they have nothing to say about a server that goes.
        for process in reversed(self.processes):
            complaint = process.finish()
            if complaint:
                complaints.append(complaint)
        for mount in self.mounts:
            # A guard clears the mount of an attach that was killed.
            try:
                wait_until(lambda m=mount: not is_mounted(m), "the mount to go", 3)
            except AssertionError:
                complaints.append(f"{mount} is still mounted")
                unmount(mount)
        if failed or complaints or self.timed_out:
            for process in self.processes:
                for stream in ("out", "err"):
                    text = getattr(process, stream).rstrip()
                    if text:
                        for line in text[-5000:].splitlines():
                            print(f"#   {process.name}[{process.pid}].{stream}: {line}")
        if not os.environ.get("SCSINET_E2E_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)
        return complaints

    def give_up(self):
        """The case takes too long: whoever waits for a process gets an end."""
        self.timed_out = True
        for thing in self.closing:
            with contextlib.suppress(OSError):
                thing.close()
        for process in self.processes:
            process.may_die = True
            with contextlib.suppress(OSError):
                process.child.kill()
        for mount in self.mounts:
            unmount(mount)


READER = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
fd = os.open(sys.argv[1], os.O_RDONLY)
print("open", flush=True)
for line in sys.stdin:
    offset, size = map(int, line.split())
    print("reading", flush=True)
    try:
        print("got", len(os.pread(fd, size, offset)), flush=True)
    except OSError as error:
        print("errno", error.errno, flush=True)
"""


class Reader(Process):
    """A process that has a file open and reads when it is told to."""

    def __init__(self, lab, path):
        super().__init__(lab, [sys.executable, "-S", "-c", READER, path], stdin=subprocess.PIPE)
        self.name = "reader"
        self.expect("^open$")

    def ask(self, offset, size):
        self.child.stdin.write(f"{offset} {size}\n".encode())
        self.child.stdin.flush()
        self.expect("^reading$")

    def answer(self, seconds=5):
        """("got", bytes) or ("errno", number)"""
        match = self.expect(r"^(got|errno) (\d+)$", seconds)
        return match.group(1), int(match.group(2))

    def ask_and_block(self, offset, size):
        """Asks, and waits until the kernel has it in the read."""
        self.ask(offset, size)
        wait_until(lambda: in_system_call(self.pid, 17), "the reader to be in its read")  # pread64

    def end(self):
        self.child.stdin.close()
        equal(self.wait(), 0, "the reader's end")


def state(pid, thread):
    with open(f"/proc/{pid}/task/{thread}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rpartition(") ")[2][0]


def in_system_call(pid, *numbers):
    """Whether the process's first thread is blocked in one of these."""
    with open(f"/proc/{pid}/syscall", encoding="ascii") as file:
        return file.read().split()[0] in map(str, numbers)


# ---- what the machine has ----

def need_fuse():
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        raise Skip("no /dev/fuse")
    if not shutil.which("fusermount3"):
        raise Skip("no fusermount3")


def need_tool(name):
    if not shutil.which(name):
        raise Skip(f"no {name}")


def is_mounted(path):
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        return any(line.split()[4] == path for line in file)


def unmount(path):
    if is_mounted(path):
        subprocess.run(["umount", "-l", path] if os.getuid() == 0 else ["fusermount3", "-u", "-z", "-q", path],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=10, check=False)


_shared = []


def shared_folder():
    if not _shared:
        _shared.append(tempfile.mkdtemp(prefix="scsinet-iso-"))
    return _shared[0]


def master_iso():
    """Made once by xorriso out of real files of the tree: three folders with all that is in them."""
    path = os.path.join(shared_folder(), "disc.iso")
    if not os.path.exists(path):
        need_tool("xorriso")
        folders = [f"/{name}={os.path.join(TREE, name)}" for name in ("docs", "drivers", "include")]
        make_iso(path, folders)
    return path


def make_iso(path, points, volume="SCSINET_TEST"):
    done = subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-V", volume, "-J", "-R", "-o", path, "-graft-points", *points],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60 * PATIENCE, check=False)
    check(done.returncode == 0, "xorriso:", done.stderr)


def read_all(path):
    with open(path, "rb") as file:
        return file.read()


def pread(path, offset, size):
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.pread(fd, size, offset)
    finally:
        os.close(fd)


# ---- cases, TAP ----

_cases = []


def case(title, seconds=40):
    """seconds: the limit in a plain build."""
    def add(function):
        _cases.append((title, function, seconds))
        return function
    return add


def run_case(number, title, function, seconds):
    lab = Lab()
    failed, skipped = False, None
    timer = threading.Timer(seconds * PATIENCE, lab.give_up)
    timer.daemon = True
    timer.start()
    began = time.monotonic()
    try:
        function(lab)
    except Skip as reason:
        skipped = str(reason)
    except BaseException as problem:  # pylint: disable=broad-except
        failed = True
        for line in traceback.format_exc().rstrip().splitlines():
            print("#", line)
        if isinstance(problem, (KeyboardInterrupt, SystemExit)):
            lab.give_up()
            lab.close(True)
            raise
    finally:
        timer.cancel()
    complaints = lab.close(failed)
    if lab.timed_out:
        complaints.append("took too long")
    for complaint in complaints:
        print("#", complaint)
    failed = failed or bool(complaints)
    print(f"{'not ' if failed else ''}ok {number} - {title}" + (f" # SKIP {skipped}" if skipped and not failed else ""))
    print(f"# {time.monotonic() - began:.2f} s", flush=True)
    return not failed


def main():
    if PROGRAM is None:
        sys.exit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(1))
    chosen = [c for c in _cases if len(sys.argv) < 3 or sys.argv[2] in c[0]]
    print(f"1..{len(chosen)}", flush=True)
    try:
        results = [run_case(number, *entry) for number, entry in enumerate(chosen, 1)]
    finally:
        for folder in _shared:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if all(results) else 1)

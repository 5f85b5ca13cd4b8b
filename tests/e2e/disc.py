# SPDX-License-Identifier: MIT
"""Discs come through as they are: every byte, whoever reads how much from where; and nothing that nobody asked for."""
import hashlib
import mmap
import os
import random
import subprocess
import threading

import lab as the_lab
from lab import PATIENCE, SECTOR, case, check, equal, make_iso, need_tool, pread, read_all, scale

READERS = 8


def big_iso(lab, megabytes):
    """An image with one large file whose every megabyte is another one."""
    need_tool("xorriso")
    data, image = lab.path("big.bin"), lab.path("big.iso")
    base = os.urandom(1 << 20)
    with open(data, "wb") as file:
        for index in range(megabytes):
            turn = index * 7919 % len(base)
            file.write(base[turn:])
            file.write(base[:turn])
    make_iso(image, [f"/big.bin={data}"])
    os.unlink(data)
    return image


def compare_range(path, wanted, begin, end, step):
    fd = os.open(path, os.O_RDONLY)
    try:
        at = begin
        while at < end:
            found = os.pread(fd, min(step, end - at), at)
            check(found and found == wanted[at:at + len(found)], "wrong bytes at", at)
            at += len(found)
    finally:
        os.close(fd)


def compare_random(path, wanted, count, seed):
    """Odd offsets and sizes, some of them across the end or behind it."""
    chance = random.Random(seed)
    size = len(wanted)
    fd = os.open(path, os.O_RDONLY)
    try:
        for _ in range(count):
            length = chance.choice((1, 3, 511, 2047, 2048, 2049, 4096, 65537, 131072, 200001, 300000))
            where = chance.random()
            if where < 0.1:
                at = size - chance.randrange(1, 300000)
            elif where < 0.15:
                at = size + chance.randrange(0, 5000)
            else:
                at = chance.randrange(size)
            at = max(at, 0)
            found = os.pread(fd, length, at)
            equal(len(found), max(0, min(length, size - at)), f"length of a read of {length} at {at} of {size}")
            check(found == wanted[at:at + length], "wrong bytes at", at, "length", length)
    finally:
        os.close(fd)


def in_threads(jobs, seconds):
    """Runs the functions at once; the first failure is raised."""
    failures = []

    def run(job):
        try:
            job()
        except BaseException as problem:  # pylint: disable=broad-except
            failures.append(problem)

    threads = [threading.Thread(target=run, args=(job,), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds * PATIENCE)
        check(not thread.is_alive(), "a reader does not come back")
    if failures:
        raise failures[0]


@case("a large image comes through bit-exact, for 8 readers at once", 60)
def large(lab):
    the_lab.need_fuse()
    image = big_iso(lab, scale(700, 64))
    serve, attach, (disc,) = lab.pair(image)
    size = os.path.getsize(image)
    equal(os.path.getsize(disc), size, "size of the disc")

    # Plugging in takes a few small requests; nobody has read anything.
    equal(serve.status()[0]["state"], "active")
    check(serve.status()[0]["bytes"] < 65536, "read before it was asked for:", serve.status())

    with open(image, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as wanted:
        # One read costs what was asked for, and little more.
        before = serve.status()[0]["bytes"]
        compare_range(disc, wanted, 50 << 20, 51 << 20, 1 << 20)
        cost = serve.status()[0]["bytes"] - before
        check((1 << 20) <= cost < (1 << 20) + 65536, "a read of 1 MiB took", cost, "bytes from the server")

        share = -(-size // READERS)
        steps = (1 << 20, 131072, 65536, 1000003, 262144, 99991, 524288, 1 << 20)
        in_threads([lambda n=n: compare_range(disc, wanted, n * share, min((n + 1) * share, size), steps[n])
                    for n in range(READERS)], 30)
        in_threads([lambda n=n: compare_random(disc, wanted, scale(150, 40), n) for n in range(READERS)], 30)
    attach.stop()
    serve.wait_state("offered")
    serve.stop()


@case("reads at the end, past it, of nothing and of everything")
def edges(lab):
    serve, attach, (disc,) = lab.pair()
    wanted = read_all(lab.iso())
    size = len(wanted)
    for at, length in ((0, 0), (0, 1), (size - 1, 1), (size - 1, 2), (size, 1), (size + 1, 100), (size - 2049, 5000), (2047, 2),
                       (2047, 2050), (0, 10 << 20), (1 << 40, 4096), (size - SECTOR, SECTOR), (size - SECTOR, SECTOR + 1)):
        equal(pread(disc, at, length), wanted[at:at + length], f"read of {length} at {at}")
    equal(read_all(disc), wanted)
    digest = subprocess.run(["sha256sum", disc], capture_output=True, text=True, timeout=20 * PATIENCE, check=True).stdout.split()[0]
    equal(digest, hashlib.sha256(wanted).hexdigest())
    attach.stop()
    serve.stop()


@case("the file is what a read-only disc has to be")
def read_only(lab):
    serve, attach, (disc,) = lab.pair()
    folder = os.path.dirname(disc)
    equal(os.listdir(attach.mount), [os.path.basename(folder)])
    equal(os.listdir(folder), ["disc.iso"])
    status = os.stat(disc)
    equal(status.st_mode & 0o777, 0o444)
    for action in (lambda: os.open(disc, os.O_WRONLY), lambda: os.open(disc, os.O_RDWR | os.O_TRUNC), lambda: os.unlink(disc),
                   lambda: os.mkdir(attach.mount + "/new"), lambda: os.open(folder + "/new", os.O_CREAT | os.O_WRONLY)):
        try:
            action()
        except OSError:
            continue
        raise AssertionError("something could be changed")
    for name in (attach.mount + "/nothing", folder + "/nothing", folder + "/disc.iso/x"):
        check(not os.path.exists(name), name)
    attach.stop()
    serve.stop()


@case("xorriso and isoinfo list the files")
def listed(lab):
    need_tool("xorriso")
    serve, attach, (disc,) = lab.pair()
    done = subprocess.run(["xorriso", "-indev", "stdio:" + disc, "-find", "/docs", "-type", "f"], capture_output=True, text=True,
                          timeout=20 * PATIENCE, check=False)
    equal(done.returncode, 0, done.stderr)
    for name in os.listdir(os.path.join(the_lab.TREE, "docs")):
        check(f"/docs/{name}" in done.stdout, name, "is not in", done.stdout)
    target = lab.path("copy.md")
    done = subprocess.run(["xorriso", "-osirrox", "on", "-indev", "stdio:" + disc, "-extract", "/docs/protocol.md", target],
                          capture_output=True, text=True, timeout=20 * PATIENCE, check=False)
    equal(done.returncode, 0, done.stderr)
    equal(read_all(target), read_all(os.path.join(the_lab.TREE, "docs", "protocol.md")))
    need_tool("isoinfo")
    done = subprocess.run(["isoinfo", "-R", "-f", "-i", disc], capture_output=True, text=True, timeout=20 * PATIENCE, check=False)
    equal(done.returncode, 0, done.stderr)
    check("/docs/protocol.md" in done.stdout, done.stdout[:500])
    done = subprocess.run(["isoinfo", "-l", "-i", disc], capture_output=True, text=True, timeout=20 * PATIENCE, check=False)
    equal(done.returncode, 0, done.stderr)
    check("PROTOCOL.MD" in done.stdout, done.stdout[:500])
    attach.stop()
    serve.stop()


@case("an image that grows or shrinks under the server ends in errors, not in wrong bytes")
def truncated(lab):
    serve, attach, (disc,) = lab.pair()
    image = lab.iso()
    wanted = read_all(image)
    os.truncate(image, len(wanted) // 2 // SECTOR * SECTOR)
    equal(pread(disc, 0, 4096), wanted[:4096])
    try:
        found = pread(disc, len(wanted) - 4096, 4096)
        check(found == b"", "bytes that are not there any more:", len(found))
    except OSError:
        pass
    equal(pread(disc, 4096, 100000), wanted[4096:104096])
    attach.stop()
    serve.stop()


if __name__ == "__main__":
    the_lab.main()

# SPDX-License-Identifier: MIT
"""A disk image from one process in another: DIR/NAME/disk.img is read and written, and fsync is the owner's."""
import errno
import os
import random
import shutil
import subprocess
import threading

import lab as the_lab
from lab import SANITIZED, Skip, case, check, equal, wait_until

SIZE = 8 << 20


def content(seed, size):
    return random.Random(seed).randbytes(size)


def make(lab, name="a.img", size=SIZE, seed=1):
    path = lab.path(name)
    with open(path, "wb") as file:
        file.write(content(seed, size))
    return path


def read_all(path):
    with open(path, "rb") as file:
        return file.read()


def fails(number, action):
    try:
        action()
    except OSError as error:
        equal(error.errno, number)
        return
    raise AssertionError(f"no error {errno.errorcode[number]}")


@case("a disk image is a file of its size, read and written")
def written(lab):
    image = make(lab)
    serve, attach, (disk,) = lab.pair(image)
    equal(os.path.basename(disk), "disk.img")
    equal(os.path.basename(os.path.dirname(disk)), "disk0")
    equal(os.listdir(os.path.dirname(disk)), ["disk.img"])
    status = os.stat(disk)
    equal((status.st_size, status.st_mode & 0o777), (SIZE, 0o644))
    equal(read_all(disk), content(1, SIZE))
    file = os.open(disk, os.O_RDWR)
    model = bytearray(content(1, SIZE))
    choice = random.Random(5)
    for _ in range(60):  # any offset, any size: whole sectors and parts of them
        size = choice.choice([1, 100, 512, 513, 4096, 70000, 300001])
        offset = choice.randrange(SIZE - size)
        data = choice.randbytes(size)
        done = 0
        while done < size:
            done += os.pwrite(file, data[done:], offset + done)
        model[offset:offset + size] = data
    check(read_all(disk) == bytes(model), "what is read is not what was written")
    os.fsync(file)
    os.close(file)
    check(read_all(image) == bytes(model), "the owner's image is not what was written")
    attach.stop()
    serve.stop()
    check(read_all(image) == bytes(model), "the owner's image has changed")


@case("what is behind the end, and a size, can't be written")
def refused(lab):
    image = make(lab)
    serve, attach, (disk,) = lab.pair("disk:" + image)
    file = os.open(disk, os.O_RDWR)
    equal(os.pwrite(file, b"x" * 512, SIZE - 512), 512)
    fails(errno.ENOSPC, lambda: os.pwrite(file, b"y" * 1024, SIZE - 512))
    fails(errno.ENOSPC, lambda: os.pwrite(file, b"y", SIZE))
    equal(os.pread(file, 4096, SIZE - 512), b"x" * 512)
    fails(errno.EPERM, lambda: os.ftruncate(file, SIZE - 1))
    os.ftruncate(file, SIZE)
    os.close(file)
    equal(os.stat(disk).st_size, SIZE)
    equal(os.stat(image).st_size, SIZE)
    attach.stop()
    serve.stop()


@case("a write-protected disk")
def protected(lab):
    image = make(lab)
    serve, attach, (disk,) = lab.pair("disk,ro:" + image)
    equal(os.stat(disk).st_mode & 0o777, 0o444)
    fails(errno.EROFS if os.getuid() == 0 else errno.EACCES, lambda: os.open(disk, os.O_RDWR))
    equal(read_all(disk), content(1, SIZE))
    attach.stop()
    serve.stop()


@case("writers of parts of the same sectors, eight at once")
def at_once(lab):
    image = make(lab, size=64 * 512)
    serve, attach, (disk,) = lab.pair(image)
    failures = []

    def write(number):
        """Every eighth run of 64 bytes: each sector is everybody's."""
        try:
            file = os.open(disk, os.O_RDWR)
            for run in range(number, 64 * 8, 8):
                equal(os.pwrite(file, bytes([number + 1]) * 64, run * 64), 64)
            os.close(file)
        except (OSError, AssertionError) as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(failures, [])
    equal(read_all(image), b"".join(bytes([number + 1]) * 64 for number in range(8)) * 64)
    attach.stop()
    serve.stop()


COUNTER = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
int fdatasync(int fd)
{
    int log = open(getenv("SYNC_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (log >= 0 && write(log, "s", 1) == 1)
        close(log);
    return syscall(SYS_fdatasync, fd);
}
"""


@case("fsync is the owner's fdatasync")
def synced(lab):
    if SANITIZED:
        raise Skip("another library cannot come before the sanitizer's")
    if not shutil.which("cc"):
        raise Skip("there is no compiler")
    log, source = lab.path("log"), lab.path("count.c")
    with open(source, "w") as file:
        file.write(COUNTER)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", lab.path("count.so"), source], check=True)
    lab.env.update(LD_PRELOAD=lab.path("count.so"), SYNC_LOG=log)
    serve = lab.serve(make(lab))
    del lab.env["LD_PRELOAD"]
    attach = lab.attach(serve)
    (disk,) = attach.wait_discs(1)
    file = os.open(disk, os.O_RDWR)
    os.pwrite(file, b"z" * 4096, 0)
    check(not os.path.exists(log), "a write is synchronised that nobody asked to")
    os.fsync(file)
    equal(os.stat(log).st_size, 1)
    os.fsync(file)
    equal(os.stat(log).st_size, 2)
    os.close(file)
    attach.stop()
    serve.stop()


@case("a disc and a disk beside each other")
def both(lab):
    image = make(lab)
    serve, attach, discs = lab.pair(lab.iso(), image)
    equal(sorted(os.path.basename(disc) for disc in discs), ["disc.iso", "disk.img"])
    equal(lab.run("unshare", image, "--control", serve.control).returncode, 0)
    wait_until(lambda: len(attach.discs()) == 1, "the disk to go")
    attach.stop()
    serve.stop()


@case("what is neither is refused with a sentence")
def neither(lab):
    odd = lab.path("odd")
    with open(odd, "wb") as file:
        file.write(b"x" * 1000)
    done = lab.run("serve", "--listen", "127.0.0.1:0", "--share", odd)
    check(done.returncode == 1 and "nor a disk image" in done.stderr, done.stderr)
    done = lab.run("serve", "--listen", "127.0.0.1:0", "--share", "disk,fast:" + odd)
    check(done.returncode == 1 and "'disk,fast' is no kind of image" in done.stderr, done.stderr)
    image = make(lab)
    done = lab.run("serve", "--listen", "127.0.0.1:0", "--share", image, "--share", image)
    check(done.returncode == 1 and "another drive's" in done.stderr, done.stderr)


if __name__ == "__main__":
    the_lab.main()

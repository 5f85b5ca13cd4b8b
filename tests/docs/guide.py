# SPDX-License-Identifier: MIT
"""docs/writing-a-driver.md, followed word for word in an empty folder. Speaks TAP.

usage: guide.py GUIDE.MD BUILD

Installs BUILD into a folder of its own first. A block after a line "`NAME`:" is a file; a block of sh is run; a block of text
behind it is what has to come out ("..." at the end of a line stands for anything, alone on a line for any lines).
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

GUIDE, BUILD = sys.argv[1:3]


def blocks(text):
    """(kind, name of the file or None, contents), in order."""
    for match in re.finditer(r"(?:^`([\w.]+)`:\n\n)?^```(\w+)\n(.*?)^```$", text, re.M | re.S):
        yield match.group(2), match.group(1), match.group(3)


def install(target):
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", target], check=True,
                   stdout=subprocess.DEVNULL)
    (pkgconfig,) = glob.glob(target + "/**/pkgconfig", recursive=True)
    library = os.path.dirname(pkgconfig)
    (program,) = glob.glob(target + "/**/bin/ntio", recursive=True)
    environment = dict(os.environ)
    environment.update(PATH=os.path.dirname(program) + ":" + os.environ["PATH"], PKG_CONFIG_PATH=pkgconfig,
                       PKG_CONFIG_SYSROOT_DIR=target, LD_LIBRARY_PATH=library)
    for name in ("NTIO_DEBUG", "SAMPLE_SYS", "NTIO_DRIVERS"):
        environment.pop(name, None)
    return environment


def fits(wanted, found):
    """A line of dots alone: any lines; at the end of a line: anything."""
    pattern = "".join("(?:.*\n)*" if line == "..." else re.escape(line[:-3]) + ".*\n" if line.endswith("...")
                      else re.escape(line) + "\n" for line in wanted.splitlines())
    return re.fullmatch(pattern, found) is not None


def main():
    with open(GUIDE, encoding="utf-8") as file:
        steps = list(blocks(file.read()))
    commands = [step for step in steps if step[0] == "sh"]
    print(f"1..{len(commands)}")
    failures, number = 0, 0
    with tempfile.TemporaryDirectory() as installed, tempfile.TemporaryDirectory() as folder:
        environment = install(installed)
        for index, (kind, name, text) in enumerate(steps):
            if kind == "c":
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(text)
            if kind != "sh":
                continue
            number += 1
            title = text.splitlines()[-1]
            if "mingw32-gcc" in text and not shutil.which("x86_64-w64-mingw32-gcc"):
                print(f"ok {number} - {title} # SKIP no mingw-w64")
                continue
            result = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=folder, env=environment, text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
            good = result.returncode == 0
            if good and index + 1 < len(steps) and steps[index + 1][0] == "text":
                good = fits(steps[index + 1][2], result.stdout)
            print(f"{'ok' if good else 'not ok'} {number} - {title}")
            if not good:
                failures += 1
                print("# exit status", result.returncode)
                for line in result.stdout.splitlines():
                    print("#", line)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

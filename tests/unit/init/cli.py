# SPDX-License-Identifier: MIT
"""The ntio command and the hello_io sample, as somebody at a terminal uses them. Speaks TAP.

usage: cli.py NTIO HELLO_IO.SO HELLO_IO_APP [HELLO_IO.SYS]
"""
import os
import subprocess
import sys
import tempfile

NTIO, SO, APP = sys.argv[1:4]
SYS = sys.argv[4] if len(sys.argv) > 4 else None
SAMPLE = os.path.dirname(os.path.abspath(APP))


def run(*command, text=None, env=None):
    environment = {name: value for name, value in os.environ.items() if name not in ("NTIO_DEBUG", "SAMPLE_SYS")}
    environment.update(env or {})
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=30, env=environment)


def expect(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(part) for part in what))


def one_line(result, code, words):
    expect(result.returncode == code, "exit", result.returncode, result.stderr)
    expect(result.stderr.count("\n") == 1 and result.stderr.startswith("ntio: "), repr(result.stderr))
    expect(words in result.stderr, repr(result.stderr))


def usage_and_version():
    expect("usage: ntio" in run(NTIO, "--help").stdout)
    expect(run(NTIO, "--version").stdout.startswith("ntio "))
    expect(run(NTIO).returncode == 2)
    one_line(run(NTIO, "fly"), 2, "no command 'fly'")
    one_line(run(NTIO, "load"), 2, "needs a file")


def load(file):
    result = run(NTIO, "load", file)
    expect(result.returncode == 0, result.returncode, result.stderr)
    expect("\\Driver\\hello_io" in result.stdout and "\\Device\\HelloIo" in result.stdout, result.stdout)
    expect(result.stderr == "hello_io: hello\nhello_io: bye\n", repr(result.stderr))


def load_native():
    load(SO)


def load_sys():
    load(SYS)


def load_errors():
    one_line(run(NTIO, "load", "/nowhere.so"), 1, "can't open /nowhere.so")
    with tempfile.NamedTemporaryFile(suffix=".sys") as file:
        file.write(b"no driver at all")
        file.flush()
        one_line(run(NTIO, "load", file.name), 1, "neither a .so nor a .sys")


def imports():
    result = run(NTIO, "imports", SYS)
    expect(result.returncode == 0, result.stderr)
    expect("yes ntoskrnl.exe IofCompleteRequest\n" in result.stdout, result.stdout)
    data = open(SYS, "rb").read().replace(b"IoCreateDevice\0", b"IoCrexteDevice\0")
    with tempfile.NamedTemporaryFile(suffix=".sys") as file:
        file.write(data)
        file.flush()
        result = run(NTIO, "imports", file.name)
        expect("no  ntoskrnl.exe IoCrexteDevice\n" in result.stdout, result.stdout)
        one_line(result, 1, "1 of these imports is missing")
        one_line(run(NTIO, "load", file.name), 1, "imports what is not there: from ntoskrnl.exe IoCrexteDevice")


SESSION = ["Send too early", "Create", "Send good morning", "send " + "x" * 1024, "Send " + "x" * 1025,
           "Send again", "Close", "Close", "Exit"]
ANSWERS = ["commands: Create, Send TEXT, Close, Exit", "the device is not open", "open",
           "read back: good morning", "read back: " + "x" * 1024, "WriteFile failed with error 1450",
           "read back: again", "closed", "the device is not open"]


def sample(env):
    result = run(NTIO, "run", SAMPLE, text="\n".join(SESSION) + "\n", env=env)
    expect(result.stdout.splitlines() == ANSWERS, result.stdout, result.stderr)
    expect(result.stderr == "", result.stderr)
    expect(result.returncode == 1, "the last command failed, but exit", result.returncode)
    # A program that ends without Close leaves nothing behind.
    result = run(APP, text="create\nsend x\n", env=env)
    expect(result.returncode == 0 and result.stderr == "", result.returncode, result.stderr)


def sample_native():
    sample({})


def sample_sys():
    sample({"SAMPLE_SYS": "1"})


def debug_output_on_request():
    result = run(APP, text="exit\n", env={"NTIO_DEBUG": "1"})
    expect(result.stderr == "hello_io: hello\nhello_io: bye\n", repr(result.stderr))
    expect(run(APP, text="exit\n", env={"NTIO_DEBUG": "0"}).stderr == "")


def run_errors():
    one_line(run(NTIO, "run"), 2, "needs a sample's folder")
    one_line(run(NTIO, "run", "/nowhere"), 1, "can't open /nowhere")
    with tempfile.TemporaryDirectory() as folder:
        one_line(run(NTIO, "run", folder), 1, "there is no program")


CASES = [usage_and_version, load_native, load_sys, load_errors, imports, sample_native, sample_sys,
         debug_output_on_request, run_errors]
NEED_SYS = {load_sys, imports, sample_sys}

failures = 0
print(f"1..{len(CASES)}")
for number, case in enumerate(CASES, 1):
    if case in NEED_SYS and SYS is None:
        print(f"ok {number} - {case.__name__} # SKIP mingw-w64 is not installed")
        continue
    try:
        case()
        print(f"ok {number} - {case.__name__}")
    except (AssertionError, subprocess.TimeoutExpired) as error:
        failures += 1
        print(f"not ok {number} - {case.__name__}")
        for line in str(error).splitlines():
            print(f"# {line}")
sys.exit(1 if failures else 0)

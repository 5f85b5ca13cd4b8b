# SPDX-License-Identifier: MIT
"""ntio sc, and the hello_nt sample's program, as somebody at a terminal uses them. Speaks TAP.

usage: sc.py NTIO HELLO_NT_APP HELLO_NT.SO [HELLO_NT.SYS]
"""
import os
import re
import subprocess
import sys
import tempfile

NTIO, APP, *IMAGES = [os.path.abspath(path) for path in sys.argv[1:]]
FOLDER = os.path.dirname(IMAGES[0])


def run(*command, text="", env=None, code=0):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NTIO_DEBUG")}
    environment.update(env or {})
    result = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, env=environment)
    expect(result.returncode == code, "exit", result.returncode, result.stdout, result.stderr)
    return result


def sc(*arguments, text="", code=0, registry=None, view=False):
    options = ["-d", FOLDER] + (["-r", registry] if registry else []) + (["-v"] if view else [])
    return run(NTIO, "sc", *options, *arguments, text=text, code=code)


def expect(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(part) for part in what))


def states(output):
    return re.findall(r"SERVICE_NAME: (\S+).*?STATE +: \d (\w+)", output, re.S)


def a_script_in_one_system():
    for image in IMAGES:
        script = f"""# a comment
            sc create hello_nt type= kernel start= demand DisplayName= "Hello NT" binPath= "{image}"
            query hello_nt
            net start "hello nt"
            query
            qc hello_nt
            net stop hello_nt
            sc delete hello_nt
            query state= all
            """
        result = sc(text=script)
        expect(states(result.stdout) == [("hello_nt", "STOPPED"), ("hello_nt", "RUNNING")], result.stdout)
        expect("The Hello NT service was started successfully.\n" in result.stdout, result.stdout)
        expect("The Hello NT service was stopped successfully.\n" in result.stdout, result.stdout)
        expect(f"BINARY_PATH_NAME   : {image}\n" in result.stdout, result.stdout)
        expect("START_TYPE         : 3 DEMAND_START\n" in result.stdout, result.stdout)
        expect(result.stderr == "", result.stderr)


def the_registry_lasts():
    with tempfile.TemporaryDirectory() as folder:
        registry = os.path.join(folder, "my.reg")
        create = ["create", "hello_nt", "start=", "system", "binPath=", r"System32\drivers\hello_nt.sys"]
        expect(sc(*create, registry=registry).stdout == "")
        text = open(registry, encoding="utf-16").read()
        key = text[text.index("\\Services\\hello_nt]"):].split("\n\n")[0]
        expect('"Type"=dword:00000001' in key and '"Start"=dword:00000001' in key, key)
        expect('"ErrorControl"=dword:00000001' in key and '"ImagePath"=hex(2):53,00,79,00' in key, key)
        # The next call is the next boot: Start 1 loads it.
        result = sc("query", registry=registry, view=True)
        expect(states(result.stdout) == [("hello_nt", "RUNNING")], result.stdout)
        lines = result.stderr.splitlines()
        expect(len(lines) == 2, lines)
        expect(re.fullmatch(r"\d{8} +0\.000000 kernel   hello_nt: loaded for \\Registry\\Machine\\System\\"
                            r"CurrentControlSet\\Services\\hello_nt", lines[0]), lines[0])
        expect(lines[1].endswith("kernel   hello_nt: unloaded"), lines[1])
        sc("config", "hello_nt", "start=demand", registry=registry)
        expect(sc("query", registry=registry).stdout == "")
        sc("delete", "hello_nt", registry=registry)
        expect("hello_nt" not in open(registry, encoding="utf-16").read())


def errors():
    result = sc(text="start nobody\nquery\n", code=1)  # a script goes on
    expect(result.stderr == "ntio: can't start nobody: there is no such service (error 1060)\n", result.stderr)
    result = sc("stop", code=1)
    expect(result.stderr == "ntio: stop needs more (see ntio sc help)\n", result.stderr)
    expect("there is no command 'fly'" in sc("fly", code=1).stderr)
    expect("create needs binPath= PATH" in sc("create", "x", code=1).stderr)
    expect("start= soon is not known" in sc("create", "x", "start=", "soon", code=1).stderr)
    expect("usage: ntio sc" in run(NTIO, "sc", "-q", code=2).stderr)
    with tempfile.NamedTemporaryFile(suffix=".reg") as file:
        file.write(b"REGEDIT4\n[nonsense\n")
        file.flush()
        result = sc("query", registry=file.name, code=1)
        expect(result.stderr == f"ntio: can't boot: {file.name}, line 2: the key's name has no closing bracket\n",
               result.stderr)
        expect(open(file.name, "rb").read() == b"REGEDIT4\n[nonsense\n")  # and is not written over


STEPS = """CreateService
  Type         1
  Start        3
  ErrorControl 1
  ImagePath    {image}
  the service is stopped
StartService
  the service is running
  the device says: hello from hello_nt
ControlService(SERVICE_CONTROL_STOP)
  the service is stopped
DeleteService
  the service is gone
"""


def the_program():
    result = run(NTIO, "run", os.path.dirname(APP))
    expect(result.stdout == STEPS.format(image=r"System32\drivers\hello_nt.sys"), result.stdout)
    expect(result.stderr == "", result.stderr)
    for image in IMAGES:
        expect(run(APP, image).stdout == STEPS.format(image=image))
    result = run(APP, "nowhere.sys", code=1)
    expect("StartService failed with error 2\n" in result.stdout, result.stdout)
    # What both print, in a viewer's form.
    lines = [line.split(None, 3)[2:] for line in run(APP, env={"NTIO_DEBUG": "view"}).stderr.splitlines()]
    expect(lines == [["program", "hello_nt_app: load_nt begins"],
                     ["kernel", "hello_nt: loaded for \\Registry\\Machine\\System\\CurrentControlSet\\Services\\hello_nt"],
                     ["kernel", "hello_nt: a program reads 19 bytes"],
                     ["kernel", "hello_nt: unloaded"],
                     ["program", "hello_nt_app: load_nt ends"]], lines)


CASES = [a_script_in_one_system, the_registry_lasts, errors, the_program]
failures = 0
print(f"1..{len(CASES)}")
for number, case in enumerate(CASES, 1):
    try:
        case()
        print(f"ok {number} - {case.__name__}")
    except (AssertionError, subprocess.TimeoutExpired) as error:
        failures += 1
        print(f"not ok {number} - {case.__name__}")
        for line in str(error).splitlines():
            print(f"# {line}")
sys.exit(1 if failures else 0)

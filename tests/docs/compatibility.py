# SPDX-License-Identifier: MIT
"""docs/compatibility.md is what scripts/compatibility.py makes, and each exported routine has a test. Speaks TAP."""
import os
import subprocess
import sys

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "compatibility.py")

print("1..1")
result = subprocess.run([sys.executable, SCRIPT, "--check"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
for line in result.stdout.splitlines():
    print("#", line)
print("ok" if result.returncode == 0 else "not ok", "1 - the page of what is there is up to date, and all of it tested")
sys.exit(result.returncode)

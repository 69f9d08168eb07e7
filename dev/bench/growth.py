#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CTest: a review under 100 policies, three of which match, costs at most a tenth more than under those three.

The least of several rounds, taken in turns, so that what else runs on the machine falls on both.
"""
import pathlib
import subprocess
import sys
import tempfile

PROFILE, ROUNDS, REVIEWS, MOST = sys.argv[1], 15, "1000", 1.10
HERE = pathlib.Path(__file__).parent


def cpu_us(policies):
    out = subprocess.run([PROFILE, "validate", str(HERE / "bodies" / "create-small.json"), REVIEWS, policies],
                         capture_output=True, text=True, check=True).stdout
    if ": allowed" not in out:
        sys.exit(f"not allowed: {out}")
    return float(out.split()[0])


with tempfile.TemporaryDirectory() as folder:
    files = {}
    for count in (3, 100):
        files[count] = f"{folder}/{count}.json"
        with open(files[count], "w") as f:
            subprocess.run([sys.executable, str(HERE / "make_policies.py"), str(count)], stdout=f, check=True)
    least = {count: float("inf") for count in files}
    for _ in range(ROUNDS):
        for count, path in files.items():
            least[count] = min(least[count], cpu_us(path))
ratio = least[100] / least[3]
print(f"3 policies {least[3]:.2f} us, 100 policies {least[100]:.2f} us: {ratio:.3f}, at most {MOST}")
sys.exit(ratio > MOST)

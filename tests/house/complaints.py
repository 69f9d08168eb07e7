#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each test that docs/complaints.md names is there.  complaints.py ROOT"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
page = (root / "docs/complaints.md").read_text(encoding="utf-8")
rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| ") and not line.startswith("| complaint")]
there = set()
for file in (root / "tests").rglob("*"):
    if file.suffix == ".c":
        there.update(re.findall(r"START_TEST\((\w+)\)", file.read_text(encoding="utf-8")))
    elif file.suffix == ".py":
        there.update(re.findall(r"def (test_\w+)\(", file.read_text(encoding="utf-8")))
    elif file.suffix == ".sh":
        there.update(re.findall(r"^(test_\w+)\(\)", file.read_text(encoding="utf-8"), re.M))
faults = [f"no test {name}" for row in rows for name in re.findall(r"`(\w+)`", row[-1]) if name not in there]
faults += [f"no test is named for: {row[0]}" for row in rows if not re.search(r"`\w+`", row[-1])]
for fault in faults:
    print(f"docs/complaints.md: {fault}", file=sys.stderr)
sys.exit(1 if faults or not rows else 0)

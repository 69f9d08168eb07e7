#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves from the committed files of StateProof (or Batch) that no number was lost and none counted twice.

  check_output.py FOLDER [--complete MAX] [--batch]

Prints one line of numbers. Exits 1 on a gap, a double or a count that its number denies, and with --complete when the
numbers are not exactly 0…MAX-1. Files that Flink has not committed yet are not read. A batch job sorts by key alone, so
its counts don't follow from its numbers: with --batch each number and each count of a key must be there once.
"""

import argparse
import pathlib
import sys
from dataclasses import dataclass, field

KEYS = 16  # as in StateProof.java
FAULTS_SHOWN = 10


@dataclass
class Report:
    lines: int = 0
    files: int = 0
    last: int = -1
    faults: list = field(default_factory=list)

    def __str__(self):
        return (f"lines={self.lines} files={self.files} last={self.last} "
                f"faults={len(self.faults)}")


def committed_files(folder):
    """Flink writes `.part-….inprogress.…` and renames when the checkpoint is complete."""
    return sorted(p for p in pathlib.Path(folder).rglob("*")
                  if p.is_file() and not p.name.startswith(".") and ".inprogress" not in p.name)


def check_line(text, seen, origin, path, report, batch):
    try:
        key, n, count = (int(word) for word in text.split())
    except ValueError:
        report.faults.append(f"not a line of the job: {text[:80]!r}")
        return
    report.last = max(report.last, n)
    counts, numbers = seen.setdefault(key, (set(), set()))
    if n % KEYS != key or (not batch and n != key + (count - 1) * KEYS):
        report.faults.append(f"wrong state: key {key}, number {n}, count {count}")
    elif n in numbers or count in counts:
        report.faults.append(f"double: key {key}, number {n}, count {count}, in {path.name} and {origin.get(n, 'by count')}")
    counts.add(count)
    numbers.add(n)
    origin[n] = path.name


def check(folder, complete=None, batch=False):
    """The Report of what is committed in FOLDER; COMPLETE: how many numbers there must be."""
    report = Report()
    seen = {}  # key -> (counts, numbers)
    origin = {}  # number -> the file that has it
    for path in committed_files(folder):
        report.files += 1
        for text in path.read_text(encoding="ascii").splitlines():
            report.lines += 1
            check_line(text, seen, origin, path, report, batch)
    for key, (counts, _) in sorted(seen.items()):
        if max(counts) > len(counts):
            lost = next(c for c in range(1, max(counts)) if c not in counts)
            report.faults.append(f"gap: key {key} has count {max(counts)} but not {lost} "
                                 f"({max(counts) - len(counts)} missing)")
    if complete is not None and (report.lines, report.last) != (complete, complete - 1):
        report.faults.append(f"not complete: {complete} numbers are wanted")
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--complete", type=int, metavar="MAX")
    parser.add_argument("--batch", action="store_true")
    args = parser.parse_args()
    report = check(args.folder, args.complete, args.batch)
    print(report)
    for fault in report.faults[:FAULTS_SHOWN]:
        print(fault, file=sys.stderr)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())

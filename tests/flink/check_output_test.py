#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The checker of StateProof's output sees what it is there for."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "dev/images"))
import check_output  # noqa: E402  (it lies beside the job)

KEYS = check_output.KEYS


def line(n, count=None):
    return f"{n % KEYS} {n} {n // KEYS + 1 if count is None else count}\n"


def numbers(upto):
    return [line(n) for n in range(upto)]


class CheckOutput(unittest.TestCase):
    def faults(self, lines, name="part-x-0", **options):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / name).write_text("".join(lines), encoding="ascii")
            return check_output.check(folder, **options).faults

    def test_each_number_once_is_fine(self):
        self.assertEqual(self.faults(numbers(100)), [])
        self.assertEqual(self.faults(numbers(100), complete=100), [])

    def test_a_lost_number_is_a_gap(self):
        lines = numbers(100)
        del lines[40]
        self.assertIn("gap: key 8", self.faults(lines)[0])

    def test_a_number_written_twice_is_a_double(self):
        self.assertIn("double: key 7", self.faults(numbers(100) + [line(7)])[0])

    def test_state_that_was_lost_or_counted_twice_shows(self):
        self.assertIn("wrong state: key 1", self.faults(numbers(17) + [line(17, count=1)])[0])
        self.assertIn("wrong state: key 1", self.faults(numbers(17) + [line(17, count=3)])[0])

    def test_what_does_not_reach_the_end_is_not_complete(self):
        self.assertEqual(len(self.faults(numbers(99), complete=100)), 1)

    def test_what_is_not_committed_is_not_read(self):
        self.assertEqual(self.faults([line(5), line(5)], name=".part-x-0.inprogress.1"), [])

    def test_a_line_that_is_none_is_a_fault(self):
        self.assertEqual(len(self.faults(["1 2\n"])), 1)

    def test_a_batch_job_may_count_in_any_order(self):
        lines = [line(16, count=1), line(0, count=2)]
        self.assertEqual(self.faults(lines, batch=True), [])
        self.assertEqual(len(self.faults(lines + [line(0, count=3)], batch=True)), 1)
        self.assertEqual(len(self.faults(lines + [line(32, count=2)], batch=True)), 1)


if __name__ == "__main__":
    unittest.main()

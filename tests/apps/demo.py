#!/usr/bin/env python3
"""The demonstration on software NICs, with the programs in the given folder: it succeeds, and its counts add up."""

import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAMS = sys.argv.pop()


class Demonstration(unittest.TestCase):
    def test_never_shows_more_captured_than_forwarded_or_more_forwarded_than_sent(self):
        demo = subprocess.run([ROOT / "demo.sh", "--programs", PROGRAMS, "--seconds", "4", "--rate", "2kpps"],
                              stdout=subprocess.PIPE, text=True)
        lines = re.findall(r"^ *\d+ s +sent +(\d+) +forwarded +(\d+) +captured +(\d+)$", demo.stdout, re.M)
        self.assertGreaterEqual(len(lines), 2, demo.stdout)
        for line in lines:
            sent, forwarded, captured = map(int, line)
            self.assertGreaterEqual(sent, forwarded, demo.stdout)
            self.assertGreaterEqual(forwarded, captured, demo.stdout)
        self.assertEqual(demo.returncode, 0, demo.stdout)


if __name__ == "__main__":
    unittest.main()

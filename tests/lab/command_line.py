#!/usr/bin/env python3
"""lab/lab as a command: it ends cleanly on a signal, finds its mirror, and its help names files that exist."""

import hashlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LAB = ROOT / "lab" / "lab"
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "lab"))

import qemu
from problem import Problem

PATIENCE = 60  # seconds


def wait_until(condition) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


class Signals(unittest.TestCase):
    def test_leaves_neither_files_nor_a_machine_behind(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number), tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                (folder / "script.sh").write_text("sleep 1000\n")
                (folder / "tmp").mkdir()
                guest = subprocess.Popen([LAB, "run", "--card", "82540em", folder / "script.sh"], stdin=subprocess.DEVNULL,
                                         stderr=subprocess.PIPE, env=os.environ | {"TMPDIR": str(folder / "tmp")}, text=True)
                self.assertTrue(wait_until(lambda: list(folder.glob("tmp/*/console"))), "the machine did not start")
                guest.send_signal(number)
                said = guest.communicate(timeout=PATIENCE)[1]
                self.assertEqual(guest.returncode, 128 + number, said)
                self.assertEqual(list((folder / "tmp").iterdir()), [])
                self.assertNotIn("Traceback", said)
                self.assertEqual(machines_with(name), [], "QEMU is still running")


def machines_with(word: str) -> list[str]:
    """The other processes with this word on their command line."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if word in words and int(process.name) != os.getpid():
            found.append(words)
    return found


class Mirror(unittest.TestCase):
    """Where QEMU would come from, according to the real apt with our own sources: archives in local folders."""

    def setUp(self):
        self._temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self._temporary.cleanup)
        self.folder = pathlib.Path(self._temporary.name)
        for name in ("lists/partial", "cache/archives/partial", "sources"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "status").write_text("")
        (self.folder / "apt.conf").write_text(
            f'Dir::Etc::sourcelist "/dev/null"; Dir::Etc::sourceparts "{self.folder}/sources/"; Dir::State::lists "{self.folder}/lists/";'
            f'Dir::State::status "{self.folder}/status"; Dir::Cache "{self.folder}/cache/"; APT::Sandbox::User "root";')
        os.environ["APT_CONFIG"] = str(self.folder / "apt.conf")
        self.addCleanup(os.environ.pop, "APT_CONFIG")

    def archive(self, name: str, origin: str, label: str) -> str:
        suite = self.folder / name / "dists" / "stable"
        (suite / "main" / "binary-amd64").mkdir(parents=True)
        packages = b"Package: a\nVersion: 1\nArchitecture: amd64\nFilename: a.deb\nSize: 0\n"  # apt ignores an empty list
        (suite / "main" / "binary-amd64" / "Packages").write_bytes(packages)
        (suite / "Release").write_text(
            f"Origin: {origin}\nLabel: {label}\nSuite: stable\nCodename: stable\nArchitectures: amd64\nComponents: main\n"
            f"Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n"
            f" {hashlib.sha256(packages).hexdigest()} {len(packages)} main/binary-amd64/Packages\n")
        return f"file:{self.folder}/{name}"

    def update(self):
        subprocess.run(["apt-get", "update"], check=True, capture_output=True)

    def deb822(self, address: str) -> str:
        return f"Types: deb\nURIs: {address}\nSuites: stable\nComponents: main\nArchitectures: amd64\nTrusted: yes\n"

    def test_is_the_debian_archive_whatever_its_address_and_source_file(self):
        for file, line in (("a.list", "deb [trusted=yes arch=amd64] {} stable main\n"), ("b.sources", self.deb822("{}"))):
            with self.subTest(file):
                debian = self.archive(f"debian-{file}", "Debian", "Debian")
                security = self.archive(f"security-{file}", "Debian", "Debian-Security")
                (self.folder / "sources" / file).write_text(f"{line.format(security)}\n{line.format(debian)}")
                self.update()
                self.assertEqual(qemu.mirror(), debian)
                (self.folder / "sources" / file).unlink()

    def test_an_unknown_mirror_is_an_error_with_the_next_step(self):
        with self.assertRaisesRegex(Problem, "no package lists.*run: sudo apt-get update"):
            qemu.mirror()
        (self.folder / "sources" / "ubuntu.sources").write_text(self.deb822(self.archive("ubuntu", "Ubuntu", "Ubuntu")))
        self.update()
        with self.assertRaisesRegex(Problem, r"no mirror of Debian's \(it knows: Ubuntu\); put a QEMU 10.1 or later into the PATH"):
            qemu.mirror()

    def test_no_package_host_is_named_in_the_lab(self):
        for file in (ROOT / "lab").glob("*"):
            if file.is_file():
                self.assertNotRegex(file.read_text(), r"https?://", file)


class Help(unittest.TestCase):
    def test_names_files_that_exist(self):
        for words in ([], ["run"]):
            text = subprocess.run([LAB, *words, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
            named = re.findall(r"\b(?:lab|tests)/[\w/.-]+\.sh\b", text)
            self.assertTrue(named)
            for name in named:
                self.assertTrue((ROOT / name).is_file() or name == "lab/functions.sh", name)  # that one is in the guest


if __name__ == "__main__":
    unittest.main()

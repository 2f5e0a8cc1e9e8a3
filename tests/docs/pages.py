#!/usr/bin/env python3
"""The documentation: the README links every page, and the examples suit a machine of any size and keep the checkout clean."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "lab" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SCRIPTS = [ROOT / "demo.sh", ROOT / "test.sh", *(path for path in (ROOT / "scripts").iterdir() if path.is_file())]


def examples(page: pathlib.Path) -> list[str]:
    """The lines of a page's code blocks."""
    return "\n".join(re.findall(r"^ *```\w*\n(.*?)^ *```", page.read_text(), re.M | re.S)).splitlines()


class Pages(unittest.TestCase):
    def test_every_page_is_linked_from_the_readme(self):
        linked = set(re.findall(r"\]\(([^)#]+)", (ROOT / "README.md").read_text()))
        for page in (ROOT / "docs").glob("*.md"):
            self.assertIn(f"docs/{page.name}", linked)

    def test_every_link_points_to_a_file(self):
        for page in PAGES:
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
                self.assertTrue((page.parent / target).exists(), f"{page}: {target}")

    def test_builds_run_one_compiler_per_processor(self):
        for page in [*PAGES, *SCRIPTS]:
            for line in page.read_text().splitlines():
                self.assertNotRegex(line, r"--build.* -j(?! ?\"?\$\(nproc\)| ?\d)", f"{page}: one compiler per file")

    def test_examples_write_outside_the_checkout(self):
        for page in PAGES:
            for line in examples(page):
                for name in re.findall(r"(?<![\w/.-])[\w.-]+\.pcap\b", line):
                    self.fail(f"{page}: {name} would land in the checkout: {line}")


if __name__ == "__main__":
    unittest.main()

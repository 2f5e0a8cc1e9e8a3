#!/usr/bin/env python3
"""Runs one scenario in a guest and judges it: `run.py [LAB OPTIONS] SCENARIO.sh`.

A scenario reports its checks in the Test Anything Protocol: a plan `1..N`, then `ok` or `not ok` lines. Its lines
`# after: FUNCTION ARGS` name functions of after.py, which examine what the guest left: its captures and those of the wires. It
fails on any `not ok`, a missing or surplus check, an exit status other than 0, and a function that objects.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
LAB = HERE.parent.parent / "lab"
sys.path[:0] = [str(HERE), str(LAB)]

import after
from ending import unwind_at_signals


def judge(said: str, status: int) -> list[str]:
    """The problems in a scenario's report."""
    plan = re.search(r"^1\.\.(\d+)$", said, re.M)
    numbers = [int(number) for number in re.findall(r"^(?:not )?ok (\d+)\b", said, re.M)]
    wrong = re.findall(r"^not ok .*", said, re.M)
    if plan is None:
        wrong.append("the scenario has no plan")
    elif numbers != list(range(1, int(plan[1]) + 1)):
        wrong.append(f"{plan[1]} checks were planned, {len(numbers)} were run")
    if status != 0:
        wrong.append(f"the guest ended with status {status}")
    return wrong


def look_at_what_is_left(scenario: pathlib.Path, left: pathlib.Path) -> list[str]:
    wrong = []
    for function, *args in (line.split()[2:] for line in scenario.read_text().splitlines() if line.startswith("# after:")):
        objection = getattr(after, function)(left, *args)
        print(f"{'not ok' if objection else 'ok'} - {function} {' '.join(args)}")
        if objection:
            wrong.append(f"{function}: {objection}")
    return wrong


def main(options: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="ixy-lab-") as left:
        guest = subprocess.Popen([LAB / "lab", "run", "--out", left, *options], stdout=subprocess.PIPE, text=True, errors="replace")
        said = ""
        try:
            for line in guest.stdout:
                print(line, end="", flush=True)
                said += line
        except SystemExit:
            guest.terminate()
            guest.wait()
            raise
        wrong = judge(said, guest.wait())
        if guest.returncode in (0, 1):
            wrong += look_at_what_is_left(pathlib.Path(options[-1]), pathlib.Path(left))
    for reason in wrong:
        print(f"FAILED: {reason}")
    return 1 if wrong else 0


if __name__ == "__main__":
    unwind_at_signals()
    sys.exit(main(sys.argv[1:]))

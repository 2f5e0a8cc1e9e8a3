"""Cards that are our own processes: each `ixy sim` serves one, and QEMU plugs it into the guest over vfio-user.

A card has two sockets in the run's folder: card1.socket, to which QEMU connects, and card1.wire, the Unix datagram end
of its cable, whose other end port1.wire is QEMU's. Its output is in card1.said.
"""

import pathlib
import shutil
import subprocess
import time

from machine import Card, start, stop
from problem import Problem

PATIENCE = 10  # seconds until a card listens


def find_program(folders: list[pathlib.Path]) -> str:
    found = shutil.which("ixy", path=":".join(str(folder.resolve()) for folder in folders)) or shutil.which("ixy")
    if not found:
        raise Problem("the program ixy, which serves the software cards, is missing", "build it, and name its folder: --programs build/bin")
    return found


class SoftwareCards:
    """The processes of a run's software cards: started by `with`, stopped after it."""

    def __init__(self, cards: list[Card], folder: pathlib.Path, programs: list[pathlib.Path]):
        self._cards = [card for card in cards if card.is_software]
        self._folder = folder
        self._programs = programs
        self._running: list[subprocess.Popen] = []

    def __enter__(self) -> "SoftwareCards":
        if self._cards:
            program = find_program(self._programs)
            for card in self._cards:
                self._running.append(self._start(program, card))
            try:
                for card, process in zip(self._cards, self._running):
                    self._wait_for(card, process)
            except BaseException:
                self.__exit__()
                raise
        return self

    def __exit__(self, *_) -> None:
        for process in self._running:
            stop(process)

    def _start(self, program: str, card: Card) -> subprocess.Popen:
        name = self._folder / f"card{card.number}"
        words = [card.model.removeprefix("sim:"), f"mac={card.mac}"]
        if card.wire:
            words.append(f"wire={name}.wire:{self._folder}/port{card.number}.wire")
        if card.words:
            words.append(card.words)
        with open(f"{name}.said", "wb") as said:
            return start([program, "sim", ",".join(words), "--listen", f"{name}.socket"],
                         stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)

    def _wait_for(self, card: Card, process: subprocess.Popen) -> None:
        deadline = time.monotonic() + PATIENCE
        while not (self._folder / f"card{card.number}.socket").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                said = (self._folder / f"card{card.number}.said").read_text(errors="replace").strip()
                raise Problem(f"the software card {card.model} does not listen: {said or 'it printed nothing'}")
            time.sleep(0.02)

"""The machine: QEMU's command line for the cards and wires asked for, and one run of it.

A wire is a hub inside QEMU: every other card on the wire receives what one card sends, at the same moment and in the
same thread. For a card that cannot receive (no buffers, receiver off), QEMU keeps up to 10,000 frames; as soon as there
is a buffer it offers all of them at once, and the card drops, and counts as missed, the frames that its ring has no
room for. So a receiver that must lose nothing needs a ring large enough for the longest time that it may be kept
waiting. `filter-dump` on the first port of each wire sees every frame of the wire exactly once and writes the pcap.

The guest talks to us through four virtio serial ports whose ends here are files: the script's output (out, err), the
files it leaves (a tar archive) and, at the end, its exit status (control). The kernel's console is a fifth file, shown
only when something went wrong.
"""

import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import time

import qemu
from problem import Problem

FIRST_SLOT = 0x10  # cards are in PCI slots 0x10, 0x11, ...: 0000:00:10.0, 0000:00:11.0, ...
PORTS = ("out", "err", "control", "files")


@dataclasses.dataclass(frozen=True)
class Model:
    device: str   # QEMU's name for it
    module: str   # the kernel's driver
    about: str


MODELS = {
    "82540em": Model("e1000", "e1000", "Intel 82540EM, 8086:100e"),
    "82545em": Model("e1000-82545em", "e1000", "Intel 82545EM, 8086:100f (VMware's e1000)"),
    "82544gc": Model("e1000-82544gc", "e1000", "Intel 82544GC, 8086:100c"),
    "82574l": Model("e1000e", "e1000e", "Intel 82574L, 8086:10d3 (VMware's e1000e)"),
    "82576": Model("igb", "igb", "Intel 82576, 8086:10c9 (QEMU 8.0 and later)"),
    "virtio": Model("virtio-net-pci", "virtio_net", "virtio network card, 1af4:1000"),
    "vmxnet3": Model("vmxnet3", "vmxnet3", "VMware vmxnet3, 15ad:07b0"),
    "sim:82540em": Model("vfio-user-pci", "e1000", "our own software 82540EM, served by ixy sim"),
    "sim:82545em": Model("vfio-user-pci", "e1000", "our own software 82545EM"),
    "sim:82574l": Model("vfio-user-pci", "e1000e", "our own software 82574L"),
    "sim:82545em": Model("vfio-user-pci", "e1000", "our own software 82545EM"),
    "sim:82574l": Model("vfio-user-pci", "e1000e", "our own software 82574L"),
}


@dataclasses.dataclass(frozen=True)
class Card:
    model: str
    wire: str | None
    number: int  # 1, 2, ... in the order of the command line
    words: str = ""  # for a software card: more KEY=VALUE,... of its address

    @property
    def address(self) -> str:
        return f"0000:00:{FIRST_SLOT + self.number - 1:02x}.0"

    @property
    def mac(self) -> str:
        return f"52:54:00:00:00:{self.number:02x}"

    @property
    def is_software(self) -> bool:
        return self.model.startswith("sim:")

    @staticmethod
    def parse(text: str, number: int) -> "Card":
        """Reads `MODEL`, `MODEL:wire=NAME` or, for a software card, `MODEL:wire=NAME,KEY=VALUE...`."""
        model = next((name for name in MODELS if text == name or text.startswith(f"{name}:")), None)
        if model is None:
            raise Problem(f"unknown card {text!r}", f"the lab has: {', '.join(MODELS)}")
        options = text[len(model) + 1:]
        wire, _, words = options.partition(",")
        if (options and not re.fullmatch(r"wire=[A-Za-z0-9_-]+", wire)) or (words and not model.startswith("sim:")):
            raise Problem(f"unknown option {options!r} of card {text!r}",
                          "a card is written MODEL or MODEL:wire=NAME, a software card also MODEL:wire=NAME,KEY=VALUE")
        return Card(model, wire.removeprefix("wire=") or None, number, words)


@dataclasses.dataclass
class Machine:
    cards: list[Card]
    memory: int          # MiB
    processors: int
    hugepages: int       # 2 MiB each
    iommu: bool
    acceleration: str    # tcg or kvm
    kernel_image: pathlib.Path
    initramfs: pathlib.Path

    def wires(self) -> list[str]:
        return sorted({card.wire for card in self.cards if card.wire})

    def command(self, folder: pathlib.Path, interactive: bool = False) -> list[str]:
        """QEMU's command line; the guest's output goes to files in `folder`."""
        machine = "q35,kernel-irqchip=split" if self.iommu and self.acceleration == "kvm" else "q35"
        software = any(card.is_software for card in self.cards)
        accelerator = "kvm" if self.acceleration == "kvm" else "tcg,thread=multi"
        processor = "host" if self.acceleration == "kvm" else "max,la57=off"
        command = [qemu.find_with_vfio_user() if software else qemu.find(), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                   "-machine", machine, "-accel", accelerator, "-cpu", processor,
                   "-smp", str(self.processors), "-m", str(self.memory), "-kernel", str(self.kernel_image),
                   "-initrd", str(self.initramfs), "-append", self.kernel_command_line(),
                   "-serial", f"file:{folder}/console"]
        if software:  # its memory is shared with the cards' processes
            command += ["-object", f"memory-backend-memfd,id=memory,size={self.memory}M", "-machine", "memory-backend=memory"]
        if self.iommu:  # before every other device, as QEMU requires
            command += ["-device", "intel-iommu,intremap=on,caching-mode=on"]
        command += ["-device", f"virtio-serial-pci,addr=0x2,max_ports={len(PORTS) + 2}"]
        for number, port in enumerate(PORTS, start=1):
            command += ["-chardev", f"file,id={port},path={folder}/{port}",
                        "-device", f"virtserialport,chardev={port},nr={number}"]
        if interactive:
            command += ["-chardev", "stdio,id=terminal,signal=off", "-device", "virtconsole,chardev=terminal,nr=0"]
        for card in self.cards:
            command += self.card_options(card, folder)
        return command

    def card_options(self, card: Card, folder: pathlib.Path) -> list[str]:
        place = f"{FIRST_SLOT + card.number - 1:#x}"
        if card.is_software:
            device = {"driver": "vfio-user-pci", "addr": place, "rombar": 0,
                      "socket": {"type": "unix", "path": f"{folder}/card{card.number}.socket"}}
            options = ["-device", json.dumps(device)]
        else:
            wired = f",netdev=port{card.number}" if card.wire else ""
            options = ["-device", f"{MODELS[card.model].device},mac={card.mac},addr={place},romfile={wired}"]
        return self.wire_options(card, folder) + options if card.wire else options

    def wire_options(self, card: Card, folder: pathlib.Path) -> list[str]:
        """The card's end of its wire. A software card's cable comes in from outside, by datagrams.

        One software card and one of QEMU's are cabled directly. Through a hub, QEMU reorders frames when the cable is
        full: frames waiting in front of the hub overtake those waiting behind it.
        """
        others = [other for other in self.cards if other.wire == card.wire and other != card]
        direct = len(others) == 1 and card.is_software != others[0].is_software
        if direct and card.is_software:
            return []
        options = []
        if direct:
            options = ["-netdev", cable(f"port{card.number}", others[0], folder)]
        else:
            port = f"hubport,id=port{card.number},hubid={self.wires().index(card.wire) + 1}"
            if card.is_software:
                options = ["-netdev", cable(f"cable{card.number}", card, folder)]
                port += f",netdev=cable{card.number}"
            options += ["-netdev", port]
        if direct or all(card.number < other.number for other in others):
            options += ["-object", f"filter-dump,id=dump{card.number},netdev=port{card.number},"
                                   f"file={folder}/wire-{card.wire}.pcap"]
        return options

    def kernel_command_line(self) -> str:
        words = ["console=ttyS0", "quiet", "panic=-1", "ipv6.disable=1", "mitigations=off", "no_timer_check",
                 "random.trust_cpu=on", "rdinit=/init", f"hugepages={self.hugepages}"]
        return " ".join(words + (["intel_iommu=on"] if self.iommu else []))


def cable(name: str, card: Card, folder: pathlib.Path) -> str:
    """QEMU's end of a software card's cable, as its back end `name`."""
    return (f"dgram,id={name},local.type=unix,local.path={folder}/port{card.number}.wire,"
            f"remote.type=unix,remote.path={folder}/card{card.number}.wire")


@dataclasses.dataclass
class Outcome:
    status: int | None   # the script's exit status; None when the guest ended without one
    timed_out: bool


def start(command: list[str], **options) -> subprocess.Popen:
    """Starts QEMU so that it ends when this process ends, for whatever reason."""
    return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], **options)


def run(command: list[str], folder: pathlib.Path, seconds: float) -> Outcome:
    """Runs the machine until its script has ended; passes the script's output on as it is printed."""
    streams = [(Follower(folder / "out"), 1), (Follower(folder / "err"), 2)]
    with open(folder / "qemu", "wb") as messages:
        machine = start(command, stdin=subprocess.DEVNULL, stdout=messages, stderr=messages, start_new_session=True)
    deadline = time.monotonic() + seconds
    status, running = None, True
    try:
        while running and status is None and time.monotonic() < deadline:
            running = machine.poll() is None
            time.sleep(0.02)
            status = exit_status(folder / "control")
            for stream, target in streams:
                stream.pass_on(target)
    finally:
        stop(machine)
        for stream, target in streams:
            stream.pass_on(target)
    return Outcome(status, timed_out=running and status is None)


def stop(machine: subprocess.Popen) -> None:
    """On SIGTERM, QEMU finishes pending work (the guest's last words) and ends."""
    machine.send_signal(signal.SIGTERM)
    try:
        machine.wait(5)
    except subprocess.TimeoutExpired:
        machine.kill()
        machine.wait()


def exit_status(control: pathlib.Path) -> int | None:
    found = re.search(r"^exit (\d+)\n", control.read_text() if control.exists() else "", re.M)
    return int(found[1]) if found else None


class Follower:
    """Reads a file that another process is still writing."""

    def __init__(self, path: pathlib.Path):
        self._path = path
        self._file = None

    def pass_on(self, target: int) -> None:
        if self._file is None and self._path.exists():
            self._file = open(self._path, "rb")
        rest = self._file.read() if self._file else b""
        while rest:
            rest = rest[os.write(target, rest):]

"""Decides whether to use hardware acceleration: only if a guest has booted with it.

/dev/kvm may exist, and open, and still not boot a stock kernel (nested virtualisation). So a trial boots this very
kernel once, for a bounded time, and the answer is kept until this machine restarts.
"""

import os
import pathlib
import tempfile

import kernel
from initramfs import Initramfs
from machine import Machine, run
from packages import cache_folder, print_progress

TRIAL_SECONDS = 15
TRIAL_INIT = b"""#!/bin/busybox sh
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
while read -r module; do insmod "$module"; done </lab/modules
echo "exit 0" >/dev/vport0p3
sleep 1000
"""


def choose(wish: str, guest_kernel: kernel.Kernel) -> str:
    """`kvm` if it is requested (`auto`) and works, else `tcg`."""
    if wish == "off" or not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    started = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    answer = cache_folder() / f"kvm-{started}-{guest_kernel.release}"
    if not answer.exists():
        print_progress(f"trying hardware acceleration (at most {TRIAL_SECONDS} seconds, once)")
        works = trial(guest_kernel)
        for old in cache_folder().glob("kvm-*"):
            old.unlink(missing_ok=True)
        answer.write_text("kvm" if works else "tcg")
    return answer.read_text()


def trial(guest_kernel: kernel.Kernel) -> bool:
    with tempfile.TemporaryDirectory(prefix="ixy-lab-") as name:
        folder = pathlib.Path(name)
        root = Initramfs()
        root.busybox()
        root.file("/init", TRIAL_INIT, executable=True)
        drivers = guest_kernel.load_order(["virtio_pci", "virtio_console"])
        for driver in drivers:
            root.file(f"/lab/drivers/{driver.name}", driver.read_bytes())
        root.file("/lab/modules", "".join(f"/lab/drivers/{driver.name}\n" for driver in drivers).encode())
        root.write(folder / "initramfs")
        machine = Machine([], 256, 2, 0, False, "kvm", guest_kernel.image, folder / "initramfs")
        return run(machine.command(folder), folder, TRIAL_SECONDS).status == 0

"""The guest's kernel: the distribution's own package, found and downloaded by apt, unpacked and never installed.

The lab keeps the unpacked kernel image and, uncompressed, the modules that it may load, with their dependencies, in a
folder named after the kernel's version. The folder appears by one rename once it is complete, so an interrupted
download leaves nothing that could be mistaken for a kernel.
"""

import lzma
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile

from packages import cache_folder, keep, print_progress
from packages import unpack as unpack_package
from problem import Problem

# The packages that stand for "the current kernel": Debian's, then Ubuntu's.
CURRENT_KERNELS = ("linux-image-amd64", "linux-image-generic")
MODULES = (
    "virtio_pci", "virtio_console", "virtio_net",                       # how the guest talks to us; a virtio card
    "e1000", "e1000e", "igb", "ixgbe", "vmxnet3",                       # the kernel's own drivers for the cards
    "vfio-pci", "vfio_iommu_type1", "uio_pci_generic",                  # ways to hand a card to a process
    "af_packet", "bridge", "bonding", "dummy", "veth", "8021q",         # used by tests on top of the cards
)
NOT_NEEDED = ("drivers/gpu", "drivers/media", "drivers/infiniband", "drivers/scsi", "drivers/staging",
              "drivers/net/wireless", "drivers/usb", "drivers/hid", "drivers/iio", "fs", "sound")


class Kernel:
    """An unpacked kernel: `image`, `release`, and where each module and its dependencies are."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.release = folder.name
        self.image = folder / "vmlinux"
        self.modules = folder / "modules"

    def load_order(self, wanted: list[str]) -> list[pathlib.Path]:
        """The files to insert, in order, for the modules `wanted`. Modules built into the kernel need no file."""
        order: list[pathlib.Path] = []

        def add(name: str) -> None:
            file = self.modules / f"{name.replace('-', '_')}.ko"
            if file.exists() and file not in order:
                for dependency in dependencies(file.read_bytes()):
                    add(dependency)
                order.append(file)

        for name in wanted:
            add(name)
        return order


def dependencies(module: bytes) -> list[str]:
    """The modules that a module lists in its .modinfo section as `depends=a,b`."""
    found = re.search(rb"\0depends=([^\0]*)\0", module)
    return [name for name in found[1].decode().split(",") if name] if found else []


def find(update: bool = False) -> Kernel:
    """The newest kernel that is already unpacked; downloads one if there is none, or if `update` is set."""
    kept = sorted((path for path in cache_folder().glob("*/vmlinux")), key=lambda path: path.stat().st_mtime)
    if kept and not update:
        return Kernel(kept[-1].parent)
    return download()


def download() -> Kernel:
    packages = packages_of_current_kernel()
    release = packages[0].removeprefix("linux-image-").removeprefix("unsigned-")
    target = cache_folder() / release
    if (target / "vmlinux").exists():
        return Kernel(target)
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".unpack-", dir=cache_folder()) as name:
            work = pathlib.Path(name)
            print_progress(f"downloading and unpacking {packages[0]} (once, into {target})")
            fetch(packages, work)
            unpack(work, release, work / "complete")
            keep(work / "complete", target)
    except OSError as error:
        raise Problem(f"the kernel could not be stored in {cache_folder()}: {error.strerror}",
                      "it needs 500 MB temporarily and 80 MB permanently; set XDG_CACHE_HOME to a folder with room") from error
    return Kernel(target)


def packages_of_current_kernel() -> list[str]:
    """The packages that contain the image and its modules, the image's first."""
    if not shutil.which("apt-cache"):
        raise Problem("no kernel for the guest: apt-cache is missing", "the lab needs Debian 12 or later, or Ubuntu 24.04 or later")
    for current in CURRENT_KERNELS:
        answer = subprocess.run(["apt-cache", "depends", "--no-recommends", "--no-suggests", current],
                                capture_output=True, text=True)
        names = re.findall(r"Depends: (linux-(?:image|modules)\S*-\d\S*)", answer.stdout)
        images = [name for name in names if name.startswith("linux-image-")]
        if not images:
            continue
        release = images[0].removeprefix("linux-image-")
        further = [f"linux-modules-{release}", f"linux-modules-extra-{release}"]  # Ubuntu packages its modules separately
        known = subprocess.run(["apt-cache", "pkgnames", "linux-modules-"], capture_output=True, text=True).stdout.split()
        return images[:1] + [name for name in further if name in known]
    raise Problem(f"apt knows no kernel package ({' or '.join(CURRENT_KERNELS)})", "run: sudo apt-get update")


def fetch(packages: list[str], folder: pathlib.Path) -> None:
    answer = subprocess.run(["apt-get", "download", *packages], cwd=folder, capture_output=True, text=True)
    if answer.returncode != 0:
        reason = next((line for line in answer.stderr.splitlines() if line.startswith("E:")), "apt-get download failed")
        raise Problem(f"{packages[0]} could not be downloaded: {reason}", "check the network, then run: sudo apt-get update")


def unpack(work: pathlib.Path, release: str, complete: pathlib.Path) -> None:
    """Unpacks the packages in `work` and puts what the lab needs into the folder `complete`."""
    tree = work / "tree"
    tree.mkdir()
    for package in sorted(work.glob("*.deb")):
        unpack_package(package, tree, [f"*/kernel/{folder}" for folder in NOT_NEEDED])
    complete.mkdir()
    (complete / "modules").mkdir()
    (complete / "vmlinux").write_bytes(quick_image((tree / "boot" / f"vmlinuz-{release}").read_bytes()))
    available = {path.name.split(".ko")[0].replace("-", "_"): path for path in tree.glob("**/*.ko*")}
    pending = [name.replace("-", "_") for name in MODULES]
    while pending:
        name = pending.pop()
        target = complete / "modules" / f"{name}.ko"
        if name in available and not target.exists():
            target.write_bytes(uncompressed(available[name]))
            pending += [dependency.replace("-", "_") for dependency in dependencies(target.read_bytes())]


def quick_image(image: bytes) -> bytes:
    """The kernel inside a bzImage, for QEMU to start by the PVH protocol: unpacking it in the guest takes 4 seconds more.

    Returns the image itself if its compression is unknown here. Documentation/arch/x86/boot.rst: setup_sects (0x1f1),
    payload_offset (0x248) and payload_length (0x24c).
    """
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = ((image[0x1F1] or 4) + 1) * 512 + offset
    payload = image[start:start + length]
    kernel = b""
    if payload.startswith(b"\xfd7zXZ"):
        kernel = lzma.LZMADecompressor().decompress(payload)
    elif payload.startswith(b"\x28\xb5\x2f\xfd") and shutil.which("zstd"):  # its last four bytes are the length
        kernel = subprocess.run(["zstd", "-dcq"], input=payload[:-4], stdout=subprocess.PIPE).stdout
    return kernel if kernel.startswith(b"\x7fELF") else image


def uncompressed(module: pathlib.Path) -> bytes:
    """Debian 12 keeps modules as they are, Debian 13 as .xz, Ubuntu as .zst."""
    if module.suffix == ".xz":
        return lzma.decompress(module.read_bytes())
    if module.suffix == ".zst":
        if not shutil.which("zstd"):
            raise Problem(f"{module.name} is compressed with zstd, which is missing", "run: sudo apt-get install zstd")
        return subprocess.run(["zstd", "-dcq", module], stdout=subprocess.PIPE, check=True).stdout
    return module.read_bytes()

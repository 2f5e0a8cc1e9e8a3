"""What the lab takes from the distribution's packages: where it is kept, and how a package is unpacked without being installed."""

import os
import pathlib
import subprocess

from problem import Problem


def cache_folder() -> pathlib.Path:
    """Where kernels and a QEMU are kept between runs: $XDG_CACHE_HOME/ixy/lab, else ~/.cache/ixy/lab."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(base) / "ixy" / "lab"


def unpack(package: pathlib.Path, tree: pathlib.Path, excluded: list[str]) -> None:
    """Unpacks a .deb into the folder `tree`, without the paths that match a pattern of `excluded`."""
    files = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package.name], cwd=package.parent, stdout=subprocess.PIPE)
    unpacked = subprocess.run(["tar", "-x", "-C", tree, "--no-same-owner", *(f"--exclude={path}" for path in excluded)],
                              stdin=files.stdout, capture_output=True, text=True)
    if files.wait() != 0 or unpacked.returncode != 0:
        raise Problem(f"{package.name} could not be unpacked: {unpacked.stderr.strip()[:200]}", "is the disk full? see: df -h")


def keep(complete: pathlib.Path, target: pathlib.Path) -> None:
    """Puts a complete folder in its place, unless another lab was faster."""
    try:
        complete.rename(target)
    except OSError:
        if not target.exists():
            raise


def print_progress(text: str) -> None:
    os.write(2, f"lab: {text}\n".encode())

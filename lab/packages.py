"""Files from the distribution's packages: where the lab keeps them, and how it unpacks packages without installing."""

import os
import pathlib
import subprocess

from problem import Problem


def cache_folder() -> pathlib.Path:
    """The folder that keeps kernels and a QEMU between runs: $XDG_CACHE_HOME/ixy/lab, else ~/.cache/ixy/lab."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(base) / "ixy" / "lab"


def unpack(package: pathlib.Path, tree: pathlib.Path, excluded: list[str]) -> None:
    """Unpacks a .deb into the folder `tree`, without the paths that match a pattern in `excluded`."""
    files = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package.name], cwd=package.parent, stdout=subprocess.PIPE)
    unpacked = subprocess.run(["tar", "-x", "-C", tree, "--no-same-owner", *(f"--exclude={path}" for path in excluded)],
                              stdin=files.stdout, capture_output=True, text=True)
    if files.wait() != 0 or unpacked.returncode != 0:
        raise Problem(f"{package.name} could not be unpacked: {unpacked.stderr.strip()[:200]}", "is the disk full? see: df -h")


def keep(complete: pathlib.Path, target: pathlib.Path) -> None:
    """Moves a complete folder into place, unless another lab was faster."""
    try:
        complete.rename(target)
    except OSError:
        if not target.exists():
            raise


def print_progress(text: str) -> None:
    os.write(2, f"lab: {text}\n".encode())

"""The guest's root: a file system in memory, rebuilt for each run, with busybox, modules, programs and their libraries.

The archive is in cpio's `newc` format (Documentation/driver-api/early-userspace/buffer-format.rst in the kernel),
uncompressed: under software emulation, reading more bytes is cheaper than unpacking fewer.
"""

import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile

from problem import Problem

TOOL_FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Initramfs:
    """Collects files; write() makes the archive. Paths inside are absolute; missing parents are created."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[int, bytes]] = {}
        for folder in ("/proc", "/sys", "/dev", "/tmp", "/run", "/root", "/out", "/etc"):
            self.folder(folder)

    def folder(self, path: str) -> None:
        if path not in self._entries and path != "/":
            self.folder(os.path.dirname(path))
            self._entries[path] = (stat.S_IFDIR | 0o755, b"")

    def file(self, path: str, content: bytes, executable: bool = False) -> None:
        self.folder(os.path.dirname(path))
        self._entries[path] = (stat.S_IFREG | (0o755 if executable else 0o644), content)

    def link(self, path: str, target: str) -> None:
        self.folder(os.path.dirname(path))
        self._entries.setdefault(path, (stat.S_IFLNK | 0o777, target.encode()))

    def copy(self, source: pathlib.Path, path: str) -> None:
        """Copies a file, or a folder with everything in it."""
        if source.is_dir():
            for inner in sorted(source.iterdir()):
                self.copy(inner, f"{path}/{inner.name}")
        elif source.exists():
            self.file(path, source.read_bytes(), os.access(source, os.X_OK))
        else:
            raise Problem(f"{source}: no such file")

    def program(self, source: pathlib.Path, path: str) -> None:
        """Copies a program and the shared libraries that it needs, to the same places as on this machine."""
        self.file(path, without_debug_information(source), executable=True)
        for library in shared_libraries(source):
            if library not in self._entries:
                self.file(library, pathlib.Path(library).read_bytes(), executable=True)

    def programs(self, folder: pathlib.Path) -> None:
        files = [file for file in sorted(folder.glob("*")) if file.is_file() and os.access(file, os.X_OK)]
        if not files:
            raise Problem(f"there are no programs in {folder}", "build them: cmake -B build && cmake --build build")
        for file in files:
            self.program(file, f"/usr/local/bin/{file.name}")

    def tool(self, name: str) -> None:
        """Copies a tool of this machine, which then takes precedence over busybox's tool of the same name."""
        found = shutil.which(name, path=TOOL_FOLDERS)
        if not found:
            raise Problem(f"the tool {name}, requested for the guest, is not installed", "find its package with: apt-file search")
        self.program(pathlib.Path(found).resolve(), f"/usr/local/sbin/{name}")

    def busybox(self) -> None:
        """The shell and the usual tools, as one program without libraries."""
        found = shutil.which("busybox", path=TOOL_FOLDERS)
        if not found or shared_libraries(pathlib.Path(found)):
            raise Problem("a statically linked busybox is missing", "run: sudo apt-get install busybox-static")
        self.file("/bin/busybox", pathlib.Path(found).read_bytes(), executable=True)
        for name in subprocess.run([found, "--list"], capture_output=True, text=True, check=True).stdout.split():
            self.link(f"/bin/{name}", "busybox")

    def write(self, path: pathlib.Path) -> None:
        with open(path, "wb") as archive:
            for number, (name, (mode, content)) in enumerate(sorted(self._entries.items()), start=1):
                write_entry(archive, number, mode, name.lstrip("/"), content)
            write_entry(archive, 0, 0, "TRAILER!!!", b"")


def write_entry(archive, number: int, mode: int, name: str, content: bytes) -> None:
    fields = (number, mode, 0, 0, 2 if stat.S_ISDIR(mode) else 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
    header = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
    archive.write(header + b"\0" * (-len(header) % 4) + content + b"\0" * (-len(content) % 4))


def shared_libraries(program: pathlib.Path) -> list[str]:
    answer = subprocess.run(["ldd", program], capture_output=True, text=True)
    missing = re.findall(r"^\s*(\S+) => not found", answer.stdout, re.M)
    if missing:
        raise Problem(f"{program} needs {', '.join(missing)}, which this machine does not have")
    return re.findall(r"(?:=> |^\s+)(/\S+) \(0x", answer.stdout, re.M)


def without_debug_information(program: pathlib.Path) -> bytes:
    """A program's bytes, without debug information if binutils are installed to strip it."""
    if not shutil.which("objcopy") or not program.read_bytes().startswith(b"\x7fELF"):
        return program.read_bytes()
    with tempfile.NamedTemporaryFile(prefix="ixy-lab-") as lighter:
        subprocess.run(["objcopy", "--strip-debug", program, lighter.name], check=True)
        return pathlib.Path(lighter.name).read_bytes()

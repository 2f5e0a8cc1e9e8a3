"""QEMU: this machine's own, and for cards that are our own processes (vfio-user: QEMU 10.1 or later) a newer one.

The newer one is Debian's package from trixie-backports, with the libraries that it needs from trixie, downloaded and
verified by apt into a folder of its own and never installed. The mirror, proxies and keys are those of this machine's
own apt. It brings its own loader, so it runs next to whatever this machine has and needs neither root nor a chroot. The
folder appears by one rename, once the QEMU in it has run.
"""

import getpass
import pathlib
import re
import shutil
import subprocess
import tempfile

from packages import cache_folder, keep, print_progress, unpack
from problem import Problem

SUITES = ("trixie-backports", "trixie")
KEYRINGS = ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp")
FIRMWARE = ("bios-256k.bin", "kvmvapic.bin", "linuxboot_dma.bin", "pvh.bin")
NAME = "qemu-system-x86_64"
MISSING = "the software cards need a QEMU with vfio-user (10.1 or later)"
RUN = f"""#!/bin/sh
# This QEMU with its own loader, libraries and firmware.
here=$(dirname "$(readlink -f "$0")")
exec "$here/lib/LOADER" --library-path "$here/lib" "$here/lib/{NAME}" -L "$here/firmware" "$@"
"""


def find() -> str:
    """This machine's QEMU."""
    found = shutil.which(NAME)
    if not found:
        raise Problem(f"{NAME} is missing", "run: sudo apt-get install qemu-system-x86")
    return found


def find_with_vfio_user(update: bool = False) -> str:
    """A QEMU that plugs in cards of other processes: the kept one, else this machine's, else a downloaded one."""
    kept = sorted(cache_folder().glob(f"qemu-*/{NAME}"), key=lambda path: path.stat().st_mtime)
    if kept and not update:
        return str(kept[-1])
    own = shutil.which(NAME)
    return own if own and has_vfio_user(own) else str(download())


def has_vfio_user(program: str) -> bool:
    """Whether it knows the device; for an unknown device, QEMU prints no options and also ends with status 0."""
    return b"socket=" in subprocess.run([program, "-device", "vfio-user-pci,help"], capture_output=True).stdout


def download() -> pathlib.Path:
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".unpack-", dir=cache_folder()) as name:
            work = pathlib.Path(name)
            print_progress(f"downloading and unpacking QEMU with vfio-user (40 MB, once, into {cache_folder()})")
            packages = fetch(work)
            tree = work / "tree"
            tree.mkdir()
            for package in packages:
                unpack(package, tree, ["./etc", "./var", "./usr/share/doc", "./usr/share/locale", "./usr/share/man"])
            gather(tree, work / "complete")
            target = cache_folder() / f"qemu-{version(packages)}"
            keep(work / "complete", target)
            return target / NAME
    except OSError as error:
        raise Problem(f"QEMU could not be stored in {cache_folder()}: {error.strerror}",
                      "it needs 300 MB temporarily and 70 MB permanently; set XDG_CACHE_HOME to a folder with room") from error


def fetch(folder: pathlib.Path) -> list[pathlib.Path]:
    """The packages of QEMU and of all that it depends on; apt's lists, cache and state are in `folder` too."""
    source = mirror()
    keyring = next((path for name in KEYRINGS if (path := pathlib.Path("/usr/share/keyrings") / name).exists()), None)
    if keyring is None:
        raise Problem("Debian's keys, which verify QEMU's package, are missing", "run: sudo apt-get install debian-archive-keyring")
    (folder / "sources").write_text("".join(f"deb [signed-by={keyring}] {source} {suite} main\n" for suite in SUITES))
    (folder / "status").write_text("")  # nothing is installed: every library is fetched
    for path in ("lists/partial", "archives/partial"):
        (folder / path).mkdir(parents=True)
    # On the command line, which takes precedence over the machine's own settings in /etc/apt/apt.conf.d.
    places = {"Dir::Etc::sourcelist": "sources", "Dir::State::status": "status", "Dir::State::lists": "lists",
              "Dir::State::extended_states": "extended", "Dir::Cache::archives": "archives", "Dir::Cache::pkgcache": "pkgcache",
              "Dir::Cache::srcpkgcache": "srcpkgcache"}
    settings = {name: folder / path for name, path in places.items()} | {
        "Dir::Etc::sourceparts": "/dev/null", "Dir::Etc::preferences": "/dev/null", "Dir::Etc::preferencesparts": "/dev/null",
        "APT::Default-Release": SUITES[0], "APT::Sandbox::User": getpass.getuser(), "APT::Update::Error-Mode": "any",
        "APT::Get::AllowUnauthenticated": "false", "Acquire::Languages": "none", "Acquire::Retries": "3",
        "Acquire::http::Timeout": "30", "Debug::NoLocking": "true"}
    apt = ["apt-get", "-q", "-y", *(f"-o{name}={value}" for name, value in settings.items())]
    for words in (["update"], ["install", "--download-only", "--no-install-recommends", "qemu-system-x86"]):
        answer = subprocess.run([*apt, *words], capture_output=True, text=True)
        if answer.returncode != 0:
            reason = next((line for line in answer.stderr.splitlines() if line.startswith("E:")), f"apt-get {words[0]} failed")
            raise Problem(f"QEMU with vfio-user could not be downloaded: {reason}",
                          f"check that the network reaches {source}, and that it has {' and '.join(SUITES)}")
    return sorted((folder / "archives").glob("*.deb"))


def mirror() -> str:
    """Where this machine's own apt gets Debian's packages: any address that a sources list may have, mirror+file:/… too."""
    known = indexed_archives()
    for origin, label, address in known:
        if origin == label == "Debian":
            return address.rstrip("/")
    if not known:
        raise Problem(f"{MISSING}, and apt has no package lists that name a mirror", "run: sudo apt-get update")
    names = ", ".join(sorted({origin or "an unnamed archive" for origin, _, _ in known}))
    raise Problem(f"{MISSING}, and this machine's apt knows no mirror of Debian's (it knows: {names})",
                  "put a QEMU 10.1 or later into the PATH, or add a Debian mirror to /etc/apt/sources.list.d and run: sudo apt-get update")


def indexed_archives() -> list[tuple[str, str, str]]:
    """Origin, label and address of the archives that apt uses, as far as it has fetched their lists."""
    if not shutil.which("apt-get"):
        raise Problem(f"{MISSING}, and there is no apt to fetch it with", "put a QEMU 10.1 or later into the PATH")
    answer = subprocess.run(["apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)", "Created-By: Packages"],
                            capture_output=True, text=True)
    return [tuple(line.split("|", 2)) for line in dict.fromkeys(answer.stdout.splitlines()) if line.count("|") >= 2]


def version(packages: list[pathlib.Path]) -> str:
    package = next(path for path in packages if path.name.startswith("qemu-system-x86_"))
    return package.name.split("_")[1].removeprefix("1%3a")


def gather(tree: pathlib.Path, complete: pathlib.Path) -> None:
    """Fills the folder `complete` with the program, the libraries that it loads, its firmware, and a start script."""
    (complete / "lib").mkdir(parents=True)
    (complete / "firmware").mkdir()
    program = tree / "usr" / "bin" / NAME
    loader = next(tree.glob("usr/lib/*/ld-linux*.so.*"))
    loads = subprocess.run([loader, "--library-path", loader.parent, "--list", program], capture_output=True, text=True, check=True)
    libraries = [pathlib.Path(path) for path in re.findall(r"=> (/\S+) \(0x", loads.stdout)]
    for file in {program, loader, *libraries}:
        shutil.copy(file, complete / "lib" / file.name)
    for name in FIRMWARE:
        shutil.copy(next(tree.glob(f"usr/share/*/{name}")), complete / "firmware" / name)
    (complete / NAME).write_text(RUN.replace("LOADER", loader.name))
    (complete / NAME).chmod(0o755)
    if not has_vfio_user(str(complete / NAME)):
        raise Problem("the downloaded QEMU does not run, or lacks vfio-user", f"try it: {program} -device vfio-user-pci,help")

"""A process that sees only Python, its packages and an empty folder, and no network.

On Linux, where the system lets a user make namespaces, the process gets its own: files, processes, network. A
`tmpfs` with read-only views of Python's folders is all of its disk, and /proc is all but empty. Elsewhere what
is left are the limits here, and what `guard` refuses in Python; `level` says which it is.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
import tempfile
from pathlib import Path

FULL = "namespaces: no files but Python's, no network, no other processes"
WEAK = (
    "WEAKER: this system gives no namespaces. Limits and Python's audit hooks keep an answer from your files, as far "
    "as Python goes; grade in a container or a virtual machine that has nothing to lose."
)
# <sched.h>: user, mounts, processes, network, IPC, host name; <sys/mount.h>
NEW_NAMESPACES = 0x10000000 | 0x00020000 | 0x20000000 | 0x40000000 | 0x08000000 | 0x04000000
RDONLY, NOSUID, NODEV, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
SYSTEM = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share/zoneinfo", "/etc/ld.so.cache")
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")


def libc(name: str, *arguments):
    "A call of the C library that fails loudly."
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    if function(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def level() -> str:
    "FULL or WEAK: tries the whole of it in a process that ends at once."
    if platform.system() != "Linux":
        return WEAK
    with tempfile.TemporaryDirectory() as root:
        child = os.fork()
        if child == 0:
            try:
                enter_namespaces(Path(root), readable())
            except OSError:
                os._exit(1)
            os._exit(0)
        return FULL if os.waitpid(child, 0)[1] == 0 else WEAK


def readable(*more: Path) -> list[Path]:
    "What Python needs: the system's libraries, the interpreter, the packages, the folders given; as named, and as resolved."
    named = [Path(path) for path in (*SYSTEM, sys.base_prefix, sys.prefix, *more) if Path(path).exists()]
    paths = sorted({*named, *(path.resolve() for path in named)}, key=lambda path: len(path.parts))
    return [path for n, path in enumerate(paths) if not any(path.is_relative_to(p) for p in paths[:n])]


def enter_namespaces(root: Path, paths: list[Path]):
    "This process gets a disk with these paths alone, mounted over `root`; its next child is alone in the world."
    uid, gid = os.getuid(), os.getgid()
    libc("unshare", NEW_NAMESPACES)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    mount("none", Path("/"), "", REC | PRIVATE)
    mount("tmpfs", root, "tmpfs", NOSUID | NODEV, "size=256m,mode=0700")
    for path in [*paths, *map(Path, DEVICES)]:
        bind(path, root / path.relative_to("/"))
    (root / "tmp" / "work").mkdir(parents=True, exist_ok=True)
    process = root / "proc" / "self"  # TensorFlow does not start without these two
    process.mkdir(parents=True)
    (process / "exe").symlink_to(os.path.realpath(sys.executable))
    (process / "cmdline").write_bytes(b"python\0")
    os.chroot(root)
    os.chdir("/tmp/work")


def mount(what: str, where: Path, kind: str, flags: int, options: str = ""):
    libc(
        "mount",
        what.encode(),
        os.fsencode(where),
        kind.encode(),
        ctypes.c_ulong(flags),
        options.encode(),
    )


def bind(path: Path, target: Path):
    "A read-only view of a file or folder; flags that the system has set on it must stay."
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        target.mkdir(exist_ok=True)
    else:
        target.touch()
    mount(str(path), target, "", BIND | REC)
    kept = os.statvfs(target).f_flag & (NOSUID | NODEV | 8 | 1024 | 2048)  # noexec, noatime, nodiratime
    if str(path) not in DEVICES:
        mount("none", target, "", REMOUNT | BIND | RDONLY | kept)


def drop_privileges():
    "No capability is left, and none can be gained."
    libc("prctl", 38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    header = struct.pack("Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    libc("capset", header, bytes(24))


def die_with_parent():
    libc("prctl", 1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG


def limit(memory: int, seconds: int):
    "Bytes of memory more than now, and seconds of CPU time; no core files, no large files, few processes."
    used = resident()
    limits = {"DATA": used + memory, "CPU": seconds, "CORE": 0, "FSIZE": 64 << 20, "NOFILE": 256}
    for name, most in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None:
            hard = resource.getrlimit(kind)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (most, most))


def resident() -> int:
    "Bytes of data that this process holds by now; 0 where the system does not say."
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmData"))
    return int(line.split()[1]) * 1024

"""Run as a script inside new namespaces: make a staged directory the root for good, then start a command in it.

A chroot alone is no confinement: a process with the capabilities of a user namespace leaves it. So the old root
is unmounted, and every capability is given up. Without a command the script only shows that this works here.
Arguments: root, directory, the number of variables, the variables (`NAME=value`), the command.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import sys

# linux/mount.h, linux/if.h, linux/sockios.h, linux/prctl.h
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 4096, 16384, 1 << 18
MNT_DETACH = 2
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38

libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: bytes | int | None) -> None:
    """A function of libc; raises OSError when it fails."""
    function = getattr(libc, name)
    if function(*(ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments)):
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def enter(root: bytes) -> None:
    """Bring the loopback interface up, make `root` the only root, give up all capabilities."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
    call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
    call("mount", root, root, None, MS_BIND | MS_REC, None)
    os.chdir(root)
    # Read-only: root's files below /proc/sys could be written without any capability.
    call("mount", b"proc", b"proc", b"proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, None)
    call("pivot_root", b".", b".")
    call("umount2", b".", MNT_DETACH)
    os.chdir("/")
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for capability in range(64):
        try:
            call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
        except OSError:
            if capability < 38:  # CAP_BPF and later are unknown to older kernels
                raise
            break


def main(arguments: list[str]) -> None:
    """Enter, and become the command."""
    root, directory, count, *rest = arguments
    enter(os.fsencode(root))
    variables, command = rest[: int(count)], rest[int(count) :]
    if command:
        os.chdir(directory)
        os.execve(command[0], command, dict(os.environ) | dict(v.split("=", 1) for v in variables))


if __name__ == "__main__":
    main(sys.argv[1:])

"""ELF machine numbers (gABI registry) that matter here."""

from __future__ import annotations

NAMES = {
    3: "i386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86-64", 183: "aarch64",
    243: "riscv", 258: "loongarch",
}  # fmt: skip
# Code for a device, shipped as data inside a package: never loaded by the host's loader.
DEVICES = {190: "CUDA", 224: "AMD GPU", 247: "BPF", 205: "Intel GPU"}
X86_64, AARCH64 = 62, 183


def machine_name(number: int) -> str:
    """A name a reader knows, else the number."""
    return NAMES.get(number) or DEVICES.get(number) or f"machine {number}"

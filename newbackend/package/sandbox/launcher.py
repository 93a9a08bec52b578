"""A tiny static program that starts another one through a loader of its own.

`/bin/bash` in an empty root has to be a program that the kernel can start there, and bash is linked against the host's
libc. A script cannot do it (its interpreter would be bash), and `LD_LIBRARY_PATH` is run.sh's own. So `/bin/bash` is
this: `execve("/shell/ld.so", ["/shell/ld.so", "--library-path", "/shell/lib", "/shell/bin/bash", argv[1], …], envp)`.
The code is what an assembler makes of `_SOURCE`; tests/package/test_launcher.py compares.
"""

from __future__ import annotations

import struct

_BASE = 0x400000
_CODE = 0x78  # after the ELF header and one program header
_SLOTS = (0x40, 0x20, 0x20, 0x80)  # bytes for the loader, its option, the library path, the program
_STRINGS = 0x88  # their start, counted from the code

# The process begins with argc, argv[0], argv[1], …, NULL, envp on the stack. argv[0] and argc become the program and
# the library path; the option and the loader are pushed below them.
SOURCE = {
    "x86_64": """
        .intel_syntax noprefix
        mov rcx, [rsp]
        lea rdx, [rsp+8*rcx+16]
        lea rax, [rip+program]
        mov [rsp+8], rax
        lea rax, [rip+path]
        mov [rsp], rax
        lea rax, [rip+option]
        push rax
        lea rdi, [rip+loader]
        push rdi
        mov rsi, rsp
        mov eax, 59
        syscall
        mov edi, 127
        mov eax, 60
        syscall
        .org 0x88
        loader: .org 0xc8
        option: .org 0xe8
        path: .org 0x108
        program: .org 0x188
    """,
    "aarch64": """
        ldr x3, [sp]
        add x2, sp, x3, lsl #3
        add x2, x2, #16
        adr x4, program
        str x4, [sp, #8]
        adr x4, path
        str x4, [sp]
        adr x4, option
        adr x0, loader
        stp x0, x4, [sp, #-16]!
        mov x1, sp
        mov x8, #221
        svc #0
        mov x0, #127
        mov x8, #93
        svc #0
        .org 0x88
        loader: .org 0xc8
        option: .org 0xe8
        path: .org 0x108
        program: .org 0x188
    """,
}
CODE = {
    "x86_64": bytes.fromhex(
        "488b0c24488d54cc10488d05f80000004889442408488d05cc00000048890424488d05a100000050488d3d5900000057"
        "4889e6b83b0000000f05bf7f000000b83c0000000f05"
    ),
    "aarch64": bytes.fromhex(
        "e30340f9e26f238b42400091e4070010e40700f9a4060010e40300f96405001040030010e013bfa9e1030091a81b80d2"
        "010000d4e00f80d2a80b80d2010000d4"
    ),
}
_MACHINES = {"x86_64": 62, "aarch64": 183}


def launcher(machine: str, loader: str, library_path: str, program: str) -> bytes | None:
    """The launcher for `machine` (as `uname -m` names it); None for one that it is not written for."""
    if machine not in CODE:
        return None
    texts = (loader, "--library-path", library_path, program)
    strings = b"".join(text.encode().ljust(size, b"\0") for text, size in zip(texts, _SLOTS, strict=True))
    if len(strings) != sum(_SLOTS):
        raise ValueError(f"{program} has too long a name")
    size = _CODE + _STRINGS + len(strings)
    identity = b"\x7fELF\x02\x01\x01" + bytes(9)
    head = struct.pack("<HHIQQQIHHHHHH", 2, _MACHINES[machine], 1, _BASE + _CODE, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x10000)
    return identity + head + segment + CODE[machine].ljust(_STRINGS, b"\0") + strings

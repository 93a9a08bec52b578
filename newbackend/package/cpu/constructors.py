"""Code that runs while a library is loaded: its constructors and what they call directly."""

from __future__ import annotations

from newbackend.package.archive import Buffer
from newbackend.package.cpu.decoders import Iced
from newbackend.package.elf import ELFFile, constructors, executable_parts

MAX_FUNCTION = 4096
MAX_FUNCTIONS = 500


def features_at_load(data: Buffer, elf: ELFFile) -> dict[str, int]:
    """Features and their first addresses in code that runs at load: from each constructor up to its first
    return or jump, and the same for functions that it calls or jumps to by address.

    Code behind an early return is not seen, so the rule may miss a defect but does not invent one. Needs
    iced-x86 (ImportError without it).
    """
    iced = Iced()
    parts = list(executable_parts(data, elf))
    features: dict[str, int] = {}
    pending, seen = constructors(data, elf), set[int]()
    while pending and len(seen) < MAX_FUNCTIONS:
        address = pending.pop()
        body = next((c[address - b : address - b + MAX_FUNCTION] for b, c in parts if b <= address < b + len(c)), b"")
        if address not in seen:
            seen.add(address)
            pending.extend(_follow(iced, address, body, features))
    return features


def _follow(iced: Iced, address: int, body: bytes, features: dict[str, int]) -> list[int]:
    """Adds the features of one function to `features`; the addresses that it goes to."""
    flow, targets = iced.module.FlowControl, []
    for instruction in iced.module.Decoder(64, body, ip=address):
        for feature in iced.features(instruction):
            features.setdefault(feature, instruction.ip)
        if instruction.flow_control in (flow.CALL, flow.UNCONDITIONAL_BRANCH):
            targets.append(instruction.near_branch_target)
        if instruction.flow_control in (flow.RETURN, flow.UNCONDITIONAL_BRANCH, flow.INDIRECT_BRANCH):
            break
    return targets

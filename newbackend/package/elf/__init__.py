"""What the dynamic loader reads of an ELF file, and where it would look for libraries.

`read_loadable` and `parse_elf` read the headers of a file, `read_symbols` its dynamic symbols; `Search` finds
libraries as `ld.so(8)` does, inside the package only. Why this is not LIEF or pyelftools: docs/adr/0025.
"""

from newbackend.package.elf.binary import (
    AARCH64,
    MACHINES,
    MAX_RECORDS,
    MAX_SYMBOL_BYTES,
    X86_64,
    Budget,
    ELFError,
    machine_name,
)
from newbackend.package.elf.code import IRELATIVE, constructors, executable_parts, relocation_types
from newbackend.package.elf.reader import SHARED_OBJECT, ELFFile, parse_elf, read_loadable
from newbackend.package.elf.search import Closure, Found, Missing, Search
from newbackend.package.elf.strings import library_strings
from newbackend.package.elf.symbols import Reference, Symbols, read_symbols
from newbackend.package.elf.tables import Need

__all__ = [
    "AARCH64",
    "IRELATIVE",
    "MACHINES",
    "MAX_RECORDS",
    "MAX_SYMBOL_BYTES",
    "SHARED_OBJECT",
    "X86_64",
    "Budget",
    "Closure",
    "ELFError",
    "ELFFile",
    "Found",
    "Missing",
    "Need",
    "Reference",
    "Search",
    "Symbols",
    "constructors",
    "executable_parts",
    "library_strings",
    "machine_name",
    "parse_elf",
    "read_loadable",
    "read_symbols",
    "relocation_types",
]

"""What dyld reads of a Mach-O file, where it would look for libraries, and whether a signature still fits.

Files are read with macholib (the extra `newbackend[macos]`). Why not LIEF: docs/adr/0070.
"""

from newbackend.package.macho.reader import MachError, MachFile, Slice, is_macho, read_macho, reader_installed
from newbackend.package.macho.search import Dyld, Lost, system_library
from newbackend.package.macho.signature import signature_defect

__all__ = [
    "Dyld",
    "Lost",
    "MachError",
    "MachFile",
    "Slice",
    "is_macho",
    "read_macho",
    "reader_installed",
    "signature_defect",
    "system_library",
]

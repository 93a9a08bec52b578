"""Which words about an engine may stand in build files: nothing that a shell, make, CMake or a compiler takes for more
than a word.
"""

from __future__ import annotations

import re
from dataclasses import replace

from newbackend.answers import EngineAnswers
from newbackend.catalog.torch import PACKAGES as TORCH
from newbackend.errors import UsageError
from newbackend.requirement import parse_requirement

_TARGET = r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}"
_HEADER = r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./+-]{0,199}\.h"
_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]{0,99}"
_SWITCHES = r"-D[A-Za-z_][A-Za-z0-9_]*=[A-Za-z0-9_.+-]+(?: -D[A-Za-z_][A-Za-z0-9_]*=[A-Za-z0-9_.+-]+)*"
_PACKAGE = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_FOLDER = r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./+-]{0,199}"
_OBJECT = r"(?!\S*\.\.)[A-Za-z0-9_][A-Za-z0-9_./+-]*\.[oa]"
_OBJECTS = rf"{_OBJECT}(?: {_OBJECT})*"
_LINKED = r"(?:CUDA::|-framework )?[A-Za-z0-9_][A-Za-z0-9_.+-]*"
_LIBRARIES = rf"{_LINKED}(?: {_LINKED})*"
_FUNCTION = r"(?a)[A-Za-z_]\w{0,199}"
_CALLS = r"(?a)[A-Za-z_]\w{0,199}:[0-9]{1,7}(?: [A-Za-z_]\w{0,199}:[0-9]{1,7})*"
_TORCH = "|".join(TORCH)


def checked_engine(engine: EngineAnswers) -> EngineAnswers:
    """The engine's facts. Raises UsageError for a value that is not a plain word: they stand in build files."""
    words: dict[str, tuple[str, list[str | None]]] = {
        "target": (_TARGET, [engine.target]),
        "header": (_HEADER, [engine.header]),
        "version": (_IDENTIFIER, [engine.version]),
        "load": (_FUNCTION, [engine.load]),
        "free": (_FUNCTION, [engine.free]),
        "calls": (_CALLS, [*(engine.calls or {}).values()]),
        "calls' names": (_PACKAGE, [*(engine.calls or {})]),
        "native": (_IDENTIFIER, [engine.native]),
        "on": (_IDENTIFIER, [*(engine.on or ())]),
        "off": (_IDENTIFIER, [*(engine.off or ())]),
        "packages": (_PACKAGE, [*(engine.packages or ())]),
        "switches": (_SWITCHES, [*(engine.switches or {}).values()]),
        "switches' names": (_IDENTIFIER, [*(engine.switches or {})]),
        "objects": (_OBJECTS, [*(engine.objects or {}).values()]),
        "objects' names": (_IDENTIFIER, [*(engine.objects or {})]),
        "libraries": (_LIBRARIES, [*(engine.libraries or {}).values()]),
        "libraries' names": (_IDENTIFIER, [*(engine.libraries or {})]),
        "package": (_PACKAGE, [engine.package]),
        "module": (_IDENTIFIER, [engine.module]),
        "folder": (_FOLDER, [engine.folder]),
        "extras": (_PACKAGE, [*(engine.extras or {}).values()]),
        "extras' names": (_IDENTIFIER, [*(engine.extras or {})]),
        "torch": (_TORCH, [*(engine.torch or ())]),
    }
    for key, (pattern, values) in words.items():
        for value in values:
            if value and not re.fullmatch(pattern, value):
                raise UsageError("engine-invalid", f"engine.{key} has {value!r}, which no build file can hold")
    return replace(engine, pip=str(parse_requirement(engine.pip)) if engine.pip else None)

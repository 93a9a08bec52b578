"""GNU make's functions (manual, chapter 8). Arguments come unexpanded."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from newbackend.splice.make_text import basename, dir_of, notdir, stem_of, suffix
from newbackend.trace.make.expand import Expander, Function
from newbackend.trace.make.patterns import all_replaced, check_size
from newbackend.trace.opentext import is_open, open_part, words
from newbackend.trace.paths import normal


def _texts(function: Callable[..., str], count: int) -> Function:
    """A function of expanded texts; missing ones are empty."""

    def run(expander: Expander, given: list[str]) -> str:
        values = [expander.expand(text) for text in given]
        return function(*(values + [""] * count)[:count])

    return run


def _each(function: Callable[[str], str]) -> Function:
    """A function of each word."""
    return _texts(lambda text: " ".join(function(word) for word in words(text)), 1)


def _filter(patterns: str, text: str, *, keep: bool) -> str:
    if is_open(patterns) or is_open(text):
        return open_part(f"$({'filter' if keep else 'filter-out'} {patterns},{text})")
    known = patterns.split()
    matches = [(word, any(stem_of(pattern, word) is not None for pattern in known)) for word in text.split()]
    return " ".join(word for word, hit in matches if hit == keep)


def _findstring(needle: str, text: str) -> str:
    if needle in text:
        return needle
    return open_part(f"$(findstring {needle},{text})") if is_open(needle) or is_open(text) else ""


def _number(text: str) -> int | None:
    return int(text) if text.strip().isdigit() and len(text.strip()) < 7 else None


def _word(number: str, text: str) -> str:
    at, found = _number(number), words(text)
    return found[at - 1] if at and at <= len(found) else ""


def _wordlist(first: str, last: str, text: str) -> str:
    start, end = _number(first), _number(last)
    return " ".join(words(text)[start - 1 : end]) if start and end is not None else ""


def _subst(old: str, new: str, text: str) -> str:
    check_size(len(text) + text.count(old) * len(new) if old else 0)
    return text.replace(old, new) if old else text + new


def _patsubst(old: str, new: str, text: str) -> str:
    return all_replaced(old, new, words(text))


def _affixed(prefix: str, suffix: str, text: str) -> str:
    found = words(text)
    check_size(len(text) + len(found) * len(prefix + suffix))
    return " ".join(f"{prefix}{word}{suffix}" for word in found)


def _join(left: str, right: str) -> str:
    one, two = words(left), words(right)
    count = max(len(one), len(two))
    return " ".join(
        a + b for a, b in zip(one + [""] * (count - len(one)), two + [""] * (count - len(two)), strict=True)
    )


def _if(expander: Expander, given: list[str]) -> str:
    condition = expander.expand(given[0].strip())
    if is_open(condition) and not words(re.sub("\ue000[^\ue001]*\ue001", "", condition)):
        chosen = [expander.expand(text) for text in [*given[1:], ""][:2]]
        if chosen[0] == chosen[1]:
            return chosen[0]
        return open_part(f"$(if {condition},{','.join(given[1:])})")
    branch = 1 if condition else 2
    return expander.expand(given[branch]) if branch < len(given) else ""


def _or(expander: Expander, given: list[str]) -> str:
    for text in given:
        value = expander.expand(text.strip())
        if value:
            return value
    return ""


def _and(expander: Expander, given: list[str]) -> str:
    value = ""
    for text in given:
        value = expander.expand(text.strip())
        if not value:
            return ""
    return value


def _foreach(expander: Expander, given: list[str]) -> str:
    name, items, body = ([*given, "", ""])[:3]
    name = expander.expand(name).strip()
    return " ".join(expander.with_arguments({name: word}).expand(body) for word in words(expander.expand(items)))


def _call(expander: Expander, given: list[str]) -> str:
    name = expander.expand(given[0]).strip()
    values = {str(at): expander.expand(text) for at, text in enumerate(given[1:], 1)}
    function = FUNCTIONS.get(name)
    if function:
        return function(expander, [text.replace("$", "$$") for text in values.values()])
    variable = expander.evaluation.variables.get(name)
    if variable is None:
        return ""
    if len(expander._busy) > 40:
        return open_part(f"$(call {','.join(given)})")
    inner = expander.with_arguments({**{str(n): "" for n in range(len(given), 10)}, **values, "0": name})
    inner._busy = [*expander._busy, f"call {len(expander._busy)}"]
    return variable.value if variable.simple else inner.expand(variable.value)


def _eval(expander: Expander, given: list[str]) -> str:
    expander.evaluation.read_lines(expander.expand(given[0]))
    return ""


def _value(expander: Expander, given: list[str]) -> str:
    variable = expander.evaluation.variables.get(expander.expand(given[0]).strip())
    return variable.value if variable else ""


def _origin(expander: Expander, given: list[str]) -> str:
    name = expander.expand(given[0]).strip()
    variable = expander.evaluation.variables.get(name)
    return "automatic" if name in expander.automatic else variable.origin_word if variable else "undefined"


def _flavor(expander: Expander, given: list[str]) -> str:
    variable = expander.evaluation.variables.get(expander.expand(given[0]).strip())
    return "undefined" if variable is None else "simple" if variable.simple else "recursive"


def _shell(expander: Expander, given: list[str]) -> str:
    return expander.evaluation.shell_value(expander.expand(given[0]))


def _error(expander: Expander, given: list[str]) -> str:
    expander.evaluation.stop(expander.expand(given[0]))
    return ""


def _warning(expander: Expander, given: list[str]) -> str:
    expander.expand(given[0])  # which may have effects
    return ""


def _info(expander: Expander, given: list[str]) -> str:
    text = expander.expand(given[0])
    if not expander.evaluation.machine.quiet:
        expander.evaluation.machine.printed.append(text)
    return ""


def _open(name: str) -> Function:
    """A function whose value only a real make knows."""
    return _texts(lambda text: open_part(f"$({name} {text})"), 1)


def _wildcard(expander: Expander, given: list[str]) -> str:
    evaluation = expander.evaluation
    return " ".join(found for pattern in words(expander.expand(given[0])) for found in evaluation.glob(pattern))


def _abspath(expander: Expander, given: list[str]) -> str:
    here = expander.evaluation.directory
    return " ".join(normal(posixpath.join(here, word)) for word in words(expander.expand(given[0])))


def _realpath(expander: Expander, given: list[str]) -> str:
    names = words(_abspath(expander, given))
    exist = [(name, expander.evaluation.machine.exists(name)) for name in names]
    return " ".join(name if sure else open_part(f"$(realpath {name})") for name, sure in exist if sure is not False)


TEXT_FUNCTIONS: Mapping[str, Callable[..., str]] = {
    "findstring": _findstring,
    "filter": lambda patterns, text: _filter(patterns, text, keep=True),
    "filter-out": lambda patterns, text: _filter(patterns, text, keep=False),
    "strip": lambda text: " ".join(words(text)),
}
"""Functions of texts, by name."""

FUNCTIONS: Mapping[str, Function] = {
    "subst": _texts(_subst, 3),
    "patsubst": _texts(_patsubst, 3),
    "strip": _texts(TEXT_FUNCTIONS["strip"], 1),
    "findstring": _texts(TEXT_FUNCTIONS["findstring"], 2),
    "filter": _texts(TEXT_FUNCTIONS["filter"], 2),
    "filter-out": _texts(TEXT_FUNCTIONS["filter-out"], 2),
    "sort": _texts(lambda text: " ".join(sorted(set(words(text)))), 1),
    "word": _texts(_word, 2),
    "wordlist": _texts(_wordlist, 3),
    "words": _texts(lambda text: str(len(words(text))), 1),
    "firstword": _texts(lambda text: "".join(words(text)[:1]), 1),
    "lastword": _texts(lambda text: "".join(words(text)[-1:]), 1),
    "dir": _each(dir_of),
    "notdir": _each(notdir),
    "suffix": _texts(lambda text: " ".join(filter(None, map(suffix, words(text)))), 1),
    "basename": _each(basename),
    "addsuffix": _texts(lambda suffix, text: _affixed("", suffix, text), 2),
    "addprefix": _texts(lambda prefix, text: _affixed(prefix, "", text), 2),
    "join": _texts(_join, 2),
    "wildcard": _wildcard,
    "realpath": _realpath,
    "abspath": _abspath,
    "if": _if,
    "or": _or,
    "and": _and,
    "foreach": _foreach,
    "call": _call,
    "eval": _eval,
    "value": _value,
    "origin": _origin,
    "flavor": _flavor,
    "shell": _shell,
    "error": _error,
    "warning": _warning,
    "info": _info,
    "file": _open("file"),
    "guile": _open("guile"),
}

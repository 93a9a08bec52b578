"""Documents that are refused before another parser sees them, and what counts as a line."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from package.limits import run_limited

from newbackend.splice.lines import Lines
from newbackend.splice.operation import drop_items
from newbackend.splice.outcome import Inserted, apply_splices
from newbackend.splice.yaml_list import read_list
from newbackend.splice.yaml_nodes import NODE_LIMIT, TEXT_LIMIT, YamlBroken, compose

ODD = ("\r", "\x85", "\u2028", "\u2029")


@pytest.mark.parametrize(
    "text",
    [
        "x: &x [*x]\n",
        "- &a\n  - *a\n",
        "a: &a {<<: *a}\n",
        "a: &a\n  b: &b\n    <<: *a\nc: {<<: [*a, *b]}\n",
        "include:\n  - a: &a\n      b: {c: [1, {d: *a}]}\n",
        "? &a\n  x: *a\n: 1\n",
    ],
)
def test_an_alias_inside_of_its_own_value_is_refused(text: str) -> None:
    with pytest.raises(YamlBroken, match=r"inside of|undefined alias"):
        compose(text)


def bomb(levels: int, width: int = 10) -> str:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(rows) + "\n"


def test_aliases_that_multiply_are_refused_in_little_memory() -> None:
    """The same with merge keys, and with one long text."""
    merges = "a0: &a0 {a: x, b: x}\n" + "".join(
        f"a{n}: &a{n} {{a: *a{n - 1}, b: *a{n - 1}, <<: *a{n - 1}}}\n" for n in range(1, 25)
    )
    long = f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 1000)}]\n"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for text in (bomb(12), bomb(50, 100), merges, long):
        with pytest.raises(YamlBroken, match="it expands to more than"):
            compose(text)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
    compose(bomb(5))


def test_a_text_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(YamlBroken, match="more than 4 MiB"):
        compose("#" * (TEXT_LIMIT + 1))


@pytest.mark.parametrize("text", ["[" * 900 + "]" * 900, "- " * 900 + "a", "{a: " * 900 + "}" * 900, "- " * 99_999])
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(YamlBroken, match="nest"):
        compose(text)


_WORDS = st.sampled_from(
    [
        *("a", "&x ", "*x", "&y ", "*y", "<<: ", "? ", ": ", "- ", "[", "]", "{", "}", ", ", "a: ", "b: "),
        *("\n", "\n  ", "\n    ", "'", '"', "!!merge ", "|\n", "---\n", "# c", "\t", *ODD),
    ]
)


@given(st.lists(st.lists(_WORDS, max_size=25).map("".join), min_size=60, max_size=60))
def test_what_is_taken_never_crashes_the_second_parser(texts: list[str]) -> None:
    """In a process of its own, so that a crash is seen as one."""
    taken = []
    for text in texts:
        try:
            compose(text)
        except YamlBroken:
            continue
        taken.append(text)
    code = (
        "import sys, ast\nfrom newbackend.splice.prove import ProofFailed, parse\n"
        "for text in ast.literal_eval(sys.stdin.read()):\n"
        "    try: parse(text)\n    except ProofFailed: pass\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input=ascii(taken), text=True, capture_output=True, check=False)
    assert done.returncode == 0, (done.returncode, taken, done.stderr[-500:])


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("quote", ["'", '"'])
def test_lines_are_cut_at_lf_alone(odd: str, quote: str) -> None:
    """`remove` deleted the comment behind the entry, as a line was counted twice."""
    text = f"- name: {quote}a{odd * 5}b{quote}\n  x: 1\n# mine\n- name: second\n# my own comment\n- name: third\n"
    rows = read_list(text)
    assert rows is not None
    assert [(item.first, item.last) for item in rows.items] == [(0, 1), (3, 3), (5, 5)]
    assert rows.items[0].fields["x"].line == 2
    outcome = drop_items(rows, [rows.items[1]]).outcome
    assert isinstance(outcome, Inserted)
    assert apply_splices(text, outcome.splices) == text.replace("- name: second\n", "")


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("text", ["- x: a{}- x: b{}", "a: 1\n# c{}# d\nb: 2\n", "a: 1{}# mine\nb: 2\n", "{}a: 1\n"])
def test_another_line_end_outside_of_a_scalar_is_refused(odd: str, text: str) -> None:
    with pytest.raises(YamlBroken, match=rf"ends with U\+{ord(odd):04X}, not with LF") as refused:
        compose(text.replace("{}", odd))
    assert refused.value.line == text[: text.index("{}")].count("\n") + 1


@given(st.lists(st.sampled_from(["a", "é", "\U0001f600", "\n  ", "\r\n  ", *ODD, " "]), max_size=12).map("".join))
def test_positions_are_those_of_the_text(inner: str) -> None:
    text = f"\ufeffx: |\n  {inner}\ny: 1\n"
    try:
        root = compose(text)
    except YamlBroken:
        return
    for key, _ in root.value:
        if key.value in ("x", "y"):
            assert Lines(text[1:])[key.start_mark.line][key.start_mark.column] == key.value


FLAT = {
    "lines": '"- a\\n" * (size // 4)',
    "empty items": '"-\\n" * (size // 2)',
    "flow": '"[" + "a," * (size // 2 - 2) + "]"',
    "flow mappings": '"[" + "{}," * (size // 3 - 2) + "]"',
    "keys": '"".join(f"{number:x}:\\n" for number in range(size // 8))',
    "tagged": '"- !!str a\\n" * (size // 10)',
}


@pytest.mark.parametrize("text", FLAT.values(), ids=FLAT)
def test_a_flat_text_of_four_megabytes_takes_no_more_memory_than_its_values_may(text: str) -> None:
    """A reader without the limit takes 600 MB and 8 s for it."""
    code = (
        "from newbackend.splice.yaml_nodes import TEXT_LIMIT as size, YamlBroken, compose\n"
        f"try: compose({text})\n"
        "except YamlBroken as error: print(error)\n"
    )
    assert run_limited(code, memory=250 << 20, seconds=6) == f"it has more than {NODE_LIMIT} values\n"


def test_a_text_of_the_size_of_upstreams_biggest_is_read() -> None:
    """`gallery/index.yaml` has 53,417 lines, 2.4 million characters and 82,007 values."""
    text = "".join(f"- name: model-{number}\n  description: {'x' * 80}\n  tags: [a, b]\n" for number in range(18_000))
    assert len(compose(text).value) == 18_000

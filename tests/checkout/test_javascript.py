"""Scripts that will not end or blow up are stopped, whatever they do it with."""

from __future__ import annotations

import time

import pytest

from newbackend.checkout.javascript import SECONDS, Engine, ScriptFailed

HOSTILE = {
    "endless": "for (;;) {}",
    "inside the library": "Array.prototype.reverse.call({length: 2 ** 53 - 1})",
    "in a regular expression": "/(a+)+$/.test('a'.repeat(40) + 'b')",
    "while its error becomes text": "throw {toString() { for (;;) {} }}",
}


def test_values_come_back_as_text_and_definitions_stay() -> None:
    engine = Engine()
    assert engine.evaluate("function twice(x) { return 2 * x; } 'ü'") == "ü"
    assert engine.evaluate("twice(21)") == "42"
    assert len(engine.evaluate("'x'.repeat(1000000)")) == 1_000_000


@pytest.mark.parametrize("script", HOSTILE.values(), ids=HOSTILE)
def test_what_does_not_end_is_stopped_once_for_all(script: str) -> None:
    engine = Engine()
    started = time.monotonic()
    for question in (script, "1 + 1"):
        with pytest.raises(ScriptFailed, match=r"did not end within 2 s"):
            engine.evaluate(question)
    assert time.monotonic() - started < SECONDS + 1


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("(function f() { return f(); })()", "call stack"),
        ("'x'.repeat(1 << 28).repeat(64)", "out of memory"),
        ("throw new Error('no')", "Error: no"),
        ("function (", "SyntaxError"),
    ],
)
def test_what_throws_is_said_in_one_line_and_leaves_the_engine_alive(script: str, reason: str) -> None:
    engine = Engine()
    with pytest.raises(ScriptFailed, match=reason) as caught:
        engine.evaluate(script)
    assert "\n" not in str(caught.value)
    assert engine.evaluate("1 + 1") == "2"


def test_a_failed_script_is_not_run_again() -> None:
    engine = Engine()
    script = "globalThis.runs = (globalThis.runs || 0) + 1; throw new Error('again')"
    for _ in range(2):
        with pytest.raises(ScriptFailed):
            engine.evaluate(script)
    assert engine.evaluate("runs") == "1"

"""GitHub's expressions."""

from __future__ import annotations

import pytest

from newbackend.trace.ci.expressions import filled, truth
from newbackend.trace.opentext import is_open, shown

CONTEXTS = {
    "matrix": {"a": "x", "empty": ""},
    "inputs": {"backend": "ds4", "base": ""},
    "github": {"event_name": "push"},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${{ matrix.a }}-${{ matrix['a'] }}", "x-x"),
        ("${{ matrix.none || 'default' }}", "default"),
        ("${{ inputs.base != '' && 'prebuilt' || 'from-source' }}", "from-source"),
        ("${{ inputs.backend == 'DS4' && 'same' || 'other' }}", "same"),
        ("${{ format('backend/{0}/{1}', inputs.backend, 'x') }}", "backend/ds4/x"),
        ("${{ startsWith(inputs.backend, 'ds') }}", "true"),
        ("${{ !(matrix.a == 'y') && contains('xyz', 'y') }}", "true"),
        ("${{ true || steps.x.outputs.y }}", "true"),
        ("it''s ${{ 'it''s' }}", "it''s it's"),
    ],
)
def test_values(text: str, value: str) -> None:
    assert filled(text, CONTEXTS) == value


def test_what_a_run_alone_knows_is_open() -> None:
    text = filled("KEY=${{ steps.deps.outputs.key }}", CONTEXTS)
    assert is_open(text)
    assert shown(text) == "KEY=${{ steps.deps.outputs.key }}"
    assert truth("steps.cache.outputs.hit != 'true'", CONTEXTS) is None
    assert truth("inputs.backend == 'whisper' && steps.x.outcome", CONTEXTS) is False
    assert is_open(filled("${{ this is ( not one }}", CONTEXTS))


def test_conditions_of_steps() -> None:
    assert truth("github.event_name != 'pull_request'", CONTEXTS) is True
    assert truth("${{ inputs.backend != 'ds4' && inputs.backend != 'x' }}", CONTEXTS) is False

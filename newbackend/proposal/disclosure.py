"""The line that says which assistant took part, as the checkout's own policy asks for it.

LocalAI's policy (`.agents/ai-coding-assistants.md`, `AGENTS.md`): `Assisted-by: AGENT_NAME:MODEL_VERSION [TOOL1]
[TOOL2]` in the commit message; never a `Signed-off-by` or `Co-Authored-By` by an assistant. newbackend writes neither.
"""

from __future__ import annotations

import re

from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.sanitize import has_hidden

POLICIES = (".agents/ai-coding-assistants.md", "AGENTS.md", "CONTRIBUTING.md")
TRAILER = "Assisted-by"
NOBODY = "none"
_VALUE = re.compile(r"[^\s:]+:\S+(?: \S+)*\Z")
_TOOL = "newbackend"


def policy(checkout: Checkout) -> str:
    """The file of the checkout that asks for the trailer, "" when none does."""
    return next((path for path in POLICIES if checkout.holds(path, f"{TRAILER}:")), "")


def trailer(said: str | None, checkout: Checkout) -> str:
    """The trailer for what was said: an agent and its model, to which newbackend adds itself as a tool, or `none`.

    Raises UsageError for another form, and when nothing was said although the checkout asks.
    """
    text = (said or "").strip().removeprefix(f"{TRAILER}:").strip()
    if text.lower() == NOBODY:
        return ""
    if not text:
        asking = policy(checkout)
        if not asking:
            return ""
        raise UsageError(
            "pr-assistant",
            f"{asking} asks which AI assistant took part",
            hint=f"pass --assisted-by AGENT:MODEL, or --assisted-by {NOBODY}",
        )
    if not _VALUE.match(text) or has_hidden(text):
        raise UsageError(
            "pr-assistant-form",
            f"--assisted-by {said!r} is not AGENT:MODEL [TOOL …]",
            hint=f"for example Claude:claude-opus-4-7, or {NOBODY}",
        )
    return f"{TRAILER}: {text}" + ("" if _TOOL in text.split()[1:] else f" {_TOOL}")

"""Suppressions: silence one finding in one place, with a reason (issue 3; design, section 2).

Written in a comment beside the thing (`comments`) or in `.newbackend.toml` (`config`); applied, and
checked themselves, in `engine`. Pure: texts and values in, values out.
"""

from __future__ import annotations

from newbackend.suppress.comments import parse_comments
from newbackend.suppress.config import CONFIG_NAME, SuppressConfig, parse_config
from newbackend.suppress.engine import (
    EVERYWHERE,
    Outcome,
    apply_suppressions,
    ran_everywhere,
    ran_for,
)
from newbackend.suppress.model import AllowEntry, IgnoreComment, Malformed
from newbackend.suppress.removal import without_comment, without_entry
from newbackend.suppress.rules import EXPIRED, MALFORMED, SUPPRESSION_RULES, UNUSED

__all__ = [
    "CONFIG_NAME",
    "EVERYWHERE",
    "EXPIRED",
    "MALFORMED",
    "SUPPRESSION_RULES",
    "UNUSED",
    "AllowEntry",
    "IgnoreComment",
    "Malformed",
    "Outcome",
    "SuppressConfig",
    "apply_suppressions",
    "parse_comments",
    "parse_config",
    "ran_everywhere",
    "ran_for",
    "without_comment",
    "without_entry",
]

"""The static rules of `package check`: texts and checks, one module per topic.

A module that is added here is found by its name. A rule judges a `Package` and runs nothing.
"""

from newbackend.package.rules.registry import RULES, UNASKED, Skipped, Unknown

__all__ = ["RULES", "UNASKED", "Skipped", "Unknown"]

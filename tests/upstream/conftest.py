"""Fixtures of the tests of upstreams."""

from miniature import base, make

__all__ = ["base", "make"]

"""Suppressions: silence one finding in one place, with a reason (issue 3; design, section 2).

Written in a comment beside the thing (`comments`) or in `.newbackend.toml` (`config`); applied, and
checked themselves, in `engine`. Pure: texts and values in, values out.
"""

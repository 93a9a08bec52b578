"""Suppressions: silence one finding in one place, with a reason.

They are written in a comment at the line (`comments`) or in `.newbackend.toml` (`config`). `engine` applies and checks
them. Pure functions, no I/O.
"""

CONFIG_NAME = ".newbackend.toml"

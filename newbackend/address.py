"""Where this project lives: the one setting that everything with an address of its own is made from.

It is empty until the repository has an address, and nothing invents one: what needs it is left out.
"""

from __future__ import annotations

REPOSITORY = ""
"""OWNER/REPO on GitHub; "" while there is none."""


def of_file(path: str) -> str:
    """The address of a file of this version in the repository, as bytes; "" without a repository."""
    from newbackend import __version__

    return f"https://raw.githubusercontent.com/{REPOSITORY}/v{__version__}/{path}" if REPOSITORY else ""


def of_schema(name: str) -> str:
    """The address of a JSON Schema of this version."""
    return of_file(f"docs/schema/{name}.json")

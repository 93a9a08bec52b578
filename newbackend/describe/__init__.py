"""`describe NAME`: the answers that `create` would need for a backend that is registered already."""

from newbackend.describe.backend import Description, describe

__all__ = ["Description", "describe"]

"""`describe NAME`: the answers with which `create` would register an existing backend."""

from newbackend.describe.backend import Description, describe

__all__ = ["Description", "describe"]

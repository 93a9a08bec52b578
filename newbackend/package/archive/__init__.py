"""Where the files of a package come from: a directory, a tar, a zip, a `docker save` or an OCI image.

Each becomes one `Tree` in memory. Nothing is extracted, and no link is followed out of the tree.
"""

from newbackend.package.archive.source import ARCHITECTURES, open_package
from newbackend.package.archive.tree import Buffer, Entry, Kind, Tree, directory_tree, on_disk, write_tree
from newbackend.package.archive.unpack import View

__all__ = [
    "ARCHITECTURES",
    "Buffer",
    "Entry",
    "Kind",
    "Tree",
    "View",
    "directory_tree",
    "on_disk",
    "open_package",
    "write_tree",
]

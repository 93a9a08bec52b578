"""Where the files of a package come from: a directory, a tar, a `docker save` or an OCI image.

Each becomes one `Tree` in memory. Nothing is extracted, and no link is followed out of the tree.
"""

from newbackend.package.archive.source import open_package
from newbackend.package.archive.tree import Buffer, Entry, Kind, Tree, write_tree

__all__ = ["Buffer", "Entry", "Kind", "Tree", "open_package", "write_tree"]

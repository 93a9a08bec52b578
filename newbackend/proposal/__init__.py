"""A pull request that is opened: what is committed of the work tree, to which branch, and who is told."""

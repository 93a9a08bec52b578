"""The pull request of a backend: what was added, the filled checklist, platforms, how it was checked."""

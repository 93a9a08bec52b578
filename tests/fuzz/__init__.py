"""Attacks on the command: hostile checkouts, packages and moments. `python -m fuzz` runs them for a while."""

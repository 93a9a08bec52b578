"""Shell scripts, read statement by statement; nothing runs."""

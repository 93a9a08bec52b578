"""Terminal output: only these modules use colours and widths."""

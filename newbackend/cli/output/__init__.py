"""How things look: the only modules that know about colours and widths."""

"""The rules as data: one module per family with what, why, how and examples; no logic."""

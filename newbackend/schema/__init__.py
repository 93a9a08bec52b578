"""JSON Schemas (draft 2020-12) of what newbackend reads and prints, made from the types that make it."""

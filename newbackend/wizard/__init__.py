"""Completes answers: one protocol, several front ends. Nothing below asks a question."""

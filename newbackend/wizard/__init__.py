"""Completes answers: one protocol, several front ends. Only this package asks questions."""

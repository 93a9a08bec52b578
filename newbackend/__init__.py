"""newbackend: add, verify and prove LocalAI backends."""

__version__ = "0.1.0"

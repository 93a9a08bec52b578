"""Dockerfiles: their instructions, and what a build with a row's arguments does."""

"""A backend in a repository of its own: the same backend's directory, in another shell.

The repository keeps LocalAI's layout for what it takes from there, so the templates are the same and a backend can move
into LocalAI's tree and out of it.
"""

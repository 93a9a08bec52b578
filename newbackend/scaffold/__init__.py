"""New files of a backend: rendered from `templates/<lang>/` by copier, never written by it."""

"""New files of a backend: copier renders them from `templates/<lang>/`; only `apply` writes them to the checkout."""

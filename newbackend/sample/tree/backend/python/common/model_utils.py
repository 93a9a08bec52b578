"""Which model a LoadModel request means."""

import os


def resolve_model_reference(request, default=""):
    """The model's path and True, or its name (such as a repository's id) and False."""
    path = request.ModelFile.strip()
    if path and os.path.exists(path):
        return path, True
    return request.Model.strip() or default, False

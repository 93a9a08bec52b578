"""Refuses requests that name another model than the loaded one.

The name is remembered after a LoadModel that succeeded. A request without a ModelIdentity, or a
server without a model, is let through.
"""

import threading

SENTINEL = "model identity mismatch"


class Identity:
    """The name of the loaded model, safe to use from several threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self._model = ""

    def loaded(self, model):
        with self._lock:
            self._model = model

    def complaint(self, request):
        """What is wrong with a request, or None."""
        wanted = getattr(request, "ModelIdentity", "")
        with self._lock:
            held = self._model
        if not wanted or not held or wanted == held:
            return None
        return f"{SENTINEL}: the request is for {wanted!r}, loaded is {held!r}"

"""Galleries: any `index.yaml`, and the repository around it, by what LocalAI really does with them."""

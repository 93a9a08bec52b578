"""`newbackend verify --online`: what registries, git servers and Hugging Face say. All else works without a network."""

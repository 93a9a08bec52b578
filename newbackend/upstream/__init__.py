"""What an engine's repository says about itself at one commit: how it is built, what it exports, what it needs."""

"""What is on this machine and in this checkout, and what will not work because of what is missing."""

"""One module per group of rules; each has a tuple `CHECKS`, which is all that registering takes."""

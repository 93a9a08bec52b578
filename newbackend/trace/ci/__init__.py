"""GitHub's workflows: which keys of a row become which arguments, and what is pushed under which tags."""

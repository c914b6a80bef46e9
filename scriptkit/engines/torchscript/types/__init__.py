"""The types of a module tree: a shadow of it, compiled once for each class, and the errors in words."""

"""The evaluator, and what every handler needs of it: results, guards, plain objects."""

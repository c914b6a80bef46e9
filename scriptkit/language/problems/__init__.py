"""What the typing pass reports to the rules: a class for each kind of problem, a field for each thing to be named.

A rule turns the problems of its kinds into worded diagnostics (`facts.Problem`: the kind with its data, the culprit,
related nodes). Types are `Type` objects (their `str()` is what the user would write), names and code are text. A
mistake is reported once, at its cause.
"""

"""Where a program goes two ways, or round: truth, branches, their joining, rounds of a loop."""

"""The residual program: its syntax, its statements, what leaves it, what was refused."""

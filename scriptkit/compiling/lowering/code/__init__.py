"""Expressions and statements of Python, by node."""

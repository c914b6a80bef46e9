"""Calls: of functions, classes, builtins, methods, compiled parts."""

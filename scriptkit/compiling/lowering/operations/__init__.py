"""Operators, tensors, lists and functions of torch on values."""

"""The C++ module of a tree: bound before each call, pulled back after it."""

"""The only gate of a call: eager, or bind, run, pull back. Compiled modules and functions, and what they tell."""

"""Servers that read model files: what they need to know of a file, written from its manifest."""

"""Modules, containers and other objects: attributes, items, written state, hooks."""

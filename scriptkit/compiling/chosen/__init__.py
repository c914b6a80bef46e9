"""A chosen form, bound to the module it stands for."""

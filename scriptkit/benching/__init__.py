"""How fast a module is in each form it has: `bench`."""

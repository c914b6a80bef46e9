"""From the source of a class to code that the compiler accepts."""

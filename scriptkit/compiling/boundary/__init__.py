"""What crosses the boundary of a compiled part: flat arguments, signatures, nested results."""

"""A call of compiled code as Python sees it: arguments, results, exceptions."""

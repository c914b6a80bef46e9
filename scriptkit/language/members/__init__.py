"""What an attribute of a module is to compiled code: from its annotation, else from what `__init__` assigns.

The compiler looks at the instance; source text knows less. What depends on how the object was built is `UNKNOWN`.
`assigned.Members` answers; it puts the readers of expressions into a table by the class of the node, and a reader comes
back to it by `scope.value(node)` and `scope.assigned(attribute)` alone.
"""

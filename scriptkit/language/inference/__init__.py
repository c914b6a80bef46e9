"""The typing pass: a gradual abstract interpreter that follows TorchScript's own rules over Python's `ast`.

    classes.infer_all ── functions.type_function ── Body ── handlers: by the class of the node
        entry points         parameters, returns      state       expressions, statements

`infer_all` types what the compiler would compile of a class: `forward`, exported methods, properties, and whatever
they reach. Each function is one `Body`, the state of the pass over it; a `Session` holds what the passes of a file
share, a `Sink` what they find, an `Oracle` answers where the text does not tell.

The rest of the files are functions that take a `Body`. `handlers.py` puts the readers of expressions and the runners
of statements into two tables by the class of the `ast` node; it stands above them all. What lies below comes back to
it by `body.value(node)` and `body.block(statements)` alone, and so no file needs one above itself.
"""

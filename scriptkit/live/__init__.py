"""Living modules, without an engine: copies, variations of inputs, runs side by side, marks, hooks."""

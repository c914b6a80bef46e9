"""Programs seen: their tree, their code beside its source, the flow of their data, and a page that shows it: `inspect`.

Everything is read from the entries of a model file, with the elements of tensors left where they are; of a module in
memory the same entries are made first. So a file of a gigabyte is seen in a second, and nothing of it runs.
"""

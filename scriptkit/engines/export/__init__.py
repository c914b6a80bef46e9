"""The second engine: programs of `torch.export`.

    arguments ── convention ──> numbered leaves ──> program ──> leaves ── convention ──> the method's result

`torch_names` is the only file that touches `torch.export` and what lies beneath it. `inputs` and `expressions` say in
plain data what a program takes; `programs` chooses among several for one method, over one set of tensors.
"""

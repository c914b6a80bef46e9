"""The model file: it describes itself, is checked before it runs, and is the same for the same model.

compiled module ── contents, canonical ──> entries that depend on the model alone
entries + description ── describing ──> manifest (what the file says of itself, and the checksums)
entries + manifest ── container, writing ──> an ordinary TorchScript file, put in place in one step
file ── container, checking, audit ──> refused, saying what is wrong │ reading ──> LoadedModule
"""

"""From a method of a module to a verified program of `torch.export`; see `exporter`."""

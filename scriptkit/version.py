"""The version of scriptkit: it stands in files, in verdicts kept between processes, and in the metadata."""

__version__ = "0.1.0"

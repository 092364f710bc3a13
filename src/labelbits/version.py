"""The version of labelbits."""

__version__ = "0.1.0"

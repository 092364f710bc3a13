"""Curves of quality measured on a pilot's own items."""

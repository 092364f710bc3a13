"""Curves of quality from simulated worlds."""

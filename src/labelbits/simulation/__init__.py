"""Simulated worlds, recovered in batches."""

"""Fits of any mixture of signals."""

"""Fits of class answers on features."""

"""Mixtures of ways of asking."""

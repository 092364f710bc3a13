"""Precision and lapse of annotators, from each kind of evidence a pilot can hold."""

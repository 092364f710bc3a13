"""Learning curves, measured on training sets drawn from what is at hand."""

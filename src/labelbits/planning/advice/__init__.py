"""What the curves advise: recommendation, crossovers, value, words."""

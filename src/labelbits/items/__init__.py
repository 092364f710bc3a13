"""What was asked about: features, gold, groups and classes, joined by id."""

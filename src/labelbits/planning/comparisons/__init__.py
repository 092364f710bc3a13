"""Plans about comparisons, measured on the pilot's own answers and forecast by twins of it."""

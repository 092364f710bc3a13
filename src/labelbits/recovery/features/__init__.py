"""Features in the prior of positions: what they foretell, and what people see beyond them."""

"""Tasks and labeling configs that ask for what a plan says to buy."""

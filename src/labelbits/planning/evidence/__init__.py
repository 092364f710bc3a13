"""What a plan is made from."""

"""What a fitted embedding is made of: choice, inference, posterior, new items."""

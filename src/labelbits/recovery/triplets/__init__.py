"""The fast road of triplets alone."""

"""The plan file: its fields, its reading, its prices."""

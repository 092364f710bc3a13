"""One guarded way to open each kind of file."""

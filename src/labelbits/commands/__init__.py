"""The commands by what they are about; each imports what is heavy when it runs."""

"""The analyses of the source paper (arXiv 2211.01407), cut into pieces that a store can keep."""

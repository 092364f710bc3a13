"""What real people's answers teach: CIFAR-10H votes, CIFAR-10S reports, comparisons of shapes.

The answers are never part of labelbits: a folder of the user's own holds them (`people`).
"""

"""The checker of shapes and types that every test puts round annotated functions."""

from beartype import BeartypeConf, beartype

#: An int is a float here, as for every other tool that reads types.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))

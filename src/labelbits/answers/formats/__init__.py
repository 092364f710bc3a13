"""The formats of the field: one module a platform, each a reader of rows."""

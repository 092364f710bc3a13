"""The canonical table: its columns, its checks, the questions in it."""

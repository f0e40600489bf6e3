"""Grants of the token endpoint, a file each; read at start (see interface.py)."""

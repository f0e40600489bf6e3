"""Second factors, a file each; read at start (see interface.py)."""

"""Ways platforms wrap what they say, a file each; read at start (see interface.py)."""

"""Ways of signing a request to a platform, a file each; read at start (see interface.py)."""

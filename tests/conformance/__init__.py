"""Independent implementations of the other side, against a running provider."""

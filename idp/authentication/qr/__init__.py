"""Logging in by a picture."""

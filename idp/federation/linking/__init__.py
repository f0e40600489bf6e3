"""Whose account somebody from a platform enters."""

"""Logging in by a platform of province or state."""

"""Whoever holds a phone: coming in by it, registering with it."""

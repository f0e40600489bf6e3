"""Number rules of organisations: pure functions on text."""

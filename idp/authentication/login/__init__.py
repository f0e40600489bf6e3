"""The ways to log in, and what they share."""

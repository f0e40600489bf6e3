"""Logging in: the state machine, its throttle, and a file per method."""

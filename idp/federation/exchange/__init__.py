"""Calls to a platform, and the record of them."""

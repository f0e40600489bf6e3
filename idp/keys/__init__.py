"""Signing keys: making, publishing, rotating and using them."""

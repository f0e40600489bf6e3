"""Passwords: hashing, the rule, and what checking costs."""

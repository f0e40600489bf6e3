"""Persons and their accounts: identifiers, certificate, real-name level, password hash."""

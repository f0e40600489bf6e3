"""How real the account is, and how to raise it."""

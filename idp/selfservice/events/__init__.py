"""What happened to the account."""

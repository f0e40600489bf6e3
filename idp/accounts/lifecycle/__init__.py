"""What becomes of an account, and what every room does about it."""

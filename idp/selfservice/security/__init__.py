"""What protects the account, and by what else it is entered."""

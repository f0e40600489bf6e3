"""The own record, how to be reached, and giving the account up."""

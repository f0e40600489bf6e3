"""Legal persons, mandates, and the roles of those who work for the government."""

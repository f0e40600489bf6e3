"""What protects an account: second factors, and how strong a session is."""

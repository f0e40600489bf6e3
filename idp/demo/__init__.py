"""`./dev run`: the provider, what it asks, and two systems that use it, on one machine with made-up people."""

"""How a person is reached, and was reached until lately."""

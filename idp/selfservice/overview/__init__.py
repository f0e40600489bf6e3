"""/: who I am here, and what I should look at."""

"""For whom a person acts, and who acts for them."""

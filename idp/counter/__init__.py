"""The counter: what members of staff do for a person who stands before them."""

"""The counter: what staff do for a person who stands before them, always by two where it gives power."""

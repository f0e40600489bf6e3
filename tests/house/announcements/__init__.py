"""What the operators announce, a night without service for example: a room that is added to a copy of the house."""

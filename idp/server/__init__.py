"""What serves: the house with all its rooms, one worker of the server around it, and what must not go live."""

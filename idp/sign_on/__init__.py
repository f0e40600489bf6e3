"""Sign-on: what is still wanted of a person before a system is served, whatever the protocol the system speaks."""

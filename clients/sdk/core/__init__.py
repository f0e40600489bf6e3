"""The protocol as functions without input or output: whoever calls them brings keys, time and answers."""

"""The words and rules of the protocol, free of input and output."""

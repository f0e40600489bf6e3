"""Who somebody is, how that was verified, and putting wrong data right."""

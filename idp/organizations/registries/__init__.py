"""Where legal persons are confirmed: a file per registry, each with REGISTRY."""

"""What the demo systems share: settings, look, and words for what they receive about a person."""

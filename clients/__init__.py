"""What other systems need in order to log people in with us; meets the provider only over HTTP."""

"""How much of the hot paths one core carries, beside npm oidc-provider on this machine in the same run."""

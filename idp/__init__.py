"""Zhanhe Unified Identity: an OAuth 2 / OpenID Connect provider with a real-name user store."""

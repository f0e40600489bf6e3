"""OAuth 2 and OpenID Connect: endpoints, grants, tokens; `protocol/` is pure."""

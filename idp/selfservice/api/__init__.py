"""/api/me: the user centre for programs that hold an access token of its person (OpenAPI at /api/openapi.json)."""

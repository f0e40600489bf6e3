"""Passkeys (WebAuthn): ceremonies, logins, and the apps that use them."""

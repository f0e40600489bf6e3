"""The scopes about persons that a client can be registered for (OpenID Connect Core §5.4, and ours)."""

OPENID = "openid"
PROFILE = "profile"
EMAIL = "email"
PHONE = "phone"
ADDRESS = "address"
OFFLINE_ACCESS = "offline_access"
REAL_NAME = "real_name"
ACCOUNT = "account"
ACCOUNT_WRITE = "account.write"
ACCOUNT_SECURITY = "account.security"
"""Can set a password or let a computer in: for the operator's own apps."""

OF_PERSONS = (
    *(OPENID, PROFILE, EMAIL, PHONE, ADDRESS, OFFLINE_ACCESS),
    *(REAL_NAME, ACCOUNT, ACCOUNT_WRITE, ACCOUNT_SECURITY),
)
"""Scopes about a person. Ours are real_name (certificate type and number and the real-name level), and those of
/api/me: account reads the own account, account.write changes it, account.security changes what protects it."""

CHANGING = frozenset({ACCOUNT_WRITE, ACCOUNT_SECURITY})
"""Those that change the own account: given to a login only that shows enough for it."""

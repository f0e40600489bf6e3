"""Every path of /api/me, with a body that fits, and what it wants of the token."""

from typing import Any

READS = [
    "", "/real-name", "/real-name/methods", "/factors", "/login-choices", "/upstreams", "/corrections",
    "/sessions", "/devices", "/systems", "/mandates", "/organizations", "/events", "/cancellation",
]  # fmt: skip
IDENTITY = {"name": "张三", "certificate_type": "111", "certificate_number": "11010519491231002X"}
WRITES: list[tuple[str, str, Any]] = [
    ("PUT", "/contact", {"email": "a@example.cn"}),
    ("PUT", "/display", {"language": "en", "elder_mode": False}),
    ("POST", "/phone/code", {"phone": "13800040001"}),
    ("PUT", "/phone", {"phone": "13800040001", "code": "123456"}),
    ("POST", "/corrections", {"wanted": "有误"}),
    ("POST", "/real-name/checks", {"method": "population", **IDENTITY}),
    ("POST", "/real-name/app", {"mode": "face", **IDENTITY}),
    ("POST", "/real-name/app/answer", {"bizSeq": "0" * 32, "resultCode": "C0000000"}),
    ("DELETE", "/factors/x", None),
    ("POST", "/totp", None),
    ("POST", "/totp/confirmation", {"enrolment": "x", "otp": "123456"}),
    ("POST", "/passkeys", None),
    ("POST", "/passkeys/confirmation", {"ceremony": "x", "credential": {}}),
    ("POST", "/recovery-codes", None),
    ("PUT", "/login-choices", {"choices": ["always"]}),
    ("PUT", "/password", {"password": "x", "new_password": "y"}),
    ("DELETE", "/upstreams/x", None),
    ("POST", "/qr-logins/x/scan", None),
    ("POST", "/qr-logins/x/decision", {"number": 11}),
    ("DELETE", "/sessions", None),
    ("DELETE", "/sessions/x", None),
    ("DELETE", "/devices/x", None),
    ("DELETE", "/systems/x", None),
    ("POST", "/mandates/x/decision", {"decision": "accept"}),
    ("POST", "/mandates/helpers", {"name": "李四", "phone": "13800040002"}),
    ("POST", "/mandates/minors", {**IDENTITY, "statement": True}),
    ("POST", "/organizations", {"unified_social_credit_code": "91410411MA0000007X", "name": "某公司"}),
    ("POST", "/licences", None),
    ("POST", "/licences/state", {"ticket": "x"}),
    ("DELETE", "/organizations/x", None),
    ("POST", "/organizations/x/mandates", {"name": "李四", "phone": "13800040002"}),
    ("POST", "/export", None),
    ("POST", "/cancellation", {"username": "x"}),
    ("DELETE", "/cancellation", None),
]
STRONG = [
    write
    for write in WRITES
    if write[1].startswith(
        ("/contact", "/phone", "/export", "/recovery-codes", "/login-choices", "/password")
    )
    or write[1].startswith(("/factors", "/totp", "/passkeys", "/upstreams"))
    or write[:2] == ("POST", "/cancellation")
]
"""What protects the account, or gives it away: wants the second factor."""
GIVING = [write for write in WRITES if write[1] in ("/mandates/helpers", "/organizations/x/mandates")]
"""What gives somebody else power: wants as much, of an app that changes the account."""
SECURITY = [*STRONG, *(write for write in WRITES if write[1].startswith("/qr-logins"))]
NAMES = {
    "/factors/x": "factor_id", "/upstreams/x": "link_id", "/qr-logins/x": "qr_id", "/sessions/x": "session_id",
    "/devices/x": "device_id", "/systems/x": "client_id", "/mandates/x": "mandate_id",
    "/organizations/x": "organization_id",
}  # fmt: skip
MANAGED = "/organizations/x/mandates"
"""Read as well, by those who manage."""


def scope_of(write: tuple[str, str, Any]) -> str:
    """What a change wants."""
    return "account.security" if write in SECURITY else "account.write"


def template(path: str) -> str:
    """The path with the name of its id, as the description has it."""
    for beginning, name in NAMES.items():
        if path.startswith(beginning):
            return path.replace("/x", f"/{{{name}}}", 1)
    return path

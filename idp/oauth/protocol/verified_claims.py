"""`verified_claims` of OpenID Connect for Identity Assurance 1.0: who somebody is, and how that is known."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

TRUST_FRAMEWORK = "cn_zhanhe_real_name"
"""Ours: no framework that the specification lists knows the levels of Chinese government platforms."""
LEVELS = ("level0", "level1", "level2", "level3", "level4")

# Check methods of the specification's list (§5.4.4.1 and its registry): electronic record, document seen in person.
_ELECTRONIC_RECORD, _DOCUMENT, _VOUCH = "electronic_record", "document", "vouch"
_CHECKS: Mapping[str, tuple[str, str]] = {
    "population": (_ELECTRONIC_RECORD, "kbv"),
    "carrier": (_ELECTRONIC_RECORD, "kbv"),
    "network_identity": (_ELECTRONIC_RECORD, "auth"),
    "counter": (_DOCUMENT, "pvp"),
    "upstream": (_VOUCH, "vdig"),
    "operator": (_VOUCH, "vdig"),
}


def verified_claims(
    account: Mapping[str, Any], record: Mapping[str, Any], *, real_name: bool = False
) -> dict[str, Any] | None:
    """The claim for an account and the record that carries its level; None where nothing is verified.

    `account` holds plain `name`, `certificate_type` and `certificate_number`; the two of the certificate are told
    with scope real_name only. `record` holds `level`, `method`, `source` and `verified_at`.
    """
    level = int(record["level"])
    if level == 0:
        return None
    claims = {"name": account["name"]}
    if real_name and account.get("certificate_number"):
        claims |= {
            "certificate_type": account["certificate_type"],
            "certificate_number": account["certificate_number"],
        }
    return {"verification": _verification(level, record), "claims": claims}


def _verification(level: int, record: Mapping[str, Any]) -> dict[str, Any]:
    type_, check = _CHECKS.get(record["method"], (_VOUCH, "vdig"))
    instant = _instant(float(record["verified_at"]))
    return {
        "trust_framework": TRUST_FRAMEWORK,
        "assurance_level": LEVELS[level],
        "time": instant,
        "evidence": [
            {
                "type": type_,
                "check_details": [
                    {
                        "check_method": check,
                        "organization": record["source"].partition(":")[0],
                        "time": instant,
                    }
                ],
            }
        ],
    }


def _instant(seconds: float) -> str:
    """2026-01-31T01:05:00Z (RFC 3339)."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")

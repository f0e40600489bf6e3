"""What systems are told of how sure an identity is."""

import json

import pytest

from idp.oauth.protocol.verified_claims import TRUST_FRAMEWORK, verified_claims

ACCOUNT = {"name": "张三", "certificate_type": "111", "certificate_number": "410411199001010015"}


def record(**fields: object) -> dict[str, object]:
    return {
        "level": 3,
        "method": "network_identity",
        "source": "network_identity:R03",
        "verified_at": 1.8e9,
    } | fields


def test_level_time_and_process_stand_beside_the_name() -> None:
    assert verified_claims(ACCOUNT, record()) == {
        "verification": {
            "trust_framework": TRUST_FRAMEWORK,
            "assurance_level": "level3",
            "time": "2027-01-15T08:00:00Z",
            "evidence": [
                {
                    "type": "electronic_record",
                    "check_details": [
                        {
                            "check_method": "auth",
                            "organization": "network_identity",
                            "time": "2027-01-15T08:00:00Z",
                        }
                    ],
                }
            ],
        },
        "claims": {"name": "张三"},
    }


def test_the_certificate_needs_its_scope() -> None:
    assert "410411" not in json.dumps(verified_claims(ACCOUNT, record()))
    told = verified_claims(ACCOUNT, record(), real_name=True)
    assert told is not None
    assert told["claims"] == ACCOUNT


def test_an_account_without_certificate_has_none_to_tell() -> None:
    told = verified_claims(
        {"name": "张三", "certificate_type": None, "certificate_number": None}, record(), real_name=True
    )
    assert told is not None
    assert told["claims"] == {"name": "张三"}


def test_nothing_verified_is_nothing_told() -> None:
    assert verified_claims(ACCOUNT, record(level=0)) is None


@pytest.mark.parametrize(
    "method", ["population", "carrier", "counter", "upstream", "operator", "something new"]
)
def test_every_method_has_a_kind_of_evidence(method: str) -> None:
    told = verified_claims(ACCOUNT, record(method=method, source="x"))
    assert told is not None
    assert told["verification"]["evidence"][0]["type"] in ("electronic_record", "document", "vouch")

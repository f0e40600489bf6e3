"""What a system may be registered with."""

from typing import Any

import pytest
from pydantic import ValidationError

from idp.relying_parties.model import Client


def client(**metadata: Any) -> Client:
    return Client(
        **{"client_id": "c", "client_name": "系统", "redirect_uris": ["https://app.test/cb"]} | metadata
    )


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.test/cb",
        "https://app.test/cb?a=b",
        "http://127.0.0.1/cb",
        "http://[::1]:8080/cb",
        "http://localhost:3000/cb",
        "com.example.app:/cb",
    ],
)
def test_a_redirect_uri_is_https_loopback_or_an_app_s_own_scheme(uri: str) -> None:
    assert client(redirect_uris=[uri]).redirect_uris == (uri,)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/cb",
        "//app.test/cb",
        "app.test/cb",
        "http://app.test/cb",
        "https:///cb",
        "https://app.test/cb#x",
        "https://app.test/cb#",
        "https://user@app.test/cb",
        "https://user:pw@app.test/cb",
        "https://app.test/c b",
        "https://app.test/cb\n",
        "https://ąpp.test/cb",
        "https://[::1",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "myapp:/cb",
        "https://app.test/" + "a" * 2000,
    ],
)
def test_other_redirect_uris_are_refused(uri: str) -> None:
    with pytest.raises(ValidationError):
        client(redirect_uris=[uri])
    with pytest.raises(ValidationError):
        client(post_logout_redirect_uris=[uri])


@pytest.mark.parametrize("field", ["client_uri", "backchannel_logout_uri", "jwks_uri"])
def test_addresses_that_we_or_people_open_are_web_addresses(field: str) -> None:
    for uri in ("com.example.app:/cb", "http://app.test/", "javascript:x"):
        with pytest.raises(ValidationError):
            client(**{field: uri})


@pytest.mark.parametrize(
    "metadata",
    [
        {"redirect_uris": []},
        {"token_endpoint_auth_method": "none", "pkce_required": False},
        {"token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "client_credentials"]},
        {"token_endpoint_auth_method": "none", "resource_server": True},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": []},
            "jwks_uri": "https://app.test/jwks",
        },
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"pkce_required": False, "scope": "profile"},
        {"grant_types": ["implicit"]},
        {"grant_types": ["password"]},
        {"id_token_signed_response_alg": "none"},
        {"id_token_signed_response_alg": "HS256"},
        {"minimum_level": 5},
        {"minimum_level": -1},
        {"client_name": ""},
        {"client_name": "x" * 101},
        {"unknown_field": 1},
    ],
    ids=repr,
)
def test_registrations_that_would_be_unsafe_are_refused(metadata: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        client(**metadata)


def test_what_is_looser_than_the_default_is_named() -> None:
    assert client().loosened() == []
    loose = client(
        consent_required=False,
        pkce_required=False,
        resource_server=True,
        scope="openid account.security",
        nonce="optional",
    )
    assert len(loose.loosened()) == 5


def test_id_tokens_are_signed_with_rs256_unless_a_registration_says_otherwise() -> None:
    """OpenID Connect Registration §2."""
    assert client().id_token_signed_response_alg == "RS256"


def test_what_is_not_asked_for_by_name_leaves_no_trace_in_a_registration() -> None:
    """A release before, which knows none of these, reads what this one registers."""
    kept = client().model_dump(exclude_none=True)
    assert not {"nonce", "excess_scope", "assertion_lifetime", "assertion_audience"} & kept.keys()


def test_a_port_that_cannot_be_stops_no_worker_that_reads_the_registry() -> None:
    made = client(token_endpoint_auth_method="none", redirect_uris=["https://app.test:99999/cb"])
    assert made.origins == frozenset()

"""The provider's metadata (OpenID Connect Discovery, RFC 8414), rendered once."""

from typing import Any

from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from idp.keys.model import Algorithm
from idp.oauth.client_authentication import ASSERTION_ALGORITHMS
from idp.oauth.protocol import acr
from idp.oauth.protocol.assertions import longest_life
from idp.oauth.protocol.responses import ResponseMode
from idp.oauth.protocol.verified_claims import TRUST_FRAMEWORK
from idp.relying_parties import scopes
from idp.relying_parties.model import AuthMethod

METHODS = [method.value for method in AuthMethod]
CONFIDENTIAL = [method.value for method in AuthMethod if method is not AuthMethod.NONE]


def metadata(issuer: str, grant_types: list[str]) -> dict[str, Any]:
    """What a client needs to know; checked against RFC 8414 at start."""
    document = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks",
        "introspection_endpoint": f"{issuer}/introspect",
        "revocation_endpoint": f"{issuer}/revoke",
        "end_session_endpoint": f"{issuer}/end_session",
        "response_types_supported": ["code"],
        "response_modes_supported": [mode.value for mode in ResponseMode],
        "grant_types_supported": grant_types,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [algorithm.value for algorithm in Algorithm],
        "token_endpoint_auth_methods_supported": METHODS,
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": CONFIDENTIAL,
        "introspection_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        # No RFC has a name for it: how many seconds ahead of now `exp` may be, unless a client is registered for more.
        "client_assertion_lifetime_max": longest_life(),
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": list(scopes.OF_PERSONS),
        "claims_supported": [
            "sub", "name", "preferred_username", "updated_at", "locale", "zoneinfo",
            "email", "email_verified", "phone_number", "phone_number_verified",
            "address", "real_name_level", "certificate_type", "certificate_number",
            "acr", "amr", "auth_time", "nonce", "sid", "act", "principal", "verified_claims",
        ],
        "acr_values_supported": list(acr.LEVELS),
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["zh-CN", "en"],
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "claims_parameter_supported": False,
        "verified_claims_supported": True,
        "trust_frameworks_supported": [TRUST_FRAMEWORK],
        "claims_in_verified_claims_supported": ["name", "certificate_type", "certificate_number"],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }  # fmt: skip
    checked = AuthorizationServerMetadata(document)
    if issuer.startswith("https://"):  # the library knows no loopback
        checked.validate()
    return document

"""The codes of the errors, and what may stand in their descriptions."""

import re

import pytest

from idp.oauth.protocol import errors
from idp.oauth.protocol.errors import OAuthError


def of(base: type[OAuthError]) -> list[type[OAuthError]]:
    return [each for child in base.__subclasses__() for each in (child, *of(child))]


EVERY = [each for each in of(OAuthError) if each.__module__ == errors.__name__]

CODES = {
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
    "unsupported_response_type", "invalid_scope", "access_denied",  # RFC 6749 §5.2, §4.1.2.1
    "login_required", "account_selection_required", "consent_required", "interaction_required",
    "request_not_supported", "request_uri_not_supported", "registration_not_supported",  # OpenID Connect Core §3.1.2.6
    "unmet_authentication_requirements",  # OpenID Connect Core Unmet Authentication Requirements
    "invalid_token", "insufficient_scope",  # RFC 6750 §3.1
    "unsupported_token_type",  # RFC 7009 §2.2.1
}  # fmt: skip


def test_every_code_is_one_of_a_standard_and_every_one_has_its_class() -> None:
    assert {error.code for error in EVERY} == CODES


def test_each_has_a_code_of_its_own() -> None:
    """But for a token that is missing, which has none in the answer (RFC 6750 §3.1)."""
    assert len(EVERY) == len(CODES) + 1
    assert errors.MissingToken.code == errors.InvalidToken.code


@pytest.mark.parametrize("error", EVERY)
def test_a_code_is_of_the_characters_that_an_error_may_have(error: type[OAuthError]) -> None:
    """RFC 6749 Appendix A.7: NQSCHAR; each code that is registered is of small letters."""
    assert re.fullmatch(r"[a-z_]+", error.code)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidClient, 401),  # RFC 6749 §5.2
        (errors.InvalidToken, 401),  # RFC 6750 §3.1
        (errors.MissingToken, 401),
        (errors.InsufficientScope, 403),
        (errors.InvalidRequest, 400),
        (errors.InvalidGrant, 400),
    ],
)
def test_the_status_is_that_of_the_standard(error: type[OAuthError], status: int) -> None:
    assert error.status == status


def test_a_description_is_ascii() -> None:
    """RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E; Chinese belongs on pages."""
    with pytest.raises(ValueError, match="ASCII"):
        errors.InvalidRequest("参数缺失")


def test_what_is_for_the_log_does_not_leave_by_the_description() -> None:
    error = errors.InvalidGrant("the code is not good", detail="of another client: c-2")
    assert (error.description, error.detail) == ("the code is not good", "of another client: c-2")
    assert str(error) == "the code is not good"
    assert errors.InvalidGrant("the code is not good").detail == "the code is not good"

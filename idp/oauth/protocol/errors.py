"""One class per error code of the RFCs; `description` is ASCII and public, `detail` private and logged."""


class OAuthError(Exception):
    """An error of the protocol (RFC 6749 §5.2, §4.1.2.1).

    `status` is the HTTP status where the error is answered directly.
    """

    code = "server_error"
    status = 400

    def __init__(self, description: str, *, detail: str = "") -> None:
        if not description.isascii():
            raise ValueError("error_description is ASCII (RFC 6749 §5.2)")
        super().__init__(description)
        self.description = description
        self.detail = detail or description


class InvalidRequest(OAuthError):
    """A parameter is missing, doubled, malformed or too long."""

    code = "invalid_request"


class InvalidClient(OAuthError):
    """Client authentication failed (RFC 6749 §5.2 wants 401)."""

    code = "invalid_client"
    status = 401


class InvalidGrant(OAuthError):
    """The code or refresh token is invalid, expired, revoked, or was given to another client."""

    code = "invalid_grant"


class UnauthorizedClient(OAuthError):
    """The client may not use this grant or response type."""

    code = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    """We do not offer this grant."""

    code = "unsupported_grant_type"


class UnsupportedResponseType(OAuthError):
    """We do not offer this response type."""

    code = "unsupported_response_type"


class InvalidScope(OAuthError):
    """The scope is malformed, unknown, or more than the client is registered for."""

    code = "invalid_scope"


class AccessDenied(OAuthError):
    """The person said no."""

    code = "access_denied"


class LoginRequired(OAuthError):
    """prompt=none, and nobody is logged in (OpenID Connect Core §3.1.2.6)."""

    code = "login_required"


class AccountSelectionRequired(OAuthError):
    """prompt=none, and the person has to say for whom they act."""

    code = "account_selection_required"


class ConsentRequired(OAuthError):
    """prompt=none, and the person has not agreed yet."""

    code = "consent_required"


class InteractionRequired(OAuthError):
    """prompt=none, and a step-up would need the person."""

    code = "interaction_required"


class UnmetAuthenticationRequirements(OAuthError):
    """The level this system demands cannot be reached (OpenID Connect Core Unmet Authentication Requirements)."""

    code = "unmet_authentication_requirements"


class RequestNotSupported(OAuthError):
    """`request` is not supported."""

    code = "request_not_supported"


class RequestUriNotSupported(OAuthError):
    """`request_uri` is not supported."""

    code = "request_uri_not_supported"


class RegistrationNotSupported(OAuthError):
    """`registration` is not supported."""

    code = "registration_not_supported"


class InvalidToken(OAuthError):
    """The access token is expired, revoked or malformed (RFC 6750 §3.1)."""

    code = "invalid_token"
    status = 401


class MissingToken(InvalidToken):
    """There is no access token at all; the challenge then carries no error (RFC 6750 §3.1)."""


class InsufficientScope(OAuthError):
    """The access token lacks a scope (RFC 6750 §3.1)."""

    code = "insufficient_scope"
    status = 403


class UnsupportedTokenType(OAuthError):
    """This kind of token cannot be revoked here (RFC 7009 §2.2.1)."""

    code = "unsupported_token_type"

"""mozilla-django-oidc with the settings that its installation page names."""

from typing import Any
from urllib.parse import urlencode

from django_site import CLIENT_ID, CLIENT_SECRET, ISSUER, URL, configure, serve

configure(
    "mozilla_django_oidc.auth.OIDCAuthenticationBackend",
    ["mozilla_django_oidc"],
    OIDC_RP_CLIENT_ID=CLIENT_ID,
    OIDC_RP_CLIENT_SECRET=CLIENT_SECRET,
    OIDC_RP_SIGN_ALGO="RS256",
    OIDC_OP_JWKS_ENDPOINT=f"{ISSUER}/jwks",
    OIDC_OP_AUTHORIZATION_ENDPOINT=f"{ISSUER}/authorize",
    OIDC_OP_TOKEN_ENDPOINT=f"{ISSUER}/token",
    OIDC_OP_USER_ENDPOINT=f"{ISSUER}/userinfo",
    # Out of the provider as well: its page says so to whoever wants that.
    OIDC_STORE_ID_TOKEN=True,
    OIDC_OP_LOGOUT_URL_METHOD="__main__.logout_url",
    ALLOW_LOGOUT_GET_METHOD=True,
)

from django.http import HttpRequest, JsonResponse  # noqa: E402 - not before the site is configured
from django.urls import include, path  # noqa: E402


def logout_url(request: Any) -> str:
    """Where the provider ends its session."""
    parameters = {
        "id_token_hint": request.session["oidc_id_token"],
        "post_logout_redirect_uri": f"{URL}/",
    }
    return f"{ISSUER}/end_session?{urlencode(parameters)}"


def home(request: HttpRequest) -> JsonResponse:
    """Who is logged in."""
    user: Any = request.user
    return JsonResponse({"email": user.email} if user.is_authenticated else None, safe=False)


urlpatterns = [path("", home), path("oidc/", include("mozilla_django_oidc.urls"))]

if __name__ == "__main__":
    serve()

"""social-auth-app-django and its generic OpenID Connect backend with the settings that its page names."""

from typing import Any
from urllib.parse import urlencode

from django_site import CLIENT_ID, CLIENT_SECRET, ISSUER, URL, configure, serve

configure(
    "social_core.backends.open_id_connect.OpenIdConnectAuth",
    ["social_django"],
    SOCIAL_AUTH_OIDC_OIDC_ENDPOINT=ISSUER,
    SOCIAL_AUTH_OIDC_KEY=CLIENT_ID,
    SOCIAL_AUTH_OIDC_SECRET=CLIENT_SECRET,
)

from django.contrib.auth import logout as end_session  # noqa: E402 - not before the site is configured
from django.http import HttpRequest, HttpResponseRedirect, JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from social_django.utils import load_strategy  # noqa: E402


def home(request: HttpRequest) -> JsonResponse:
    """Who is logged in."""
    user: Any = request.user
    if not user.is_authenticated:
        return JsonResponse(None, safe=False)
    link = user.social_auth.get(provider="oidc")
    return JsonResponse(
        {"sub": link.uid, "username": user.username, "email": user.email, "name": user.get_full_name()}
    )


def refresh(request: HttpRequest) -> JsonResponse:
    """A new access token by the refresh token that was kept."""
    link = request.user.social_auth.get(provider="oidc")
    before = link.extra_data["access_token"]
    link.refresh_token(load_strategy(request))
    return JsonResponse({"renewed": link.extra_data["access_token"] != before})


def logout(request: HttpRequest) -> HttpResponseRedirect:
    """Out of the site and of the provider, whose logout the library does not know."""
    link = request.user.social_auth.get(provider="oidc")
    parameters = {"id_token_hint": link.extra_data["id_token"], "post_logout_redirect_uri": f"{URL}/"}
    end_session(request)
    return HttpResponseRedirect(f"{ISSUER}/end_session?{urlencode(parameters)}")


urlpatterns = [
    path("", home),
    path("refresh", refresh),
    path("logout", logout),
    path("", include("social_django.urls", namespace="social")),
]

if __name__ == "__main__":
    serve()

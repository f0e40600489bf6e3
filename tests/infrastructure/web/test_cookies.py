"""The attributes of our cookies."""

import pytest
from starlette.requests import Request
from starlette.responses import Response

from idp.infrastructure.web.cookies import CSRF, DEVICE, LANGUAGE, LOGIN, SESSION, Cookies


@pytest.mark.parametrize("name", [SESSION, LOGIN, CSRF, DEVICE, LANGUAGE])
def test_with_tls_every_cookie_is_bound_to_this_host(name: str) -> None:
    response = Response()
    Cookies(secure=True).set(response, name, "value")
    header = response.headers["set-cookie"]
    assert header.startswith(f"__Host-zhanhe-{name}=value;")
    for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=lax"):
        assert attribute in header
    assert "Domain" not in header
    assert "Max-Age" not in header


def test_without_tls_there_is_no_host_prefix() -> None:
    response = Response()
    Cookies(secure=False).set(response, SESSION, "value", 60)
    header = response.headers["set-cookie"]
    assert header.startswith("zhanhe-session=value;")
    assert "Max-Age=60" in header
    assert "Secure" not in header


def test_a_cleared_cookie_has_the_attributes_of_a_set_one() -> None:
    response = Response()
    Cookies(secure=True).clear(response, SESSION)
    header = response.headers["set-cookie"]
    assert header.startswith('__Host-zhanhe-session="";')
    for attribute in ("Max-Age=0", "Secure", "HttpOnly", "Path=/"):
        assert attribute in header


def test_a_cookie_without_the_prefix_is_not_ours() -> None:
    request = Request({"type": "http", "headers": [(b"cookie", b"zhanhe-session=planted; session=planted")]})
    assert Cookies(secure=True).get(request, SESSION) is None

"""Redirect URIs, compared (RFC 9700 §4.1.3, RFC 8252 §7.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.oauth.protocol.redirect_uris import matches, unclaimed

WEB = "https://app.test/callback"
LOOPBACK = "http://127.0.0.1/callback"


def test_a_registered_address_is_an_address() -> None:
    assert matches(WEB, ("https://app.test/other", WEB), native=False)
    assert not matches(WEB, (), native=True)


@pytest.mark.parametrize(
    "presented",
    [
        "https://app.test/callback/", "https://app.test/Callback", "https://APP.test/callback",
        "https://app.test:443/callback", "https://app.test/callback?", "https://app.test/callback#",
        "https://app.test/x/../callback", "https://app.test/%63allback", "http://app.test/callback",
        "https://app.test.evil.test/callback", "https://evil.test/callback", "https://app.test@evil.test/callback",
        "https://app.test\\@evil.test/callback", " https://app.test/callback", "https://app.test:8443/callback", "",
    ],
)  # fmt: skip
@pytest.mark.parametrize("native", [True, False])
def test_comparison_is_of_strings(presented: str, native: bool) -> None:
    """RFC 3986 §6.2.1: what a normal form would make equal is not."""
    assert not matches(presented, (WEB,), native=native)


@pytest.mark.parametrize("registered", ["http://127.0.0.1/callback", "http://127.0.0.1:8000/callback"])
def test_an_app_on_loopback_chooses_its_port(registered: str) -> None:
    """RFC 8252 §7.3; for a client that keeps a secret the port is part of its address."""
    assert matches("http://127.0.0.1:51004/callback", (registered,), native=True)
    assert not matches("http://127.0.0.1:51004/callback", (registered,), native=False)
    assert matches("http://[::1]:51004/callback", ("http://[::1]/callback",), native=True)


@pytest.mark.parametrize(
    "presented",
    [
        "http://127.0.0.1:51004/other", "http://127.0.0.1:51004/callback?x=1", "http://127.0.0.1:51004/callback#x",
        "http://127.0.0.1:51004/callback#", "https://127.0.0.1:51004/callback", "http://localhost:51004/callback",
        "http://127.0.0.2:51004/callback", "http://[::1]:51004/callback", "http://me@127.0.0.1:51004/callback",
        "http://127.0.0.1:0/callback", "http://127.0.0.1:99999/callback", "http://127.0.0.1:x/callback",
        "http://127.0.0.1:/callback", "http://127.0.0.1.evil.test:51004/callback", "http://evil.test:51004/callback",
        "http://127.0.0.1@evil.test:51004/callback", "http://[127.0.0.1:51004/callback",
    ],
)  # fmt: skip
def test_all_but_the_port_stays_as_it_is_registered(presented: str) -> None:
    assert not matches(presented, (LOOPBACK,), native=True)


@pytest.mark.parametrize("registered", ["http://localhost/callback", "http://192.0.2.1/callback", WEB])
def test_only_loopback_by_its_number_has_a_port_to_choose(registered: str) -> None:
    """RFC 8252 §8.3: `localhost` may be answered by another interface than the loopback one."""
    presented = registered.replace("/callback", ":51004/callback")
    assert not matches(presented, (registered,), native=True)


@given(
    st.integers(min_value=1, max_value=65_535),
    st.text(st.characters(exclude_categories=["Cc"]), max_size=20),
)
def test_every_port_fits_and_every_other_path_does_not(port: int, path: str) -> None:
    """Control characters do not come as far as this: see `parameters`."""
    presented = f"http://127.0.0.1:{port}/callback"
    assert matches(presented, (LOOPBACK,), native=True)
    assert matches(presented + path, (LOOPBACK,), native=True) == (path == "")


@given(st.text())
def test_nothing_that_is_sent_breaks_the_comparison(presented: str) -> None:
    assert not matches(presented, (WEB, LOOPBACK), native=True)


@pytest.mark.parametrize(
    ("uri", "native", "expected"),
    [
        (WEB, True, False),
        (LOOPBACK, True, True),
        ("test.app:/callback", True, True),
        (LOOPBACK, False, False),
        ("https-like:/callback", True, True),
    ],
)
def test_an_app_without_a_secret_is_known_by_a_claimed_address_alone(
    uri: str, native: bool, expected: bool
) -> None:
    """RFC 8252 §8.6: others on the device may answer for a private scheme and for loopback."""
    assert unclaimed(uri, native=native) is expected


@pytest.mark.parametrize("odd", [" ", "\t", "\n", "\x00"])
def test_an_address_with_a_blank_is_none_that_was_registered(odd: str) -> None:
    registered = ("http://127.0.0.1/callback",)
    assert matches("http://127.0.0.1:4104/callback", registered, native=True)
    for presented in (f"{odd}http://127.0.0.1:4104/callback", f"http://127.0.0.1:4104/call{odd}back"):
        assert not matches(presented, registered, native=True)

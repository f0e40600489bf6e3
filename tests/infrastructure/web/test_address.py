"""Whose address a request comes from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from idp.infrastructure.places import UNKNOWN, neighbourhood
from idp.infrastructure.web.address import Addresses, networks


def seen(peer: str | None, *forwarded: str, trusted: tuple[str, ...] = ("10.0.0.0/8", "fd00::/8")) -> str:
    headers = [(b"x-forwarded-for", text.encode("latin-1")) for text in forwarded]
    client = None if peer is None else (peer, 1)
    return Addresses(networks(trusted)).of(Request({"type": "http", "headers": headers, "client": client}))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("203.0.113.1",), "192.0.2.1"),
        ("192.0.2.1", ("10.0.0.1",), "192.0.2.1"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("203.0.113.1",), "203.0.113.1"),
        ("10.0.0.1", ("198.51.100.1, 203.0.113.1",), "203.0.113.1"),
        ("10.0.0.1", ("198.51.100.1", "203.0.113.1"), "203.0.113.1"),
        ("10.0.0.1", ("203.0.113.1, 10.0.0.2",), "203.0.113.1"),
        ("10.0.0.1", ("198.51.100.1, 203.0.113.1, 10.9.9.9, 10.0.0.2",), "203.0.113.1"),
        ("10.0.0.1", ("203.0.113.1, nonsense",), "10.0.0.1"),
        ("10.0.0.1", ("203.0.113.1,",), "10.0.0.1"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        ("10.0.0.1", ("203.0.113.1:4711",), "10.0.0.1"),
        ("10.0.0.1", ("::ffff:203.0.113.1",), "203.0.113.1"),
        ("::ffff:10.0.0.1", ("203.0.113.1",), "203.0.113.1"),
        ("::ffff:192.0.2.1", ("203.0.113.1",), "192.0.2.1"),
        ("fd00::1", ("2001:db8::1",), "2001:db8::1"),
        (None, ("203.0.113.1",), UNKNOWN),
        ("testclient", ("203.0.113.1",), "testclient"),
    ],
)
def test_a_forwarded_address_is_believed_from_a_known_proxy_only(
    peer: str | None, forwarded: tuple[str, ...], expected: str
) -> None:
    assert seen(peer, *forwarded) == expected


def test_without_known_proxies_the_header_is_not_read() -> None:
    assert seen("192.0.2.1", "203.0.113.1", trusted=()) == "192.0.2.1"
    assert seen("127.0.0.1", "203.0.113.1", trusted=()) == "127.0.0.1"


@given(st.binary(max_size=100).map(lambda raw: raw.decode("latin-1")))
def test_no_header_is_a_fault(text: str) -> None:
    address = seen("10.0.0.1", text)
    assert neighbourhood(address)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_a_neighbourhood_is_what_one_subscriber_has(address: str, expected: str) -> None:
    assert neighbourhood(address) == expected


def test_what_is_no_network_is_refused() -> None:
    for text in ("proxy.test", "10.0.0.0/99", "10.0.0"):
        with pytest.raises(ValueError, match=r"."):
            networks([text])

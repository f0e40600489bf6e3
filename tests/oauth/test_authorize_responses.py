"""How an authorization request arrives and how its answer leaves."""

from urllib.parse import quote

import pytest

from tests.support.browserless import Callback, Page
from tests.support.inprocess import ISSUER, REDIRECT_URI, Provider
from tests.support.visits import asking, audit_of, callback, page, signed_in, visitor

pytestmark = pytest.mark.anyio


async def answer(house: Provider, url: str) -> Page | Callback:
    async with visitor(house) as someone:
        return await someone.open(url)


@pytest.mark.parametrize(
    ("presented", "good"),
    [
        ("http://127.0.0.1:5173/cb", True),
        ("http://127.0.0.1:1/cb", True),
        ("http://127.0.0.1/cb", True),
        ("http://127.0.0.1:0/cb", False),
        ("http://127.0.0.1:99999/cb", False),
        ("http://127.0.0.1:5173/other", False),
        ("http://127.0.0.1:5173/cb?x=1", False),
        ("http://127.0.0.1:5173/cb#x", False),
        ("http://localhost:5173/cb", False),
        ("http://127.0.0.2:5173/cb", False),
        ("https://127.0.0.1:5173/cb", False),
        ("http://user@127.0.0.1:5173/cb", False),
        ("http://:pw@127.0.0.1:5173/cb", False),
        ("http://127.0.0.1:80\\@evil.test/cb", False),
        ("http://127.0.0.1:5173@evil.test/cb", False),
        ("http://127.0.0.1:５１/cb", False),
    ],
)
async def test_an_app_on_loopback_chooses_its_port_and_nothing_else(
    house: Provider, presented: str, good: bool
) -> None:
    client, _ = await house.register(
        token_endpoint_auth_method="none",
        grant_types=["authorization_code"],
        redirect_uris=["http://127.0.0.1/cb"],
    )
    async with signed_in(house) as someone:
        answered = page(await someone.open(asking(client, redirect_uri=presented)))
        form = answered.form_with("decision")
        assert (form is not None) is good
        if form is not None:
            assert callback(await someone.submit(form, decision="allow")).url == presented
        else:
            assert answered.status == 400


async def test_a_confidential_client_has_no_loose_port(house: Provider) -> None:
    client, _ = await house.register(redirect_uris=["http://127.0.0.1/cb"])
    assert page(await answer(house, asking(client, redirect_uri="http://127.0.0.1:5173/cb"))).status == 400


async def test_a_registered_query_is_kept_and_added_to(house: Provider) -> None:
    uri = "https://app.test/callback?tenant=1"
    client, _ = await house.register(redirect_uris=[uri])
    async with signed_in(house) as someone:
        response = await someone.client.get(asking(client, redirect_uri=uri))
    assert response.headers["location"].startswith(uri + "&code=zac_")


async def test_form_post_is_a_page_that_posts_itself(house: Provider) -> None:
    client, _ = await house.register()
    state = '"><script>alert(1)</script>'
    async with signed_in(house) as someone:
        response = await someone.client.get(asking(client, response_mode="form_post", state=state))
        back = callback(await someone.open(asking(client, response_mode="form_post", state=state)))
    assert state not in response.text
    assert response.headers["cache-control"] == "no-store"
    assert (back.method, back.url) == ("POST", REDIRECT_URI)
    assert back.parameters["state"] == state
    assert back.parameters["iss"] == ISSUER


async def test_an_error_goes_back_by_the_response_mode_too(house: Provider) -> None:
    client, _ = await house.register()
    back = callback(await answer(house, asking(client, response_mode="form_post", prompt="none")))
    assert (back.method, back.parameters["error"]) == ("POST", "login_required")


async def test_the_answer_is_not_kept_and_leaks_no_referrer(house: Provider) -> None:
    client, _ = await house.register()
    async with signed_in(house) as someone:
        response = await someone.client.get(asking(client))
    assert response.status_code == 303
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"


async def test_a_request_by_post_goes_on_as_get_with_the_cookies(house: Provider) -> None:
    client, _ = await house.register()
    form = {"content-type": "application/x-www-form-urlencoded", "origin": "https://app.test"}
    async with signed_in(house) as someone:
        response = await someone.client.post("/authorize", content=asking(client)[11:], headers=form)
        assert response.status_code == 303
        assert "code" in callback(await someone.open(response.headers["location"])).parameters


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{}", "application/json", 400),
        (b"a=\xff", "application/x-www-form-urlencoded", 400),
        (b"a=%ff", "application/x-www-form-urlencoded", 400),
        (b"a=" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"", "", 400),
    ],
)
async def test_a_post_that_is_no_form_gets_a_page(
    house: Provider, body: bytes, content_type: str, status: int
) -> None:
    async with house.browser() as browser:
        response = await browser.post("/authorize", content=body, headers={"content-type": content_type})
    assert response.status_code == status
    assert response.headers["content-type"].startswith("text/html")


async def test_line_breaks_in_a_posted_request_make_no_header(house: Provider) -> None:
    body = f"client_id=x&a={quote('b')}\r\nSet-Cookie: evil=1"
    form = {"content-type": "application/x-www-form-urlencoded"}
    async with house.browser() as browser:
        response = await browser.post("/authorize", content=body, headers=form)
    assert "evil" not in response.headers.get("set-cookie", "")
    assert "\n" not in response.headers.get("location", "")


async def test_a_refused_request_is_in_the_record_without_a_name_that_was_not_proven(house: Provider) -> None:
    await house.worker.refusals.flush()
    house.clock.forward(61)  # an address has so many kinds of refusals a minute, and other tests had theirs
    client, _ = await house.register()
    await answer(house, asking(client, redirect_uri="https://evil.test/"))
    await answer(house, asking(client, scope="admin"))
    assert await audit_of(house, client_id=client.client_id) == ["client.created", "authorization.refused"]
    claims = [line["client_id"] for line in await house.audit_lines() if client.client_id in line["detail"]]
    assert claims == [None]  # named as unproven, beside the reason

"""Consent, and the seal that carries a request through the pages."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.browserless import Browserless
from tests.support.inprocess import Provider
from tests.support.logins import enter
from tests.support.visits import (
    SESSION_COOKIE,
    asking,
    audit_of,
    callback,
    code_for,
    page,
    person,
    signed_in,
    visitor,
)

pytestmark = pytest.mark.anyio


async def test_consent_is_asked_for_once_and_grows(house: Provider) -> None:
    client, _ = await house.register(consent_required=True)
    async with signed_in(house) as someone:
        first = page(await someone.open(asking(client, scope="openid profile")))
        form = first.form_with("decision")
        assert form is not None
        assert "code" in callback(await someone.submit(form, decision="allow")).parameters
        assert "code" in callback(await someone.open(asking(client, scope="openid profile"))).parameters
        second = page(await someone.open(asking(client, scope="openid phone")))
        form = second.form_with("decision")
        assert form is not None
        await someone.submit(form, decision="allow")
        for scope in ("openid profile phone", "openid", "phone"):
            assert "code" in callback(await someone.open(asking(client, scope=scope))).parameters


async def test_a_refused_consent_goes_back_as_access_denied_and_nothing_is_kept(house: Provider) -> None:
    client, _ = await house.register(consent_required=True)
    async with signed_in(house) as someone:
        form = page(await someone.open(asking(client))).form_with("decision")
        assert form is not None
        back = callback(await someone.submit(form, decision="deny"))
        assert back.parameters["error"] == "access_denied"
        assert back.parameters["state"] == "the state"
        assert page(await someone.open(asking(client))).form_with("decision") is not None
    assert "consent.given" not in await audit_of(house, client_id=client.client_id)


async def test_a_consent_form_without_decision_asks_again(house: Provider) -> None:
    client, _ = await house.register(consent_required=True)
    async with signed_in(house) as someone:
        form = page(await someone.open(asking(client))).form_with("decision")
        assert form is not None
        assert page(await someone.submit(form)).form_with("decision") is not None
        assert page(await someone.submit(form, decision="ALLOW")).form_with("decision") is not None


async def test_prompt_consent_asks_even_where_it_was_given_and_only_once(house: Provider) -> None:
    client, _ = await house.register()
    async with signed_in(house) as someone:
        await code_for(someone, client)
        house.clock.forward(5)
        form = page(await someone.open(asking(client, prompt="consent"))).form_with("decision")
        assert form is not None
        assert "code" in callback(await someone.submit(form, decision="allow")).parameters
        house.clock.forward(5)
        assert page(await someone.open(asking(client, prompt="consent"))).form_with("decision") is not None


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1/cb", "cn.gov.pingdingshan.portal:/cb"], ids=["loopback", "private scheme"]
)
@pytest.mark.parametrize("consent_required", [True, False])
async def test_an_app_that_cannot_be_known_is_agreed_to_each_time(
    house: Provider, uri: str, consent_required: bool
) -> None:
    """RFC 8252 §8.6: any other program on the device may ask in its name."""
    client, _ = await house.register(
        token_endpoint_auth_method="none",
        grant_types=["authorization_code"],
        redirect_uris=[uri],
        scope="openid profile",
        consent_required=consent_required,
    )
    here = uri.replace("127.0.0.1/", "127.0.0.1:5173/")
    async with signed_in(house) as someone:
        for _ in range(2):
            form = page(await someone.open(asking(client, redirect_uri=here))).form_with("decision")
            assert form is not None
            assert "code" in callback(await someone.submit(form, decision="allow")).parameters
            house.clock.forward(5)
        silent = callback(await someone.open(asking(client, redirect_uri=here, prompt="none")))
        assert silent.parameters["error"] == "consent_required"


async def test_an_app_with_an_address_that_only_it_can_claim_is_agreed_to_once(house: Provider) -> None:
    client, _ = await house.register(
        token_endpoint_auth_method="none",
        grant_types=["authorization_code"],
        scope="openid profile",
        consent_required=True,
    )
    async with signed_in(house) as someone:
        form = page(await someone.open(asking(client))).form_with("decision")
        assert form is not None
        await someone.submit(form, decision="allow")
        house.clock.forward(5)
        assert "code" in callback(await someone.open(asking(client, prompt="none"))).parameters


async def test_the_consent_of_one_person_is_not_that_of_another(house: Provider) -> None:
    client, _ = await house.register(consent_required=True)
    async with signed_in(house) as someone:
        form = page(await someone.open(asking(client))).form_with("decision")
        assert form is not None
        await someone.submit(form, decision="allow")
    async with signed_in(house) as other:
        assert page(await other.open(asking(client))).form_with("decision") is not None


@pytest.mark.parametrize("decision", ["allow", "deny"])
async def test_what_one_person_was_asked_another_does_not_answer(house: Provider, decision: str) -> None:
    """On the computer of a service hall: the page of the one before still stands in another tab."""
    client, _ = await house.register(consent_required=True)
    async with signed_in(house, name="张三") as someone:
        form = page(await someone.open(asking(client, scope="openid profile"))).form_with("decision")
        assert form is not None
        async with signed_in(house, name="李四") as other:
            token = other.client.cookies[SESSION_COOKIE]
        someone.client.cookies.delete(SESSION_COOKIE)
        someone.client.cookies.set(SESSION_COOKIE, token, domain="id.test", path="/")
        again = page(await someone.submit(form, decision=decision))
        assert "*四" in again.text
        form = again.form_with("decision")
        assert form is not None
        assert "consent.given" not in await audit_of(house, client_id=client.client_id)
        assert "code" in callback(await someone.submit(form, decision="allow")).parameters


async def test_a_consent_form_posted_from_elsewhere_is_refused(house: Provider) -> None:
    client, _ = await house.register(consent_required=True)
    async with signed_in(house) as someone:
        form = page(await someone.open(asking(client))).form_with("decision")
        assert form is not None
        data = {**form.fields, "decision": "allow"}
        hostile: list[tuple[dict[str, str], dict[str, str]]] = [
            (data, {"origin": "https://evil.test"}),
            (data, {"sec-fetch-site": "cross-site"}),
            (data, {"sec-fetch-site": "same-site"}),
            ({**data, "csrf": ""}, {}),
            ({**data, "csrf": "0" * 64}, {}),
            ({**data, "csrf": "密"}, {}),
            ({name: value for name, value in data.items() if name != "csrf"}, {}),
        ]
        for fields, headers in hostile:
            response = await someone.client.post("/consent", data=fields, headers=headers)
            assert response.status_code == 400
    assert "consent.given" not in await audit_of(house, client_id=client.client_id)


async def sealed_request(house: Provider, someone: Browserless, **asked: str) -> str:
    client, _ = await house.register()
    shown = page(await someone.open(asking(client, **asked)))
    return parse_qs(urlsplit(shown.url).query)["continue"][0]


async def test_what_carries_the_request_cannot_be_altered(house: Provider) -> None:
    async with visitor(house) as someone:
        sealed = await sealed_request(house, someone)
        middle = len(sealed) // 2
        other = "A" if sealed[middle] != "A" else "B"
        for text in (
            "",
            "A",
            "A" * 400,
            sealed[:-4],
            sealed[:middle] + other + sealed[middle + 1 :],
            sealed + "AAAA",
            "密",
        ):
            response = await someone.client.get("/authorize/resume", params={"continue": text})
            assert response.status_code == 400
            assert response.headers["content-type"].startswith("text/html")


async def test_in_another_browser_the_request_stands_as_if_it_came_now(house: Provider) -> None:
    async with visitor(house) as someone:
        sealed = await sealed_request(house, someone, prompt="login")
    house.clock.forward(60)
    async with signed_in(house) as other:  # after the seal was made, yet not because of it
        house.clock.forward(60)
        response = await other.client.get("/authorize/resume", params={"continue": sealed})
        assert response.headers["location"].startswith("/login?")


async def test_after_an_hour_an_older_login_no_longer_answers_the_prompt(house: Provider) -> None:
    username = await person(house)
    async with visitor(house) as someone:
        client, _ = await house.register()
        shown = page(await someone.open(asking(client, prompt="login")))
        sealed = parse_qs(urlsplit(shown.url).query)["continue"][0]
        callback(await enter(someone, shown, username))
        again = await someone.client.get("/authorize/resume", params={"continue": sealed})
        assert "code=" in again.headers["location"]
        house.clock.forward(3601)
        late = await someone.client.get("/authorize/resume", params={"continue": sealed})
        assert late.headers["location"].startswith("/login?")


async def test_a_seal_of_another_purpose_carries_no_request(house: Provider) -> None:
    vault = house.worker.base.vault
    async with visitor(house) as someone:
        await sealed_request(house, someone)
        for purpose in ("device", "logout.continuation", "accounts.phone"):
            text = vault.seal(purpose, {"asked_at": house.clock.now, "browser": "x"})
            assert (
                await someone.client.get("/authorize/resume", params={"continue": text})
            ).status_code == 400


async def test_a_client_that_was_disabled_while_the_page_was_open_gets_nothing(house: Provider) -> None:
    client, _ = await house.register(consent_required=True)
    async with signed_in(house) as someone:
        form = page(await someone.open(asking(client))).form_with("decision")
        assert form is not None
        await house.worker.registry.disable(client.client_id, "test")
        await house.worker.revisions.refresh()
        assert page(await someone.submit(form, decision="allow")).status == 400

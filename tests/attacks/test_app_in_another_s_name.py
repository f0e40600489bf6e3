"""A program on the person's device that asks in the name of a public app: what it gets without a page of its own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from idp.relying_parties.model import Client
from tests.support.browserless import Callback, Form, Page
from tests.support.inprocess import Provider, provider
from tests.support.visits import asking, callback, page, person, redeem, signed_in, visitor

pytestmark = pytest.mark.anyio

LOOPBACK = "http://127.0.0.1/cb"
PRIVATE = "cn.gov.pingdingshan.portal:/cb"
CLAIMED = "https://app.test/callback"
HERE = {"http://127.0.0.1/cb": "http://127.0.0.1:5173/cb", PRIVATE: PRIVATE}
UNCLAIMED = pytest.mark.parametrize("uri", [LOOPBACK, PRIVATE], ids=["loopback", "private scheme"])


@pytest.fixture
async def house(migrated_url: str, tmp_path: Path) -> AsyncIterator[Provider]:
    """On each database."""
    async with provider(tmp_path, database_url=migrated_url) as started:
        yield started


async def app(house: Provider, *uris: str, **metadata: Any) -> Client:
    """A public app."""
    made, _ = await house.register(
        token_endpoint_auth_method="none",
        grant_types=["authorization_code"],
        redirect_uris=list(uris),
        scope="openid profile",
        **metadata,
    )
    return made


def consent(shown: Page | Callback) -> Form:
    """The question whether the app may enter."""
    form = page(shown).form_with("decision")
    assert form is not None
    return form


def is_asked(shown: Page | Callback) -> bool:
    """Whether a person has to answer first."""
    return isinstance(shown, Page) and shown.form_with("decision") is not None


@UNCLAIMED
@pytest.mark.parametrize("required", [True, False])
async def test_a_yes_to_one_request_answers_none_that_waits_in_another_tab(
    house: Provider, uri: str, required: bool
) -> None:
    client = await app(house, uri, consent_required=required)
    async with signed_in(house) as someone:
        thief = consent(await someone.open(asking(client, redirect_uri=HERE[uri], state="thief")))
        house.clock.forward(5)
        own = consent(await someone.open(asking(client, redirect_uri=HERE[uri], state="own")))
        house.clock.forward(5)
        assert callback(await someone.submit(own, decision="allow")).parameters["state"] == "own"
        # The tab is loaded again, as browsers do by themselves.
        for path in ("/consent", "/authorize/resume"):
            waiting = Form(f"https://id.test{path}", "GET", {"continue": thief.fields["continue"]})
            assert is_asked(await someone.submit(waiting))


@UNCLAIMED
async def test_a_login_in_one_tab_takes_no_request_along_that_waits_in_another(
    house: Provider, uri: str
) -> None:
    client = await app(house, uri)
    username = await person(house)
    async with visitor(house) as someone:
        thief = page(await someone.open(asking(client, redirect_uri=HERE[uri], state="thief")))
        house.clock.forward(5)
        async with signed_in(house, username) as owner:
            someone.client.cookies.update(owner.client.cookies)
        own = consent(await someone.open(asking(client, redirect_uri=HERE[uri], state="own")))
        assert "code" in callback(await someone.submit(own, decision="allow")).parameters
        form = thief.form_with("password")
        assert form is not None
        sealed = {"continue": form.fields["continue"]}
        assert is_asked(await someone.submit(Form("https://id.test/authorize/resume", "GET", sealed)))


@UNCLAIMED
@pytest.mark.parametrize("prompt", [None, "none"])
async def test_a_yes_under_the_claimed_address_is_none_under_another(
    house: Provider, uri: str, prompt: str | None
) -> None:
    client = await app(house, CLAIMED, uri, consent_required=True)
    async with signed_in(house) as someone:
        yes = await someone.submit(consent(await someone.open(asking(client))), decision="allow")
        redeemed = await redeem(house, client, None, callback(yes).parameters["code"])
        hint = redeemed.json()["id_token"]
        house.clock.forward(5)
        for extra in ({}, {"id_token_hint": hint}, {"max_age": "9999"}):
            asked = asking(client, redirect_uri=HERE[uri], prompt=prompt, **extra)
            answer = await someone.open(asked)
            assert is_asked(answer) or (
                isinstance(answer, Callback) and answer.parameters["error"] == "consent_required"
            )
            posted = await someone.submit(Form("https://id.test/authorize", "POST", _fields(asked)))
            assert not isinstance(posted, Callback) or "code" not in posted.parameters


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:5173/cb#x",
        "http://127.0.0.1:5173/cb/../x",
        "http://127.0.0.1:5173@evil.test/cb",
        "http://localhost:5173/cb",
        "http://[::1]:5173/cb",
        "HTTPS://127.0.0.1/cb",
        f"{PRIVATE}/x",
        "cn.gov.pingdingshan.portal://cb",
    ],
)
async def test_nothing_goes_to_an_address_beside_the_registered_ones(house: Provider, uri: str) -> None:
    client = await app(house, CLAIMED, LOOPBACK, PRIVATE)
    async with signed_in(house) as someone:
        shown = page(await someone.open(asking(client, redirect_uri=uri)))
    assert shown.status == 400


@UNCLAIMED
async def test_the_answer_to_the_question_of_a_request_that_asks_for_more_is_for_that_one(
    house: Provider, uri: str
) -> None:
    """The thief's request for more scopes hides behind a yes to fewer."""
    client = await app(house, uri, consent_required=True)
    async with signed_in(house) as someone:
        thief = consent(
            await someone.open(asking(client, redirect_uri=HERE[uri], scope="openid profile", state="thief"))
        )
        house.clock.forward(5)
        own = consent(await someone.open(asking(client, redirect_uri=HERE[uri])))
        swapped = Form(own.action, "POST", {**own.fields, "scope": "openid profile"})
        house.clock.forward(5)
        back = callback(await someone.submit(swapped, decision="allow"))
        code = await redeem(house, client, None, back.parameters["code"], redirect_uri=HERE[uri])
        assert set(code.json()["scope"].split()) == {"openid"}
        assert is_asked(
            await someone.submit(
                Form("https://id.test/consent", "GET", {"continue": thief.fields["continue"]})
            )
        )


async def test_prompt_consent_is_a_question_of_its_own_for_every_client(house: Provider) -> None:
    client, _ = await house.register(consent_required=True)
    async with signed_in(house) as someone:
        first = consent(await someone.open(asking(client, prompt="consent", state="first")))
        house.clock.forward(5)
        second = consent(await someone.open(asking(client, prompt="consent", state="second")))
        assert callback(await someone.submit(second, decision="allow")).parameters["state"] == "second"
        again = {"continue": first.fields["continue"]}
        assert is_asked(await someone.submit(Form("https://id.test/consent", "GET", again)))


def _fields(address: str) -> dict[str, str]:
    return dict(httpx2.URL(f"https://id.test{address}").params)

"""Whoever knows a company's password at a platform, with every form of the house in hand and a right form token.

On both databases: nothing of the person whom the platform names is read, changed, or entered; and the organisation's
login gains nothing that a person has.
"""

import html
import re
from typing import Any

import pytest

from tests.attacks.scene import Scene, Victim, by_password, by_sms, field
from tests.federation.trial import FIRM, came
from tests.support.browserless import Browserless, Callback, Form
from tests.support.inprocess import PASSWORD
from tests.support.qr_login import begin
from tests.support.visits import SESSION_COOKIE, asking, page, signed_in, tokens, visitor

pytestmark = pytest.mark.anyio
NAMED = "您正在为单位办事"
OF_A_PERSON = (
    "SELECT * FROM accounts WHERE id = '{}'",
    "SELECT * FROM authenticators WHERE account_id = '{}' ORDER BY id",
    "SELECT * FROM devices WHERE account_id = '{}' ORDER BY id",
    "SELECT * FROM real_name_records WHERE account_id = '{}' ORDER BY id",
    "SELECT * FROM upstream_identities WHERE account_id = '{}' ORDER BY id",
    "SELECT * FROM mandates WHERE agent_account_id = '{0}' OR principal_account_id = '{0}' ORDER BY id",
    "SELECT * FROM corrections WHERE account_id = '{}' ORDER BY id",
    "SELECT * FROM consents WHERE account_id = '{}' ORDER BY client_id",
    "SELECT id, ended_at FROM sessions WHERE account_id = '{}' ORDER BY id",
    "SELECT * FROM counter_requests WHERE account_id = '{0}' OR begun_by = '{0}' ORDER BY id",
)
EXTRAS: tuple[dict[str, str], ...] = (
    {},
    {"prompt": "none"},
    {"login_hint": "zhangsan"},
    {"acr_values": "urn:zhanhe:acr:level:3"},
)
OUT = {"/end_session", "/end_session/confirm", "/login", "/token", "/introspect", "/revoke"}
"""Ends the session, or is no act of one."""
FACTS = {
    "password": PASSWORD,
    "new_password": "kestrel-44-lantern",
    "email": "thief@mail.test",
    "phone": "13500009999",
    "name": "张三",
    "otp": "000000",
    "code": "000000",
    "decision": "accept",
    "mandate": "self",
    "seen": "yes",
    "statement": "yes",
    "always": "yes",
    "reason": "依据文书",
    "wanted": "姓名有误",
    "unified_social_credit_code": FIRM["uscc"],
}


def firm(victim: Victim, **changes: str) -> dict[str, str]:
    """What a platform says of a company's account that names the victim as representative."""
    named = {
        "rep": "张三",
        "rep_number": victim.number,
        "name": "张三",
        "type": "414",
        "number": victim.number,
    }
    return {"id": "c-1", "level": "3", **FIRM, **named, **changes}


async def of(scene: Scene, account_id: str) -> list[list[dict[str, Any]]]:
    """Whatever is kept of an account."""
    return [await scene.rows(query.format(account_id)) for query in OF_A_PERSON]


async def entered(scene: Scene, someone: Browserless, victim: Victim, **changes: str) -> str:
    """A browser in which the company's account came in; the account of its login."""
    shown = page(await came(someone, scene.platform, firm(victim, **changes), "legal"))
    assert NAMED in shown.text
    found = await scene.session(someone)
    assert found is not None
    assert found["account"] != victim.id
    return str(found["account"])


async def token(someone: Browserless) -> str:
    """A form token of this browser that is right."""
    found = re.search(r'name="csrf" value="([^"]+)"', (await someone.client.get("/")).text)
    assert found is not None
    return found[1]


async def test_no_form_of_the_house_reaches_the_person_or_makes_it_one(scene: Scene) -> None:
    victim = await scene.victim(email="owner@mail.test")
    async with visitor(scene.house) as someone:
        login = await entered(scene, someone, victim)
        before, gained = await of(scene, victim.id), await of(scene, login)
        routes = {path: methods for path, methods in scene.house.dispatcher.routes.items() if path not in OUT}
        posts = [path for path, methods in routes.items() if "POST" in methods]
        assert len(posts) > 60
        fields = {**FACTS, "certificate_type": "414", "certificate_number": victim.number}
        fields |= dict.fromkeys(("account", "child", "guardian", "into", "id", "to", "identifier"), victim.id)
        for path in (*posts, *(path for path, methods in routes.items() if "GET" in methods)):
            method = "POST" if path in posts else "GET"
            cookie = someone.client.cookies.get(SESSION_COOKIE)
            data = {**fields, "csrf": await token(someone)} if method == "POST" else None
            answer = await someone.client.request(method, path, data=data, follow_redirects=False)
            assert answer.status_code < 500, path
            for secret in (victim.phone, "owner@mail.test", victim.username):
                assert secret not in answer.text, path
            assert someone.client.cookies.get(SESSION_COOKIE) == cookie, path
        assert await of(scene, victim.id) == before
        after = await of(scene, login)
    [account], [own] = after[0], gained[0]
    for name in ("phone_index", "password_hash", "certificate_index", "email", "real_name_level", "kind"):
        assert account[name] == own[name], name
    assert after[1:6] == gained[1:6]  # no factor, device, record, link or mandate more


async def test_the_person_s_own_session_in_that_browser_is_not_mixed_with_it(scene: Scene) -> None:
    victim = await scene.victim()
    async with visitor(scene.house) as someone, signed_in(scene.house, victim.username) as own:
        stolen = own.client.cookies.get(SESSION_COOKIE)
        someone.client.cookies.set(SESSION_COOKIE, stolen or "", domain="id.test", path="/")
        login = await entered(scene, someone, victim)
        shown = page(await someone.open("/acting"))
        for value in ("self", "", victim.id):
            form = shown.form_with("mandate") or field(shown, "csrf")
            await someone.submit(Form(form.action, "POST", form.fields), mandate=value)
        assert (await scene.session(someone) or {})["account"] == login
        closed = page(await someone.open("/me/profile"))
        assert closed.status == 403
        # The other way round: the person logs in over it, and nothing of the company is left.
        there = re.search(r'class="button" href="([^"]+)"', closed.text)
        assert there is not None
        form = field(page(await someone.open(html.unescape(there[1]))), "password")
        await someone.submit(form, username=victim.username, password=PASSWORD)
        found = await scene.house.worker.sessions.find(someone.client.cookies.get(SESSION_COOKIE))
        assert found is not None
        assert (found.account_id, found.principal, found.level) == (victim.id, None, 2)


@pytest.mark.parametrize("kind", ["start", "legal"])
async def test_the_company_s_subject_at_the_other_entrance_is_somebody_else(scene: Scene, kind: str) -> None:
    """The same id at the platform, as a person's and as a company's account."""
    victim = await scene.victim()
    both = firm(victim, number="", type="", level="0" if kind == "start" else "3")
    async with visitor(scene.house) as one, visitor(scene.house) as other:
        login = await entered(scene, one, victim)
        await came(other, scene.platform, both, kind)
        found = await scene.session(other)
        if kind == "start" and found is not None:
            assert found["account"] not in (login, victim.id)
    assert (await victim.row())["real_name_level"] == 3


async def test_neither_password_nor_phone_nor_picture_opens_what_the_company_s_login_opens(
    scene: Scene,
) -> None:
    victim = await scene.victim()
    async with visitor(scene.house) as someone, visitor(scene.house) as computer:
        login = await entered(scene, someone, victim)
        [row] = await scene.rows(f"SELECT username FROM accounts WHERE id = '{login}'")  # noqa: S608
        for identifier in (row["username"], login):
            async with visitor(scene.house) as thief:
                shown = await by_password(thief, identifier)
                assert shown.form_with("password") is not None
                assert await scene.session(thief) is None
        qr_id, number = await begin(computer)
        for method, data in (("GET", None), ("POST", {"id": qr_id, "decision": str(number)})):
            fields = None if data is None else {**data, "csrf": await token(someone)}
            answer = await someone.client.request(method, f"/qr?id={qr_id}", data=fields)
            assert answer.status_code == 403, method
        await computer.open("/login/qr")
        assert await scene.session(computer) is None
        await by_sms(scene, computer, victim.phone)  # the person's own phone is the person's
        assert (await scene.session(computer) or {})["account"] == victim.id


async def test_systems_hear_of_it_whoever_they_ask_for(scene: Scene) -> None:
    victim = await scene.victim()
    client, secret = await scene.house.register(
        scope="openid profile email phone address real_name offline_access account account.write",
        principal_kinds=["person", "legal_person"],
    )
    persons, _ = await scene.house.register(principal_kinds=["person"])
    leveled, _ = await scene.house.register(principal_kinds=["person", "legal_person"], minimum_level=1)
    async with visitor(scene.house) as someone:
        login = await entered(scene, someone, victim)
        for other in (persons, leveled):
            for extra in (
                {},
                {"prompt": "none"},
                {"login_hint": victim.username},
                {"acr_values": "urn:zhanhe:acr:level:3"},
            ):
                answer = await someone.open(asking(other, **extra))
                assert not isinstance(answer, Callback) or "code" not in answer.parameters, extra
        scope = "openid profile email phone address real_name offline_access"
        got = await tokens(scene.house, client, secret, someone, scope=scope)
    async with scene.house.machine() as machine:
        headers = {"authorization": f"Bearer {got['access_token']}"}
        told = (await machine.get("/userinfo", headers=headers)).json()
    assert told["sub"] == login
    assert told["act"]["human"] == "asserted"
    assert {"phone_number", "email", "certificate_number", "verified_claims", "birthdate"}.isdisjoint(told)
    assert victim.number not in str(told)

"""docs/security.md, "Every form, by everybody": each form of the house, posted by each actor with a right form token.

On both databases. A form that no row names fails, and so does one that does more, or less, than its row says.
"""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx2
import pytest

from idp.organizations.roles import RoleName
from tests.attacks.everybody import Holding, acting, address, as_, at_work, holding, of_company
from tests.attacks.scene import STRONG, Scene, played
from tests.selfservice.api_paths import WRITES
from tests.selfservice.calling import ALL, call
from tests.support.authorities import SETTINGS, beside
from tests.support.browserless import Browserless
from tests.support.inprocess import PASSWORD
from tests.support.simulated import SETTINGS as LICENCES
from tests.support.visits import CSRF_COOKIE, page, tokens, visitor

pytestmark = pytest.mark.anyio
DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
HEADING = "### Every form, by everybody"
OWN = re.compile(r"/(me|qr|acting|consent|counter)\b")
"""Where the person's own login is let through to the form, or sent to prove more."""
LOGIN = re.compile(r"/(login|recover)\b")
Actor = Callable[[Scene, Holding], AbstractAsyncContextManager[Browserless]]


def themselves(*amr: str) -> Actor:
    return lambda scene, one: as_(scene, one.victim.username, amr)


ACTORS: Mapping[str, Actor] = {
    "owner": themselves(*STRONG),
    "password, trusted device": themselves("pwd"),
    "phone": themselves("sms"),
    "picture": themselves("qr"),
    "platform": themselves("upstream"),
    "company": of_company,
    "agent": lambda scene, one: acting(scene, one.helper, one.ids["mandate"]),
    "administrator": lambda scene, one: as_(scene, one.administrator, STRONG),
    "clerk": lambda scene, one: at_work(scene, one, RoleName.COUNTER),
    "supervisor": lambda scene, one: at_work(scene, one, RoleName.COUNTER, RoleName.SUPERVISOR),
    "stranger": lambda scene, one: visitor(scene.house, address()),
}
SAME = frozenset(("owner", "password, trusted device", "phone", "picture", "platform"))
"""Actors who hold a session of the account itself."""
IDS = {
    "/me/sessions/end": "session",
    "/me/sessions/forget": "device",
    "/me/security/remove": "factor",
    "/me/upstreams/unlink": "link",
    "/me/mandates/decide": "mandate",
    "/me/organizations/leave": "company",
    "/me/organizations/invite": "company",
    "/acting": "mandate",
    "/counter/guardian/end": "guardian",
}
"""What a form is about; the account itself where nothing is said."""
DECISIONS = {
    "/me/mandates/decide": ("revoke", "suspend", "resume", "renew", "accept", "decline", "resign"),
    "/counter/accounts/change": ("freeze", "secure", "release", "thaw", "deceased"),
    "/counter/queue": ("confirm", "refuse"),
}


def fields_of(one: Holding, form: str) -> dict[str, str]:
    """A form, filled with all in order as far as it goes."""
    path, _, decision = form.partition(":")
    about = one.ids[IDS.get(path, "account")]
    common = {
        **dict.fromkeys(("account", "child", "guardian", "into", "to", "merge"), one.victim.id),
        "request": one.ids.get("request", ""),
        **dict.fromkeys(("id", "mandate", "factor"), about),
        "identifier": one.victim.number,
        "username": one.victim.username,
        "name": "张三",
        "certificate_type": "414",
        "certificate_number": one.victim.number,
        "password": PASSWORD,
        "new_password": "kestrel-44-lantern",
        "email": "thief@mail.test",
        "phone": "13500009999",
        "otp": "000000",
        "code": "000000",
        "step": "ask",
        "papers": "household-register",
        "reason": "依据文书",
        "why": "present",
        **dict.fromkeys(("seen", "statement", "no_phone", "name_differs"), "1"),
    }
    return {**common, "decision": decision or "allow"}


def refused(answer: httpx2.Response) -> bool:
    """Whether whoever asks is sent away, or to prove more."""
    return answer.status_code == 403 or bool(LOGIN.match(answer.headers.get("location", "")))


async def token(someone: Browserless) -> str:
    """A right form token."""
    for path in ("/login/sms", "/terms", "/register"):
        shown = page(await someone.open(path))
        form = shown.form_with("csrf")
        if form is not None:
            break
    assert form is not None
    assert someone.client.cookies.get(CSRF_COOKIE)
    return form.fields["csrf"]


async def possible(scene: Scene, actor: str) -> set[str]:
    """The forms by which an actor gets something done: by being let through to the own; else by what changes."""
    found: set[str] = set()
    left = sorted(forms(scene))
    while left:
        one = await holding(scene)
        async with ACTORS[actor](scene, one) as someone:
            csrf, before, session = await token(someone), await one.state(), await scene.session(someone)
            while left and await scene.session(someone) == session:
                form = left.pop(0)
                path, data = form.partition(":")[0], {**fields_of(one, form), "csrf": csrf}
                answer = await someone.client.post(path, data=data, follow_redirects=False)
                assert answer.status_code != 500, form
                changed = await one.state() != before
                own = actor in SAME and OWN.match(path)
                if not refused(answer) if own else changed:
                    found.add(form)
                assert form in found or not changed, form
                if changed:
                    break
    return found


def table() -> dict[str, dict[str, str]]:
    """What the document says of each form."""
    text = DOCUMENT.read_text(encoding="utf-8").partition(HEADING)[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    columns = [cell.strip() for cell in lines[0]]
    found: dict[str, dict[str, str]] = {}
    for line in lines[2:]:
        row = dict(zip(columns, (cell.strip() for cell in line), strict=True))
        for path in re.findall(r"`(/[^`]*)`", row["forms"]):
            assert path not in found, path
            found[path] = row
    return found


@pytest.fixture
async def scene(migrated_url: str, anyio_backend: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """With every form that there can be."""
    options = {**SETTINGS, **LICENCES, "sms_per_address": 100_000}
    async with played(tmp_path, migrated_url, **options) as it:
        beside(it.house)
        yield it


def forms(scene: Scene) -> set[str]:
    """Every path that takes a form, with each decision that it takes."""
    paths = [path for path, methods in scene.house.dispatcher.routes.items() if "POST" in methods]
    return {
        f"{path}:{decision}" if decision else path
        for path in paths
        for decision in DECISIONS.get(path, ("",))
    }


async def test_each_form_does_for_everybody_what_its_row_says(scene: Scene) -> None:
    said = table()
    assert said.keys() == forms(scene)
    assert all(row.keys() == {"forms", *ACTORS, "rule"} for row in said.values())
    for actor in ACTORS:
        allowed = {form for form, row in said.items() if row[actor] == "yes"}
        assert await possible(scene, actor) == allowed, actor
    assert all(row["rule"] for row in said.values() if "yes" in row.values())


@pytest.mark.parametrize("actor", ["agent", "administrator", "clerk", "supervisor"])
async def test_no_app_of_somebody_else_s_reaches_it(scene: Scene, actor: str) -> None:
    one = await holding(scene)
    async with ACTORS[actor](scene, one) as someone:
        client, secret = await scene.house.register(scope=f"{ALL} api", principal_kinds=["person"])
        app = str((await tokens(scene.house, client, secret, someone, scope=ALL))["access_token"])
        before = await one.state()
        for method, path, body in WRITES:
            scene.house.clock.forward(2)  # nobody is slowed down
            data = {**body, "username": one.victim.username} if body and "username" in body else body
            for target in {path.replace("/x", f"/{each}") for each in one.ids.values()}:
                assert (await call(scene.house, app, method, target, data)).status_code not in (429, 500)
            assert await one.state() == before, path

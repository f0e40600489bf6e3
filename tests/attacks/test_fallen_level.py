"""Somebody whose level was taken back goes on with all they had been given: what each door believes."""

import pytest

from idp.accounts.service import Accounts
from idp.relying_parties.model import Client
from tests.attacks.scene import STRONG, Scene, Victim
from tests.oauth.inspecting import introspect
from tests.support.browserless import Browserless, Callback
from tests.support.visits import asking, claims_of, code_for, redeem, refresh, signed_in, tokens, userinfo

pytestmark = pytest.mark.anyio
MINIMUM = 3
OFFLINE = "openid profile offline_access"


async def falls(scene: Scene, victim: Victim) -> None:
    """As the operator takes it back after a complaint, by the service behind the command."""
    await set_to(scene, victim, 1)


async def set_to(scene: Scene, victim: Victim, level: int) -> None:
    """What the command does."""
    worker = scene.house.worker
    await Accounts(worker.base, worker.hasher).set_level(victim.username, level, "operator")


async def entered(someone: Browserless, client: Client, **asked: str) -> dict[str, str]:
    """What the system is answered, or nothing where a page of ours stays."""
    answer = await someone.open(asking(client, **asked))
    return answer.parameters if isinstance(answer, Callback) else {}


async def test_the_session_that_was_open_opens_no_system_with_a_minimum(scene: Scene) -> None:
    victim = await scene.victim()
    guarded, _ = await scene.house.register(minimum_level=MINIMUM)
    plain, secret = await scene.house.register()
    async with signed_in(scene.house, victim.username, STRONG) as someone:
        assert "code" in await entered(someone, guarded)
        await falls(scene, victim)
        for asked in (
            {},
            {"acr_values": "urn:zhanhe:acr:level:3"},
            {"max_age": "100000"},
            {"scope": OFFLINE},
        ):
            assert "code" not in await entered(someone, guarded, **asked), asked
        silent = await entered(someone, guarded, prompt="none")
        assert silent.get("error") == "unmet_authentication_requirements"
        # where no level is asked for, the claim is that of now
        code = await code_for(someone, plain)
        told = claims_of((await redeem(scene.house, plain, secret, code)).json()["id_token"])
        assert told["acr"] == "urn:zhanhe:acr:level:1"


async def test_what_was_handed_out_before_is_worth_what_the_account_is(scene: Scene) -> None:
    victim = await scene.victim()
    guarded, secret = await scene.house.register(minimum_level=MINIMUM)
    async with signed_in(scene.house, victim.username, STRONG) as someone:
        waiting = await code_for(someone, guarded)
        made = await tokens(scene.house, guarded, secret, someone, scope=OFFLINE)
    assert (await userinfo(scene.house, made["access_token"])).status_code == 200
    await falls(scene, victim)
    assert (await redeem(scene.house, guarded, secret, waiting)).json()["error"] == "invalid_grant"
    assert (await refresh(scene.house, guarded, secret, made["refresh_token"])).json()[
        "error"
    ] == "invalid_grant"
    for token in (made["access_token"], made["refresh_token"]):
        assert await introspect(scene.house, guarded, secret, token) == {"active": False}
    refused = await userinfo(scene.house, made["access_token"])
    assert (refused.status_code, "invalid_token" in refused.headers["www-authenticate"]) == (401, True)


async def test_a_level_given_back_revives_no_more_than_the_login_had_shown(scene: Scene) -> None:
    victim = await scene.victim(level=4)
    client, secret = await scene.house.register()
    async with signed_in(scene.house, victim.username) as someone:  # one factor: level 2
        made = await tokens(scene.house, client, secret, someone, scope=OFFLINE)
    await falls(scene, victim)
    await set_to(scene, victim, 4)
    later = (await refresh(scene.house, client, secret, made["refresh_token"])).json()
    assert claims_of(later["access_token"])["acr"] == "urn:zhanhe:acr:level:2"

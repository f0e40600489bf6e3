"""The table of steps, by itself: which comes first, and what silence, freshness and refusal make of it."""

from dataclasses import replace
from typing import Any

import pytest

from idp.accounts.model import AccountKind
from idp.organizations.model import Principal
from idp.relying_parties.model import Client
from idp.sessions.model import MULTIPLE, PASSWORD, SMS, Session
from idp.sign_on.model import Circumstances, NextStep, Prompt, Refusal, SignOnRequest, SignOnState
from idp.sign_on.steps import next_step

ASKED_AT, NOW = 1000.0, 1010.0
AROUND = Circumstances(ASKED_AT, NOW, raisable_level=3)
SESSION = Session("s", "a", "张三", "zhangsan", 2, ASKED_AT - 100, ASKED_AT - 100, (PASSWORD,))
FIRM = Principal("legal_person", "p", "某公司", "91410400MA00000000", "agent", "m")


def client(**fields: Any) -> Client:
    defaults: dict[str, Any] = {
        "client_id": "c",
        "client_name": "系统",
        "redirect_uris": ("https://app.test/callback",),
        "scope": "openid profile",
        "token_endpoint_auth_method": "none",
        "consent_required": False,
    }
    return Client.model_validate(defaults | fields)


def asked(**fields: Any) -> SignOnRequest:
    of_client = fields.pop("client", {})
    prompts = frozenset(map(Prompt, fields.pop("prompts", ())))
    return SignOnRequest(client(**of_client), ("openid",), prompts=prompts, **fields)


def state(second_factor: bool = False, choices: tuple[Principal, ...] = (), **session: Any) -> SignOnState:
    return SignOnState(replace(SESSION, **session), frozenset({"openid"}), True, second_factor, choices)


def test_nobody_is_there() -> None:
    assert next_step(asked(), None, AROUND) is NextStep.LOGIN
    assert next_step(asked(prompts=["none"]), None, AROUND) is Refusal.LOGIN_NEEDED


def test_nothing_is_wanted() -> None:
    assert next_step(asked(), state(), AROUND) is None


@pytest.mark.parametrize(
    ("request_fields", "session", "wanted"),
    [
        ({"prompts": ["login"]}, {}, NextStep.LOGIN),
        ({"prompts": ["login"]}, {"authenticated_at": ASKED_AT}, None),
        ({"prompts": ["select_account"]}, {}, NextStep.LOGIN),
        ({"prompts": ["select_account"]}, {"chosen_at": ASKED_AT}, None),
        ({"prompts": ["select_account"]}, {"chosen_at": ASKED_AT - 1}, NextStep.LOGIN),
        ({"max_age": 109}, {}, NextStep.LOGIN),
        ({"max_age": 110}, {}, None),
        ({"max_age": 0}, {"authenticated_at": ASKED_AT}, None),
        ({"account_id": "b"}, {}, NextStep.LOGIN),
        ({"account_id": "b"}, {"authenticated_at": ASKED_AT + 1}, Refusal.OTHER_PERSON),
        ({"account_id": "a"}, {}, None),
    ],
)
def test_a_login(request_fields: dict[str, Any], session: dict[str, Any], wanted: object) -> None:
    assert next_step(asked(**request_fields), state(**session), AROUND) is wanted


@pytest.mark.parametrize(
    ("minimum", "wish", "session", "wanted", "silent"),
    [
        # demanded, and the person can do something about it
        (3, 0, {}, NextStep.REAL_NAME, Refusal.LEVEL_NOT_REACHED),
        (3, 0, {"amr": (PASSWORD, MULTIPLE)}, NextStep.REAL_NAME, Refusal.LEVEL_NOT_REACHED),
        (3, 0, {"real_name_level": 3}, NextStep.STEP_UP, Refusal.INTERACTION_NEEDED),
        # demanded, and nobody reaches it here by themselves
        (4, 0, {}, Refusal.LEVEL_NOT_REACHED, Refusal.LEVEL_NOT_REACHED),
        # wished for: whoever can does, all others go on
        (0, 3, {}, NextStep.REAL_NAME, None),
        (0, 4, {}, None, None),
        (0, 4, {"real_name_level": 4}, None, None),
        (2, 3, {}, NextStep.REAL_NAME, None),
        (0, 2, {}, None, None),
    ],
)
def test_a_level(minimum: int, wish: int, session: dict[str, Any], wanted: object, silent: object) -> None:
    fields = {"client": {"minimum_level": minimum}, "level": wish}
    assert next_step(asked(**fields), state(**session), AROUND) is wanted
    assert next_step(asked(**fields, prompts=["none"]), state(**session), AROUND) is silent


def test_a_second_factor_that_would_do_is_asked_for_before_the_level_is_raised() -> None:
    there = state(second_factor=True, real_name_level=3)
    assert next_step(asked(level=3), there, AROUND) is NextStep.STEP_UP


def test_whoever_declines_goes_on_with_what_they_have_or_back() -> None:
    declined = replace(AROUND, declined=True)
    assert next_step(asked(level=3), state(), declined) is None
    assert next_step(asked(client={"minimum_level": 3}), state(), declined) is Refusal.LEVEL_NOT_REACHED


def test_the_level_comes_before_consent() -> None:
    system = {"minimum_level": 3, "consent_required": True}
    there = replace(state(), consented=frozenset())
    assert next_step(asked(client=system), there, AROUND) is NextStep.REAL_NAME
    raised = replace(there, session=replace(there.session, real_name_level=3, amr=(PASSWORD, MULTIPLE)))
    assert next_step(asked(client=system), raised, AROUND) is NextStep.CONSENT


def test_an_organization_s_login_raises_nobody_s_level() -> None:
    fields = {"client": {"minimum_level": 3}}
    there = state(kind=AccountKind.ORGANIZATION_LOGIN, principal=FIRM, real_name_level=0)
    assert next_step(asked(**fields), there, AROUND) is NextStep.LOGIN
    fresh = replace(there, session=replace(there.session, authenticated_at=ASKED_AT))
    assert next_step(asked(**fields), fresh, AROUND) is Refusal.LEVEL_NOT_REACHED


@pytest.mark.parametrize(
    ("second_factor", "session", "wanted"),
    [
        (False, {}, None),
        (True, {}, NextStep.STEP_UP),
        (True, {"amr": (PASSWORD, MULTIPLE)}, None),
        (False, {"amr": (SMS,)}, NextStep.KNOWLEDGE),
    ],
)
def test_power_over_an_account(second_factor: bool, session: dict[str, Any], wanted: object) -> None:
    there = state(second_factor=second_factor, **session)
    assert next_step(asked(powerful=True), there, AROUND) is wanted
    assert next_step(asked(), there, AROUND) is None


def test_for_whom() -> None:
    of_firms = {"principal_kinds": ["legal_person"]}
    assert next_step(asked(client=of_firms), state(), AROUND) is NextStep.FOR_WHOM
    assert next_step(asked(client=of_firms), state(principal=FIRM, chosen_at=1.0), AROUND) is None
    assert next_step(asked(), state(choices=(FIRM,)), AROUND) is NextStep.FOR_WHOM
    assert next_step(asked(prompts=["select_account"]), state(choices=(FIRM,)), AROUND) is NextStep.FOR_WHOM


def test_consent() -> None:
    there = replace(state(), consented=frozenset())
    assert next_step(asked(client={"consent_required": True}), there, AROUND) is NextStep.CONSENT
    for again in ({"prompts": ["consent"]}, {"anybody_could_ask": True}):
        assert next_step(asked(**again), state(), AROUND) is NextStep.CONSENT
        assert next_step(asked(**again), state(), replace(AROUND, agreed=True)) is None

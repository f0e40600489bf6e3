"""One profile as a platform might have it, run from the first redirect to the person, and every way it can fail."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from idp.federation.exchange.call import Credentials
from idp.federation.exchange.engine import Engine, Start
from idp.federation.model import Channel, Exchange, Failure, LoginFailureReason, UpstreamIdentity, UserType
from idp.federation.profiles.check import problems
from idp.federation.profiles.model import Profile
from idp.federation.transforms.aes import TRANSFORM as AES
from idp.infrastructure.http_client import Answer, BadAnswer
from idp.infrastructure.sources import system_sources

pytestmark = pytest.mark.anyio

PROFILE = """
title = "试验平台"
title_en = "Trial platform"
status = "assumption"
sources = "made up for this test"
[variables]
host = "https://p.test"
[secrets]
required = ["app", "word"]
[authorize.channels.pc]
url = "{host}/entrance"
query = { appmark = "{app}", userType = "{user_type}", backUrl = "{callback}" }
encode = { backUrl = ["base64"] }
[callback]
keep = ["gotoUrl"]
[[steps]]
name = "exchange"
url = "{host}/gateway"
form = { appmark = "{app}", time = "{time}", params = '{"ticket":"{ticket|json}"}' }
sign = [{ signer = "md5_concat", parts = ["{app}", "{word}", "{time}"], into = "form.sign" }]
single_use = true
decode = [{ transform = "plain", at = "/data", input = "text", then = "json", optional = true }]
success = [{ at = "/retcode", equals = "000000" }]
error_at = "/errormsg"
errors = { "票据已过期" = "ticket_expired" }
extract = { token = "/data/token" }
[[steps]]
name = "user"
method = "GET"
url = "{host}/user"
query = { token = "{token}" }
success = [{ at = "/retcode", equals = "000000" }]
decode = [{ transform = "aes", key = "{word}", at = "/data", then = "json", optional = true }]
[map.person]
from = "user"
fields = { subject = "/data/uuid", name = "/data/name", certificate_number = "/data/cardid", level = "/data/authstate" }
defaults = { certificate_type = "111" }
[values.level]
2 = "2"
"""
SECRETS = {"app": "zhanhe", "word": "a key of 16 byte"}
TICKET = {"ticket": 'T"1', "gotoUrl": "x", "callback": "https://id.test/upstream/trial/callback"}
PERSON = {"uuid": "u-1", "name": "张三", "cardid": "410411199001010015", "authstate": 2}


class Platform:
    """Answers calls from a list, and keeps what was asked."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, bytes]] = []

    async def call(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes, seconds: float
    ) -> Answer:
        self.asked.append((method, url, content))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def profile(**changes: Any) -> Profile:
    return Profile.model_validate({"name": "trial", **tomllib.loads(PROFILE), **changes})


def engine(platform: Platform, exchanges: list[Exchange] | None = None) -> Engine:
    kept = exchanges if exchanges is not None else []

    async def record(exchange: Exchange) -> None:
        kept.append(exchange)

    return Engine(platform, system_sources(lambda: 1_800_000_000.0), record)  # type: ignore[arg-type]


def said(**fields: Any) -> Answer:
    return Answer(200, json.dumps(fields, ensure_ascii=False).encode())


def exchanged() -> Answer:
    return said(retcode="000000", data='{"token":"tk-1"}')


def sealed(person: Mapping[str, Any], word: str = SECRETS["word"]) -> Answer:
    return said(retcode="000000", data=AES.encrypt(json.dumps(person).encode(), word, {}).hex())


async def complete(platform: Platform, secrets: Mapping[str, str] = SECRETS) -> UpstreamIdentity | Failure:
    return await engine(platform).complete(profile(), Credentials(secrets), UserType.PERSON, TICKET)


def test_the_browser_is_sent_with_an_encoded_callback() -> None:
    start = Start(Channel.PC, UserType.LEGAL, "https://id.test/cb", "s", "v")
    url = engine(Platform()).authorize_url(profile(), Credentials(SECRETS), start)
    query = parse_qs(urlsplit(url).query)
    assert query == {"appmark": ["zhanhe"], "userType": ["2"], "backUrl": ["aHR0cHM6Ly9pZC50ZXN0L2Ni"]}


async def test_a_ticket_becomes_a_person() -> None:
    platform = Platform(exchanged(), sealed(PERSON))
    found = await complete(platform)
    assert isinstance(found, UpstreamIdentity)
    assert (found.subject, found.level, found.level_source, found.token) == ("u-1", 2, "2", "tk-1")
    assert (found.person.name, found.person.certificate_type) == ("张三", "111")
    form = parse_qs(platform.asked[0][2].decode())
    assert json.loads(form["params"][0]) == {"ticket": 'T"1'}
    assert form["time"] == ["20270115160000"]
    assert len(form["sign"][0]) == 32


async def test_a_level_the_profile_does_not_know_is_none() -> None:
    found = await complete(Platform(exchanged(), sealed({**PERSON, "authstate": 9})))
    assert isinstance(found, UpstreamIdentity)
    assert (found.level, found.level_source) == (0, "9")


async def test_a_secret_that_is_being_rotated_still_opens_what_was_sealed_with_it() -> None:
    secrets = {**SECRETS, "word": "the new 16 bytes", "previous_word": SECRETS["word"]}
    found = await complete(Platform(exchanged(), sealed(PERSON)), secrets)
    assert isinstance(found, UpstreamIdentity)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([said(retcode="1", errormsg="票据已过期")], LoginFailureReason.TICKET_EXPIRED),
        ([said(retcode="1", errormsg="别的")], LoginFailureReason.REFUSED),
        ([Answer(502, b"")], LoginFailureReason.UNAVAILABLE),
        ([BadAnswer("TimeoutError")], LoginFailureReason.UNAVAILABLE),
        ([Answer(200, b"<html>")], LoginFailureReason.MALFORMED),
        ([Answer(200, b"[]")], LoginFailureReason.REFUSED),
        ([said(retcode="000000", data="{}")], LoginFailureReason.MALFORMED),
        ([said(retcode="000000", data="no json")], LoginFailureReason.MALFORMED),
        ([exchanged(), sealed(PERSON, "another key 16 b")], LoginFailureReason.MALFORMED),
        ([exchanged(), sealed({"name": "张三"})], LoginFailureReason.INCOMPLETE),
    ],
)
async def test_every_failure_has_its_reason_and_no_call_is_repeated(
    answers: list[Answer | Exception], reason: LoginFailureReason
) -> None:
    platform = Platform(*answers)
    found = await complete(platform)
    assert isinstance(found, Failure)
    assert found.reason is reason
    assert len(platform.asked) == len(answers)


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [({}, LoginFailureReason.NO_TICKET), ({"error": "denied"}, LoginFailureReason.REFUSED)],
)
async def test_a_callback_without_a_ticket_calls_nobody(
    parameters: dict[str, str], reason: LoginFailureReason
) -> None:
    platform = Platform()
    found = await engine(platform).complete(profile(), Credentials(SECRETS), UserType.PERSON, parameters)
    assert isinstance(found, Failure)
    assert found.reason is reason
    assert platform.asked == []


async def test_a_host_beyond_those_of_the_profile_is_not_called() -> None:
    platform = Platform()
    elsewhere = profile(limits={"egress_hosts": ["https://other.test"]})
    found = await engine(platform).complete(elsewhere, Credentials(SECRETS), UserType.PERSON, TICKET)
    assert isinstance(found, Failure)
    assert found.reason is LoginFailureReason.CONFIGURATION
    assert platform.asked == []


async def test_what_is_kept_of_a_call_holds_no_value() -> None:
    exchanges: list[Exchange] = []
    platform = Platform(exchanged(), sealed(PERSON))
    await engine(platform, exchanges).complete(profile(), Credentials(SECRETS), UserType.PERSON, TICKET)
    assert [(one.step, one.status, one.outcome) for one in exchanges] == [
        ("exchange", 200, "ok"),
        ("user", 200, "ok"),
    ]
    for secret in ("tk-1", "张三", "410411199001010015", *SECRETS.values(), 'T"1'):
        assert secret not in repr(exchanges)


def test_a_good_profile_has_no_problems() -> None:
    one = engine(Platform())
    assert problems(profile(), one.signers, one.transforms) == []


def test_every_problem_of_a_profile_is_named_with_its_place() -> None:
    text = PROFILE.replace("{token}", "{nobody}").replace('"md5_concat"', '"md9"').replace('"aes"', '"rot13"')
    text = (
        text.replace("subject = ", "shoe_size = ")
        .replace('2 = "2"', '2 = "7"')
        .replace("{ticket|json}", "{ticket|x}")
    )
    broken = Profile.model_validate({"name": "trial", **tomllib.loads(text)})
    one = engine(Platform())
    found = "\n".join(problems(broken, one.signers, one.transforms))
    for part in ("steps.user: nothing gives {nobody}", "there is no md9", "there is no rot13", "no filter x"):
        assert part in found
    for part in ("shoe_size is no field", "subject is missing", "values.level: 2 must become 0 to 4"):
        assert part in found

"""Recorded exchanges: every signature and cipher in them done again by `openssl`, and replayed to the same identity."""

import base64
import copy
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from idp.federation.exchange.call import Credentials
from idp.federation.exchange.engine import Engine
from idp.federation.model import Exchange, Failure, LoginFailureReason, UpstreamIdentity, UserType
from idp.federation.profiles.model import read_profile
from idp.infrastructure.http_client import Answer, HttpClient
from idp.infrastructure.sources import Sources
from tests.federation import openssl
from tests.federation.recorder import EXCHANGES, told
from tests.province.catalogue import PLATFORMS
from tests.support.upstream import FOLDER, HOME, PROVINCE, VERIFIER, Trip, somebody

pytestmark = pytest.mark.anyio

Recording = dict[str, Any]
Call = dict[str, Any]
Secrets = Mapping[str, str]
Pairs = Iterator[tuple[object, object]]
"""What was said, and what it must be."""
ROUNDS = [
    (name, kind) for name, one in PLATFORMS.items() for kind in ("person", "legal") if kind in one.kinds
]
SEALED = {"jis1": "data", "jis2": "data", "beijing_person": "certNo"}
"""Where the answers are encrypted."""


def recording(name: str) -> Recording:
    content: Recording = json.loads((EXCHANGES / f"{name}.json").read_text("utf-8"))
    return content


def henan(secrets: Secrets, login: Recording, folder: Path) -> Pairs:
    first, second = (call["json"] for call in login["calls"])
    assert first["ticket"] == login["callback"]["ticket"]
    for said, what in ((first, "ticket"), (second, "token")):
        text = secrets["app_id"] + said[what] + said["timestamp"] + said["nonce"]
        yield said["sign"], openssl.hmac_sha256(secrets["app_secret"], text).hex()
    yield second["token"], login["calls"][0]["reply"]["data"]["token"]


def national_trust(secrets: Secrets, login: Recording, folder: Path) -> Pairs:
    for call in login["calls"]:
        headers = call["headers"]
        text = secrets["sid"] + secrets["rid"] + headers["gjzwfwpt_rtime"]
        mac = openssl.hmac_sha256(secrets["app_secret"], text)
        yield headers["gjzwfwpt_sign"], base64.b64encode(mac).decode()


def jis1(secrets: Secrets, login: Recording, folder: Path) -> Pairs:
    for call in login["calls"]:
        text = secrets["appmark"] + secrets["appword"] + call["query"]["time"]
        yield call["query"]["sign"], openssl.digest("md5", text).hex()
    user = json.loads(openssl.opened("aes", secrets["appword"], login["calls"][1]["reply"]["data"]))
    yield user["uuid"], login["identity"]["subject"]


def jis2(secrets: Secrets, login: Recording, folder: Path) -> Pairs:
    """Two pairs of calls: have it signed, and ask; the signature is the platform's."""
    calls = login["calls"]
    for signing, asking in ((calls[0], calls[1]), (calls[2], calls[3])):
        yield asking["form"]["sign"], signing["reply"]["data"]["sign"]
        yield asking["form"]["app_id"], secrets["app_id"]
        yield json.loads(asking["form"]["biz_content"])["appMark"], secrets["app_mark"]
        inner = json.loads(openssl.sm2_opened(secrets["private_key"], asking["reply"]["data"], folder))
        yield inner["retcode"], "000000"
    yield json.loads(inner["data"])["uuid"], login["identity"]["subject"]


def zhejiang(secrets: Secrets, login: Recording, folder: Path) -> Pairs:
    for call in login["calls"]:
        form, headers = call["form"], call["headers"]
        text = secrets["servicecode"] + secrets["servicepwd"] + form["time"]
        yield form["sign"], openssl.digest("md5", text).hex()
        path = call["path"]
        canonical = f"POST\n{path}\n\n{secrets['access_key']}\n{headers['X-BG-DATE-TIME']}\n"
        mac = openssl.hmac_sha256(secrets["secret_key"], canonical)
        yield headers["X-BG-HMAC-SIGNATURE"], base64.b64encode(mac).decode()


def zhejiang_legal(secrets: Secrets, login: Recording, folder: Path) -> Pairs:
    [call] = login["calls"]
    headers, ticket = call["headers"], login["callback"]["ssotoken"]
    text = secrets["project_id"] + headers["X-Esso-Timestamp"] + ticket
    yield headers["X-Esso-Signature"], openssl.hmac_sha256(secrets["project_secret"], text).hex()
    yield call["json"], {"token": ticket}


def beijing_person(secrets: Secrets, login: Recording, folder: Path) -> Pairs:
    form, key = login["calls"][0]["form"], secrets["client_secret"]
    proof = openssl.opened("aes", key, form["auth_token"]).split(":")
    yield proof, [secrets["client_id"], key, "1900000000000"]
    number = openssl.opened("aes", key, login["calls"][1]["reply"]["data"]["certNo"])
    yield number, login["identity"]["person"]["certificate_number"]


def gansu_city(secrets: Secrets, login: Recording, folder: Path) -> Pairs:
    token, exchange, info = login["calls"]
    text = secrets["appmark"] + secrets["appword"] + token["json"]["time"]
    yield token["json"]["sign"], openssl.digest("sm3", text).hex()
    for call, name, plain in (
        (exchange, "ticketNo", login["callback"]["ticket"]),
        (info, "authCode", login["callback"]["authCode"]),
        (info, "tokenSNO", exchange["reply"]["data"]),
    ):
        yield openssl.opened("sm4", secrets["secret_key"], call["query"][name]), plain
        yield call["headers"]["authorization"], f"Bearer {token['reply']['data']}"


def alipay(secrets: Secrets, login: Recording, folder: Path) -> Pairs:
    for call in login["calls"]:
        form = call["form"]
        text = "&".join(f"{name}={form[name]}" for name in sorted(form) if name != "sign")
        yield openssl.rsa_verified(secrets["public_key"], text, form["sign"], folder), True
        yield form["app_id"], secrets["app_id"]


def oidc(secrets: Secrets, login: Recording, folder: Path) -> Pairs:
    yield from plain(secrets, login, folder)
    challenge = dict(parse_qsl(urlsplit(login["authorize"]).query))["code_challenge"]
    verifier = login["calls"][0]["form"]["code_verifier"]
    digest = base64.urlsafe_b64encode(openssl.digest("sha256", verifier))
    yield challenge, digest.decode().rstrip("=")


def plain(secrets: Secrets, login: Recording, folder: Path) -> Pairs:
    """Nothing is signed: the secret itself goes along, and only in the first call."""
    said = {**login["calls"][0]["query"], **login["calls"][0].get("form", {})}
    for name, value in secrets.items():
        yield said[name], value
    for call in login["calls"][1:]:
        yield [value for value in secrets.values() if value in json.dumps(call)], []


CHECKS: Mapping[str, Callable[[Secrets, Recording, Path], Pairs]] = {
    "henan": henan, "henan_via_pingdingshan": plain, "national_trust": national_trust, "jis1": jis1, "jis2": jis2,
    "zhejiang": zhejiang, "zhejiang_legal": zhejiang_legal, "guangdong": plain, "beijing_person": beijing_person,
    "beijing_legal": plain,     "gansu_city": gansu_city, "oidc": oidc, "wechat_miniprogram": plain, "alipay": alipay,
}  # fmt: skip


def is_right(name: str, secrets: Secrets, login: Recording, folder: Path) -> bool:
    """Whether everything in a login is what an implementation of strangers says."""
    try:
        return all(said == right for said, right in CHECKS[name](secrets, login, folder))
    except (openssl.Differs, ValueError):
        return False


def login_of(name: str, kind: str) -> Recording:
    [login] = [one for one in recording(name)["logins"] if one["kind"] == kind]
    found: Recording = login
    return found


def test_every_platform_is_recorded_and_checked() -> None:
    assert {path.stem for path in EXCHANGES.glob("*.json")} == set(CHECKS) == set(PLATFORMS)


@pytest.mark.parametrize(("name", "kind"), ROUNDS)
def test_openssl_comes_to_the_same_signatures_and_texts(name: str, kind: str, tmp_path: Path) -> None:
    pairs = list(CHECKS[name](recording(name)["secrets"], login_of(name, kind), tmp_path))
    assert pairs
    assert [said for said, _ in pairs] == [right for _, right in pairs]


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_secret_matters(name: str, tmp_path: Path) -> None:
    secrets, login = recording(name)["secrets"], recording(name)["logins"][0]
    assert secrets
    for changed, value in secrets.items():
        half = len(value) // 2
        other = value[:half] + ("1" if value[half] == "0" else "0") + value[half + 1 :]
        assert not is_right(name, {**secrets, changed: other}, login, tmp_path), changed


@pytest.mark.parametrize(
    ("name", "call", "part", "field"),
    [
        ("henan", 0, "json", "nonce"),
        ("henan", 0, "json", "timestamp"),
        ("henan", 1, "json", "token"),
        ("national_trust", 1, "headers", "gjzwfwpt_rtime"),
        ("jis1", 0, "query", "time"),
        ("jis1", 1, "query", "sign"),
        ("jis2", 1, "form", "sign"),
        ("zhejiang", 0, "form", "time"),
        ("zhejiang", 1, "headers", "X-BG-DATE-TIME"),
        ("zhejiang_legal", 0, "headers", "X-Esso-Timestamp"),
        ("zhejiang_legal", 0, "json", "token"),
        ("beijing_person", 0, "form", "auth_token"),
        ("gansu_city", 0, "json", "time"),
        ("gansu_city", 1, "query", "ticketNo"),
        ("gansu_city", 2, "query", "tokenSNO"),
        ("alipay", 0, "form", "code"),
        ("alipay", 1, "form", "timestamp"),
        ("oidc", 0, "form", "code_verifier"),
    ],
)
def test_a_tampered_request_is_found_out(name: str, call: int, part: str, field: str, tmp_path: Path) -> None:
    secrets, login = recording(name)["secrets"], copy.deepcopy(recording(name)["logins"][0])
    assert is_right(name, secrets, login, tmp_path)
    said = login["calls"][call][part]
    last = said[field][-1]
    said[field] = said[field][:-1] + ("1" if last == "0" else "0")
    assert not is_right(name, secrets, login, tmp_path)


@pytest.mark.parametrize(("name", "kind"), ROUNDS)
def test_no_secret_goes_through_the_browser(name: str, kind: str) -> None:
    login, needs = login_of(name, kind), PLATFORMS[name].needs
    hidden = [value for key, value in recording(name)["secrets"].items() if needs.get(key, "rsa") != "id"]
    seen = json.dumps([login["authorize"], login["callback"]])
    assert [value for value in hidden if value in seen] == []
    callback = f"{HOME}/upstream/{name}/callback"
    assert callback in dict(parse_qsl(urlsplit(login["authorize"]).query)).values()


class Replayed(HttpClient):
    """Answers as recorded, to exactly the calls that were recorded."""

    def __init__(self, calls: list[Call]) -> None:
        self._waiting = list(calls)

    async def call(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes, seconds: float
    ) -> Answer:
        expected, parts = self._waiting.pop(0), urlsplit(url)
        assert (method, parts.path) == (expected["method"], expected["path"])
        assert dict(parse_qsl(parts.query)) == expected["query"]
        assert {name: value for name, value in headers.items() if name != "accept"} == expected["headers"]
        if "json" in expected:
            assert json.loads(content) == expected["json"]
        else:
            said, recorded = dict(parse_qsl(content.decode())), expected.get("form", {})
            if "alipay" in parts.path:  # its private key is not kept: another one signs
                assert said.pop("sign") != (recorded := dict(recorded)).pop("sign")
            assert said == recorded
        return Answer(expected["status"], json.dumps(expected["reply"]).encode())

    @property
    def is_over(self) -> bool:
        """Whether everything was asked."""
        return not self._waiting


async def replayed(name: str, login: Recording) -> tuple[UpstreamIdentity | Failure, Replayed]:
    """What the engine makes of a recorded login, at the time of the recording and with its nonce."""
    whole, http = recording(name), Replayed(login["calls"])
    nonce = login["calls"][0].get("json", {}).get("nonce", "")
    still = Sources(lambda: whole["at"], lambda: "", lambda size: nonce, bytes)

    async def forget(exchange: Exchange) -> None:
        return None

    hosts = dict.fromkeys(PLATFORMS[name].hosts, f"{PROVINCE}/{name}")
    secrets = {**whole["secrets"], **hosts}
    if name == "alipay":
        secrets["private_key"] = Trip(name).secrets["private_key"]
    engine, profile = Engine(http, still, forget), read_profile(FOLDER / f"{name}.toml")
    brought = {**login["callback"], "callback": f"{HOME}/upstream/{name}/callback", "code_verifier": VERIFIER}
    found = await engine.complete(profile, Credentials(secrets), UserType(login["kind"]), brought)
    return found, http


@pytest.mark.parametrize(("name", "kind"), ROUNDS)
async def test_the_same_calls_lead_to_the_same_identity(name: str, kind: str) -> None:
    login = login_of(name, kind)
    found, http = await replayed(name, login)
    assert told(somebody(found)) == login["identity"]
    assert http.is_over


@pytest.mark.parametrize("name", SEALED)
async def test_a_tampered_answer_is_nobody(name: str) -> None:
    login = copy.deepcopy(recording(name)["logins"][0])
    reply = login["calls"][-1]["reply"]
    place = reply["data"] if name == "beijing_person" else reply
    sealed = place[SEALED[name]]
    middle = len(sealed) // 2
    place[SEALED[name]] = sealed[:middle] + ("1" if sealed[middle] == "0" else "0") + sealed[middle + 1 :]
    found, _ = await replayed(name, login)
    assert isinstance(found, Failure)
    assert found.reason is LoginFailureReason.MALFORMED

"""Gateways described by profiles, mail by SMTP, the development sink."""

import asyncio
import base64
import hashlib
import hmac
import json
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from idp.infrastructure.http_client import Answer, BadAnswer
from idp.infrastructure.messages.gateway import Gateway
from idp.infrastructure.messages.interface import Message
from idp.infrastructure.messages.profile import BadGatewayProfile, GatewayProfile, read_profile
from idp.infrastructure.messages.sink import Sink
from idp.infrastructure.messages.smtp import MailServer, Smtp
from idp.infrastructure.outbox import DeliveryFailed, Undeliverable
from idp.infrastructure.sources import Sources, system_sources

pytestmark = pytest.mark.anyio

PROFILES = Path(__file__).parents[2] / "config" / "messages"
PHONE = "13800000001"
MESSAGE = Message("m1", PHONE, "验证码 123456", values={"code": "123456", "minutes": "5"})
NOTICE = Message("m2", PHONE, "密码已修改")
MAIL = Message("m3", "someone@mail.test", "密码已修改。", "账号通知")
CREDENTIALS = {"ec_name": "district", "ap_id": "idp", "app_id": "idp", "secret": "s3cret", "sign_code": "sg"}


def sources() -> Sources:
    """Time that stands still: 2027-01-15 16:00:00 in China."""
    return system_sources(lambda: 1_800_000_000.0)


class Line:
    """The HTTP client, and what it was asked to send."""

    def __init__(self, status: int = 200, body: bytes = b'{"success": true, "code": "OK"}') -> None:
        self.answer = Answer(status, body)
        self.broken = False
        self.sent: list[dict[str, Any]] = []

    async def call(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes, seconds: float
    ) -> Answer:
        """See `HttpClient.call`."""
        if self.broken:
            raise BadAnswer("ConnectError")
        self.sent.append({"method": method, "url": url, "headers": dict(headers), "content": content})
        return self.answer


def gateway(profile: GatewayProfile, line: Line, **credentials: str) -> Gateway:
    """A gateway on that line."""
    return Gateway(profile, CREDENTIALS | credentials, line, sources())  # type: ignore[arg-type]


def profile(**changes: Any) -> GatewayProfile:
    """A small profile."""
    content: dict[str, Any] = {
        "title": "网关",
        "status": "in use",
        "sources": "ours",
        "url": "https://sms.test/send",
        "fields": {"to": "{phone}", "text": "{text}"},
    }
    return GatewayProfile.model_validate(content | changes)


@pytest.mark.parametrize("path", sorted(PROFILES.glob("*.toml")), ids=lambda path: path.stem)
def test_a_profile_in_the_repository_can_be_read_and_says_that_it_is_an_example(path: Path) -> None:
    read = read_profile(path)
    assert read.status == "example"
    assert ".invalid/" in read.url
    assert read.credentials() <= CREDENTIALS.keys()


async def test_the_md5_example_signs_the_values_one_after_the_other() -> None:
    line = Line()
    await gateway(read_profile(PROFILES / "example_md5.toml"), line)(MESSAGE)
    sent = json.loads(base64.b64decode(line.sent[0]["content"]))
    text = "district" + "idp" + "s3cret" + PHONE + "验证码 123456" + "sg"
    assert sent["mac"] == hashlib.md5(text.encode()).hexdigest()  # noqa: S324
    assert (sent["mobiles"], sent["content"]) == (PHONE, "验证码 123456")
    assert "s3cret" not in str(sent)


async def test_the_template_example_signs_with_hmac_and_names_the_template() -> None:
    line = Line(202)
    await gateway(read_profile(PROFILES / "example_template.toml"), line)(MESSAGE)
    sent = line.sent[0]
    body, headers = json.loads(sent["content"]), sent["headers"]
    signed = f"idp\n1800000000\nm1\n{PHONE}"
    assert headers["X-Signature"] == hmac.digest(b"s3cret", signed.encode(), "sha256").hex()
    assert (body["template"], body["code"], body["request_id"]) == ("TPL_CODE", "123456", "m1")
    await gateway(read_profile(PROFILES / "example_template.toml"), line)(NOTICE)
    assert json.loads(line.sent[1]["content"])["template"] == "TPL_NOTICE"
    told = {"code": "123456", "minutes": "5", "hall": "湛河区", "errand": "登记账号"}
    await gateway(read_profile(PROFILES / "example_template.toml"), line)(
        Message("m2", PHONE, "x", values=told)
    )
    body = json.loads(line.sent[2]["content"])
    assert (body["template"], body["hall"], body["errand"]) == ("TPL_COUNTER_CODE", "湛河区", "登记账号")


async def test_a_bearer_token_goes_into_the_header_and_a_form_into_the_body() -> None:
    line = Line()
    await gateway(profile(body="form", sign={"signer": "bearer"}), line)(MESSAGE)
    assert line.sent[0]["headers"]["authorization"] == "Bearer s3cret"
    assert parse_qs(line.sent[0]["content"].decode()) == {"to": [PHONE], "text": ["验证码 123456"]}


async def test_a_gateway_may_want_everything_in_the_address() -> None:
    line = Line()
    await gateway(profile(method="GET", fields={"at": "{time_text}", "to": "{phone}"}), line)(MESSAGE)
    assert line.sent[0]["url"] == f"https://sms.test/send?at=20270115160000&to={PHONE}"
    assert line.sent[0]["content"] == b""


async def test_what_is_filled_in_is_not_filled_again() -> None:
    line = Line()
    await gateway(profile(), line)(Message("m", PHONE, "{secret} {unknown} {"))
    assert json.loads(line.sent[0]["content"])["text"] == "{secret} {unknown} {"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (302, b"{}"),
        (200, b"not json"),
        (200, b"[]"),
        (200, b'{"success": false}'),
        (200, b'{"success": {"13800000001": 1}}'),
    ],
)
async def test_anything_but_a_clear_yes_is_a_failure_that_names_no_phone(status: int, body: bytes) -> None:
    wanted = profile(success={"at": "success", "equals": "true"})
    with pytest.raises(DeliveryFailed) as failure:
        await gateway(wanted, Line(status, body))(MESSAGE)
    assert PHONE not in str(failure.value)
    assert "123456" not in str(failure.value)


async def test_a_gateway_that_does_not_answer_is_tried_again_later() -> None:
    line = Line()
    line.broken = True
    with pytest.raises(DeliveryFailed, match="ConnectError") as failure:
        await gateway(profile(), line)(MESSAGE)
    assert not isinstance(failure.value, Undeliverable)


async def test_a_success_may_lie_deep_in_the_answer() -> None:
    wanted = profile(success={"at": "Response.Status.0.Code", "equals": "Ok"})
    await gateway(wanted, Line(body=b'{"Response": {"Status": [{"Code": "Ok"}]}}'))(MESSAGE)


@pytest.mark.parametrize(
    "changes",
    [
        {"sign": {"signer": "md5"}},
        {"sign": {"signer": "md5", "parts": ["{phone}"]}},
        {"sign": {"signer": "md5", "parts": ["{signature}"]}, "fields": {"mac": "{signature}"}},
        {"sign": {"signer": "sha1"}},
        {"surprise": 1},
        {"url": "ftp://sms.test"},
    ],
)
def test_a_profile_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"validation error"):
        profile(**changes)


def test_missing_credentials_are_said_at_the_start() -> None:
    with pytest.raises(BadGatewayProfile, match="no value for account"):
        Gateway(profile(fields={"who": "{account}"}), {}, Line(), sources())  # type: ignore[arg-type]


def test_a_file_that_is_no_profile_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "sms.toml"
    with pytest.raises(BadGatewayProfile, match=r"sms\.toml"):
        read_profile(path)
    path.write_text("title = 1\n")
    with pytest.raises(BadGatewayProfile, match="fields: Field required"):
        read_profile(path)


async def test_the_sink_keeps_messages_for_its_owner_alone(tmp_path: Path) -> None:
    sink = Sink(tmp_path, sources())
    assert await sink.latest() == []
    await asyncio.gather(*[sink(MESSAGE) for _ in range(20)], sink(NOTICE))
    await sink(MAIL)
    latest = await sink.latest()
    assert len(latest) == 22
    assert latest[0] == {
        "at": 1_800_000_000.0,
        "to": "someone@mail.test",
        "subject": "账号通知",
        "text": "密码已修改。",
    }
    assert stat.S_IMODE((tmp_path / "messages.jsonl").stat().st_mode) == 0o600


@asynccontextmanager
async def mail_server(refuse: bytes = b"") -> AsyncIterator[tuple[int, list[bytes]]]:
    """A mail server that knows the least of RFC 5321; the mails it got."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test\r\n")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"RCPT" and refuse:
                writer.write(refuse)
            elif word == b"DATA":
                writer.write(b"354 go on\r\n")
                got.append(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(b"250 taken\r\n")
            else:
                writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 mail.test\r\n")
            await writer.drain()
            if word == b"QUIT":
                break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], got


async def test_a_mail_is_handed_in_and_asks_for_no_answer() -> None:
    async with mail_server() as (port, got):
        await Smtp(MailServer("127.0.0.1", port, "湛河 <noreply@id.test>", "none"), sources())(MAIL)
    mail = message_from_bytes(got[0], policy=default)
    assert (mail["To"], mail["Subject"]) == ("someone@mail.test", "账号通知")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == "<m3@id.test>"
    assert "密码已修改" in mail.get_content()


@pytest.mark.parametrize(("reply", "for_good"), [(b"550 no such user\r\n", True), (b"450 later\r\n", False)])
async def test_a_refused_recipient_is_not_named(reply: bytes, for_good: bool) -> None:
    async with mail_server(reply) as (port, got):
        with pytest.raises(DeliveryFailed) as failure:
            await Smtp(MailServer("127.0.0.1", port, "noreply@id.test", "none"), sources())(MAIL)
    assert isinstance(failure.value, Undeliverable) is for_good
    assert "someone" not in str(failure.value)
    assert got == []


async def test_without_tls_where_it_is_wanted_no_mail_leaves() -> None:
    async with mail_server() as (port, got):
        with pytest.raises(DeliveryFailed, match="SMTPNotSupportedError"):
            await Smtp(MailServer("127.0.0.1", port, "noreply@id.test"), sources())(MAIL)
    assert got == []


async def test_a_mail_server_that_is_away_is_tried_again_later() -> None:
    with pytest.raises(DeliveryFailed, match="ConnectionRefusedError"):
        await Smtp(MailServer("127.0.0.1", 1, "noreply@id.test", "none"), sources())(MAIL)


@pytest.mark.parametrize("tls", ["none", "tls"])
async def test_a_mail_server_that_hangs_on_by_single_bytes_holds_no_thread(tls: str) -> None:
    """Each byte begins the library's timeout anew; the whole mail has a time of its own, and the line is cut."""
    gone = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(b"2")
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            gone.set()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        smtp = Smtp(MailServer("127.0.0.1", port, "noreply@id.test", tls), sources(), deadline=0.3)
        with pytest.raises(DeliveryFailed, match="TimeoutError"):
            await smtp(MAIL)
        async with asyncio.timeout(5):
            await gone.wait()

"""`idp doctor` on what every room stands on: messages, clock, stores, secrets, and what is done in the background."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

from sqlalchemy import Double, cast, extract, func, select

from idp.infrastructure.database import Statement
from idp.infrastructure.database.connect import sqlite_path
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.findings import Checks, Finding
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.key_value import KeyValueUnavailable
from idp.infrastructure.messages.channels import MessageSettings, has_sink
from idp.infrastructure.messages.profile import BadGatewayProfile, read_profile
from idp.infrastructure.messages.sink import FILE
from idp.infrastructure.outbox_store import MOST_COUNTED, given_up, overdue
from idp.infrastructure.periodic_store import jobs
from idp.infrastructure.secret_file import read_secrets
from idp.infrastructure.vault import SecretUse

CLOCK_SECONDS = 5.0
DAY = 86_400
OVERDUE_SECONDS = 120.0
JOB_LATE_SECONDS = 300.0

# transaction time of the database server, Unix seconds; SQLite has no server and no clock of its own
SERVER_CLOCK = Statement(select(cast(extract("epoch", func.now()), Double).label("now")))


class StoreSettings(Protocol):
    """What is read of the settings."""

    @property
    def database(self) -> str:
        """The database URL."""
        ...

    @property
    def secret_path(self) -> Path:
        """The file of the master secrets."""
        ...


def _of_settings(settings: MessageSettings) -> Iterator[Finding]:
    yield messages(settings)


async def _of_stores(settings: StoreSettings, base: Foundation) -> AsyncIterator[Finding]:
    yield await _clock(settings.database, base)
    yield await _key_value(base)
    if read_secrets(settings.secret_path)[0].use is SecretUse.BOTH:
        yield Finding(
            "secret", True, "everything is sealed under one key: idp secret rotate, idp secret reencrypt"
        )
    yield await undelivered(base)
    yield await jobs_done(base)


CHECKS = Checks(of_settings=_of_settings, of_stores=_of_stores)


def messages(settings: MessageSettings) -> Finding:
    """Whether codes reach people: without them nobody can register, and a lost password is lost."""
    if has_sink(settings):
        return Finding("messages", settings.demo, f"written to {settings.data_dir / FILE}, not sent")
    if settings.sms_profile is None:
        return Finding("messages", False, "no SMS gateway: set IDP_SMS_PROFILE (docs/messages.md)")
    try:
        profile = read_profile(settings.sms_profile)
    except BadGatewayProfile as error:
        return Finding("messages", False, str(error))
    missing = sorted(profile.credentials() - settings.sms_credentials.keys())
    if missing:
        return Finding("messages", False, f"IDP_SMS_CREDENTIALS: no value for {', '.join(missing)}")
    if profile.status == "example":
        return Finding("messages", False, f"{settings.sms_profile} is still an example")
    mail = "mail too" if settings.smtp_host else "no mail server"
    return Finding("messages", True, f"SMS by {profile.title}; {mail}")


async def undelivered(base: Foundation) -> Finding:
    """Notices and messages: whether they leave, and how many were given up in the last day."""
    now = base.sources.now()
    if number := await base.database.read(lambda: overdue(now - OVERDUE_SECONDS)):
        says = f"{_many(number)} notices and messages are overdue: is a worker running, and what does it log?"
        return Finding("outbox", False, says)
    if number := await base.database.read(lambda: given_up(now - DAY)):
        says = f"{_many(number)} notices and messages of the last day were given up: logout.undelivered and"
        return Finding("outbox", False, f"{says} message.undelivered in the audit record say to whom")
    return Finding("outbox", True, "nothing is overdue, nothing was given up in the last day")


def _many(number: int) -> str:
    return f"{number} or more" if number >= MOST_COUNTED else str(number)


async def jobs_done(base: Foundation) -> Finding:
    """What workers do again and again: whether it is done, and what failed last."""
    now = base.sources.now()
    known = await base.database.read(jobs)
    wrong = []
    for job in known:
        done, failed = job.succeeded_at, job.failed_at
        if failed is not None and (done is None or failed > done):
            wrong.append(f"{job.name} fails ({job.reason}), done last {_ago(done, now)}")
        elif done is not None and now - done > 2 * job.seconds + JOB_LATE_SECONDS:
            wrong.append(f"{job.name} was done last {_ago(done, now)}")
    if known and len(wrong) == len(known):
        wrong = [f"nothing is done any more, is a worker running? {wrong[0]}"]
    if wrong:
        return Finding("jobs", False, "; ".join(wrong))
    return Finding("jobs", True, "what is due again and again is done" if known else "nothing was due yet")


def _ago(instant: float | None, now: float) -> str:
    return "never" if instant is None else f"{int((now - instant) // 60)} minutes ago"


async def _clock(database: str, base: Foundation) -> Finding:
    if sqlite_path(database) is not None:
        return Finding("clock", True, "the database has the clock of this machine")
    rows = await base.database.read(fetch(SERVER_CLOCK()))
    drift = abs(rows[0]["now"] - base.sources.now())
    return Finding(
        "clock", drift < CLOCK_SECONDS, f"{drift:.1f} s from the database server's; keep both on NTP"
    )


async def _key_value(base: Foundation) -> Finding:
    try:
        await base.key_value.put("health", "doctor", b"1", 10)
        answers = await base.key_value.take("health", "doctor") == b"1"
    except KeyValueUnavailable as error:
        return Finding("key-value", False, f"does not answer ({error}): check IDP_KEY_VALUE_URL")
    return Finding("key-value", answers, "answers")

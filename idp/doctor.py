"""`idp doctor`: looks at everything that can be wrong before a person notices, and says what to do."""

import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from sqlalchemy import Double, cast, extract, func, select

from idp.composition import NotMigrated, RestoreUnfinished, foundation, require_what_was_seen
from idp.federation.check import weaknesses
from idp.federation.installation import BadInstallation, upstreams
from idp.federation.profile import Status
from idp.infrastructure.database import DatabaseUnavailable, Statement
from idp.infrastructure.database.connect import sqlite_path
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.database.version import standing
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.key_value import KeyValueUnavailable
from idp.infrastructure.messages.channels import has_sink
from idp.infrastructure.messages.profile import BadProfile, read_profile
from idp.infrastructure.messages.sink import FILE
from idp.infrastructure.outbox_store import MOST_COUNTED, given_up, overdue
from idp.infrastructure.periodic_store import jobs
from idp.infrastructure.secret_file import BadSecretFile, read_secrets
from idp.infrastructure.sources import system_sources
from idp.infrastructure.vault import Unreadable, Use
from idp.keys.service import KeyRing
from idp.oauth.sweep_store import Place, SweepStore
from idp.oauth.sweeper import LATE_SECONDS
from idp.plain_http import without_tls
from idp.relying_parties.service import Registry
from idp.safety import unsafe
from idp.sessions.model import Lifetimes
from idp.settings import Settings

_RESTS_ON = {
    Status.STANDARD: "a published standard",
    Status.OBSERVED: "published client code, not on the platform's own document",
    Status.ASSUMPTION: "assumptions: compare it with the platform's own document (idp upstream check)",
}
CLOCK_SECONDS = 5.0
CERTIFICATE_DAYS = 14
DAY = 86_400
OVERDUE_SECONDS = 120.0
JOB_LATE_SECONDS = 300.0

# transaction time of the database server, Unix seconds; SQLite has no server and no clock of its own
SERVER_CLOCK = Statement(select(cast(extract("epoch", func.now()), Double).label("now")))


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    check: str
    ok: bool
    says: str

    def shown(self) -> dict[str, Any]:
        """For the console."""
        return {"check": self.check, "ok": self.ok, "says": self.says}


async def examine(settings: Settings) -> list[Finding]:
    """Every finding, good ones too."""
    findings = [Finding("settings", False, problem) for problem in unsafe(settings)]
    calm = "a demonstration, for this machine alone" if settings.demo else "safe to go live"
    findings = findings or [Finding("settings", True, calm)]
    findings.extend(_certificate(settings.tls_cert_file, system_sources().now()))
    for what, host in without_tls(settings):
        if host in settings.unencrypted_hosts:
            findings.append(Finding("loosened", True, f"{what} calls {host} without TLS"))
    findings.append(_messages(settings))
    findings.extend(_upstreams(settings))
    try:
        async with foundation(settings) as base:
            async for finding in _stores(settings, base):
                findings.append(finding)
    except (NotMigrated, BadSecretFile) as error:
        findings.append(Finding("database", False, str(error)))
    except Unreadable:
        findings.append(Finding("secret", False, "the secret file does not belong to this database"))
    except (DatabaseUnavailable, OSError, ValueError) as error:
        findings.append(
            Finding("database", False, f"does not answer ({type(error).__name__}): check IDP_DATABASE_URL")
        )
    return findings


async def _stores(settings: Settings, base: Foundation) -> AsyncIterator[Finding]:
    schema = await standing(settings.database)
    of_later = f"answers, schema {schema.version} of a later release: upgrade this one"
    yield Finding("database", True, of_later if schema.newer else "answers, schema up to date")
    try:
        await require_what_was_seen(base, settings)
    except RestoreUnfinished as error:
        yield Finding("restore", False, str(error))
    yield await _clock(settings, base)
    yield await _key_value(base)
    if read_secrets(settings.secret_path)[0].use is Use.BOTH:
        yield Finding(
            "secret", True, "everything is sealed under one key: idp secret rotate, idp secret reencrypt"
        )
    yield await _undelivered(base)
    yield await _sessions(settings, base)
    yield await _jobs(base)
    keys = KeyRing(base)
    await keys.load()
    signing = {period.algorithm.value for period in keys.periods() if period.signs(base.sources.now())}
    yield Finding(
        "keys", len(signing) == 3, f"signing with {', '.join(sorted(signing)) or 'nothing: idp migrate'}"
    )
    registry = Registry(base)
    await registry.load()
    for finding in _clients(registry):
        yield finding


def _clients(registry: Registry) -> Iterator[Finding]:
    """What was registered with less than the default, and what by a release that knows more."""
    for client_id in registry.unreadable:
        yield Finding(
            "client", False, f"{client_id} was registered by another release, and cannot be read here"
        )
    for entry in registry.all():
        if entry.ignored:
            says = f"{entry.client.client_name} is registered with what this release does not know: "
            yield Finding("client", True, says + ", ".join(entry.ignored))
        loosened = entry.client.loosened()
        if loosened and not entry.disabled:
            says = f"{entry.client.client_name} is registered with {', '.join(loosened)}"
            yield Finding("client", True, says)


async def _undelivered(base: Foundation) -> Finding:
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


async def _sessions(settings: Settings, base: Foundation) -> Finding:
    """Whether the sweep keeps up: sessions that timed out are over, but systems are told by the sweep."""
    store = SweepStore(Lifetimes(settings.session_idle, settings.session_absolute))
    now = base.sources.now()
    step = await base.database.read(lambda: store.idle(Place(), now))
    lag = 0.0 if step.first_seen_at is None else now - settings.session_idle - step.first_seen_at
    if lag < LATE_SECONDS:
        return Finding("sessions", True, "those that timed out are ended in time")
    says = f"those that timed out wait for their end for {int(lag // 60)} minutes: is a worker running?"
    return Finding("sessions", False, says)


async def _jobs(base: Foundation) -> Finding:
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


async def _clock(settings: Settings, base: Foundation) -> Finding:
    if sqlite_path(settings.database) is not None:
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


def _upstreams(settings: Settings) -> Iterator[Finding]:
    """The platforms by which people log in: on what each profile rests, and where it is weaker than our own rules."""
    try:
        installed = upstreams(settings)
    except BadInstallation as error:
        yield Finding("upstream", False, str(error))
        return
    for name, one in installed.items():
        says = [f"{name} rests on {_RESTS_ON[one.profile.status]}", *weaknesses(one.profile)]
        yield Finding("upstream", True, ", ".join(says))


def _messages(settings: Settings) -> Finding:
    """Whether codes reach people: without them nobody can register, and a lost password is lost."""
    if has_sink(settings):
        return Finding("messages", settings.demo, f"written to {settings.data_dir / FILE}, not sent")
    if settings.sms_profile is None:
        return Finding("messages", False, "no SMS gateway: set IDP_SMS_PROFILE (docs/messages.md)")
    try:
        profile = read_profile(settings.sms_profile)
    except BadProfile as error:
        return Finding("messages", False, str(error))
    missing = sorted(profile.credentials() - settings.sms_credentials.keys())
    if missing:
        return Finding("messages", False, f"IDP_SMS_CREDENTIALS: no value for {', '.join(missing)}")
    if profile.status == "example":
        return Finding("messages", False, f"{settings.sms_profile} is still an example")
    mail = "mail too" if settings.smtp_host else "no mail server"
    return Finding("messages", True, f"SMS by {profile.title}; {mail}")


def _certificate(path: Path | None, now: float) -> list[Finding]:
    if path is None:
        return []
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        ssl.create_default_context(cafile=str(path))
    except (OSError, ValueError, ssl.SSLError) as error:
        return [Finding("tls", False, f"{path}: {error}")]
    days = int((certificate.not_valid_after_utc.timestamp() - now) // DAY)
    return [Finding("tls", days >= CERTIFICATE_DAYS, f"certificate valid for {days} more days")]

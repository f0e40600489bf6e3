"""`idp doctor`: looks at everything that can be wrong before a person notices, and says what to do."""

import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from cryptography import x509

import idp
from idp.infrastructure import plugins
from idp.infrastructure.database import DatabaseUnavailable
from idp.infrastructure.database.version import standing
from idp.infrastructure.findings import Checks, Finding
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.secret_file import BadSecretFile
from idp.infrastructure.sources import system_sources
from idp.infrastructure.vault import Unreadable
from idp.server.composition import NotMigrated, RestoreUnfinished, foundation, require_what_was_seen
from idp.server.plain_http import without_tls
from idp.server.safety import unsafe
from idp.settings import Settings

CERTIFICATE_DAYS = 14
DAY = 86_400


async def examine(settings: Settings) -> list[Finding]:
    """Every finding, good ones too."""
    findings = [Finding("settings", False, problem) for problem in unsafe(settings)]
    calm = "a demonstration, for this machine alone" if settings.demo else "safe to go live"
    findings = findings or [Finding("settings", True, calm)]
    findings.extend(_certificate(settings.tls_cert_file, system_sources().now()))
    for what, host in without_tls(settings):
        if host in settings.unencrypted_hosts:
            findings.append(Finding("loosened", True, f"{what} calls {host} without TLS"))
    for checks in _rooms():
        if checks.of_settings is not None:
            findings.extend(checks.of_settings(settings))
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
    for checks in _rooms():
        if checks.of_stores is not None:
            async for finding in checks.of_stores(settings, base):
                yield finding


def _rooms() -> Iterator[Checks]:
    return plugins.of_rooms(idp, "doctor", "CHECKS")


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

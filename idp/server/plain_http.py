"""Which of the addresses that this installation calls go without TLS, and which of those somebody has allowed."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from idp.federation.profiles.installation import BadInstallation, Installed, upstreams
from idp.infrastructure.http_client import LOOPBACK
from idp.infrastructure.messages.profile import BadGatewayProfile, read_profile
from idp.settings import Settings

_NAME = re.compile(r"\{([a-z][a-z0-9_]*)[^}]*\}")


def without_tls(settings: Settings) -> list[tuple[str, str]]:
    """What is called without TLS, as a setting or profile, and the host; in a demonstration, none of this machine."""
    plain = [(what, address) for what, address in _called(settings) if _is_plain(address)]
    found = [(what, urlsplit(address).hostname or "?") for what, address in plain]
    if settings.smtp_tls == "none" and settings.smtp_host not in {"", *LOOPBACK}:
        found.append(("IDP_SMTP_HOST", settings.smtp_host))
    return [(what, host) for what, host in dict.fromkeys(found) if not (settings.demo and host in LOOPBACK)]


def refused(settings: Settings) -> list[tuple[str, str]]:
    """Those that nobody has allowed."""
    return [each for each in without_tls(settings) if each[1] not in settings.unencrypted_hosts]


def _called(settings: Settings) -> Iterator[tuple[str, str]]:
    for name in ("population", "carrier", "licence", "network_identity"):
        yield f"IDP_{name.upper()}_URL", getattr(settings, f"{name}_url")
    if settings.sms_profile is not None:
        with suppress(BadGatewayProfile):  # which is told elsewhere
            values = {name: value.get_secret_value() for name, value in settings.sms_credentials.items()}
            yield "IDP_SMS_PROFILE", _filled(read_profile(settings.sms_profile).url, values)
    with suppress(BadInstallation):
        for name, one in upstreams(settings).items():
            yield from ((f"upstream {name}", address) for address in _of_platform(one))


def _of_platform(one: Installed) -> Iterator[str]:
    """Where a platform's profile sends us, or the browser with what is secret."""
    profile, values = one.profile, {**one.profile.variables, **one.credentials.current}
    yield from (value for value in values.values() if _is_plain(value))
    steps = [*profile.steps, *(profile.hand_on.steps if profile.hand_on else [])]
    ways = [*profile.authorize.channels.values(), profile.hand_on, profile.logout, profile.trust]
    for template in (*(step.url for step in steps), *(way.url for way in ways if way is not None)):
        yield _filled(template, values)
    yield from one.targets.values()


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _NAME.sub(lambda found: values.get(found.group(1), ""), template)


def _is_plain(address: str) -> bool:
    return address.lower().startswith("http://")

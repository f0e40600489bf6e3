"""What must not go live: every reason that settings give, all at once."""

import stat
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from idp.infrastructure.web.address import networks
from idp.server.plain_http import refused
from idp.settings import Settings, UnsafeSettings

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def refuse_unsafe(settings: Settings) -> None:
    """Raise UnsafeSettings with every reason not to go live."""
    problems = unsafe(settings)
    if problems:
        raise UnsafeSettings(problems)


def unsafe(settings: Settings) -> list[str]:
    """Every reason not to go live with these settings."""
    return [text for is_bad, text in _rules(settings) if is_bad]


def _rules(settings: Settings) -> list[tuple[bool, str]]:
    parts = _split(settings.issuer)
    tls = settings.tls_cert_file is not None and settings.tls_key_file is not None
    half_tls = (settings.tls_cert_file is None) != (settings.tls_key_file is None)
    secret = settings.secret_path
    return [
        (
            not parts.hostname
            or settings.issuer != f"{parts.scheme}://{parts.netloc}"
            or "@" in parts.netloc,
            "IDP_ISSUER: must be https://host[:port], without path and final slash",
        ),
        (
            not settings.secure and not (settings.demo and parts.hostname in LOOPBACK),
            "IDP_ISSUER: must be https (RFC 8414 §2)",
        ),
        (
            settings.demo and not _is_loopback(settings.host),
            "IDP_HOST: demo mode listens on loopback only",
        ),
        (half_tls, "IDP_TLS_CERT_FILE, IDP_TLS_KEY_FILE: set both or neither"),
        (
            not settings.demo and not tls and not settings.trusted_proxies,
            "IDP_TLS_CERT_FILE or IDP_TRUSTED_PROXIES: TLS ends either here or at a proxy that is named",
        ),
        (
            not _are_networks(settings.trusted_proxies),
            "IDP_TRUSTED_PROXIES: addresses or networks, separated by commas",
        ),
        (
            settings.key_value_url == "memory" and settings.workers > 1,
            "IDP_KEY_VALUE_URL: memory serves one worker only; use redis://… or sql",
        ),
        (
            not settings.demo and settings.key_value_url == "memory",
            "IDP_KEY_VALUE_URL: memory forgets throttling and codes at each restart; use redis://… or sql",
        ),
        (not secret.is_file(), f"IDP_SECRET_FILE: {secret} does not exist; `idp migrate` makes it"),
        (
            secret.is_file() and bool(stat.S_IMODE(secret.stat().st_mode) & 0o077),
            f"IDP_SECRET_FILE: {secret} can be read by others; chmod 600",
        ),
        *_message_rules(settings),
        *_authority_rules(settings),
        *_upstream_rules(settings),
        *_plain_rules(settings),
        (
            settings.session_idle > settings.session_absolute,
            "IDP_SESSION_IDLE: cannot be longer than IDP_SESSION_ABSOLUTE",
        ),
    ]


def _message_rules(settings: Settings) -> list[tuple[bool, str]]:
    return [
        (
            settings.sms_profile is not None and not settings.sms_profile.is_file(),
            "IDP_SMS_PROFILE: no such file",
        ),
        (
            bool(settings.smtp_host) and "@" not in settings.smtp_sender,
            "IDP_SMTP_SENDER: the address that mail comes from",
        ),
        (
            bool(settings.smtp_password.get_secret_value()) and settings.smtp_tls == "none",
            "IDP_SMTP_TLS: a password goes over TLS only",
        ),
    ]


def _upstream_rules(settings: Settings) -> list[tuple[bool, str]]:
    secrets, folder = settings.upstream_secrets_file, settings.upstream_profiles_dir
    is_there = secrets is not None and secrets.is_file()
    readable = secrets is not None and is_there and bool(stat.S_IMODE(secrets.stat().st_mode) & 0o077)
    return [
        (secrets is not None and not is_there, "IDP_UPSTREAM_SECRETS_FILE: no such file"),
        (readable, "IDP_UPSTREAM_SECRETS_FILE: can be read by others; chmod 600"),
        (folder is not None and not folder.is_dir(), "IDP_UPSTREAM_PROFILES_DIR: no such directory"),
    ]


def _plain_rules(settings: Settings) -> list[tuple[bool, str]]:
    allow = "must be by TLS; on a network of your own, name the host in IDP_UNENCRYPTED_HOSTS"
    return [(True, f"{what}: {host} {allow}") for what, host in refused(settings)]


def _authority_rules(settings: Settings) -> list[tuple[bool, str]]:
    authorities = {
        "POPULATION": (settings.population_url, settings.population_app_id, settings.population_secret),
        "CARRIER": (settings.carrier_url, settings.carrier_app_id, settings.carrier_secret),
        "LICENCE": (settings.licence_url, settings.licence_app_id, settings.licence_secret),
        "NETWORK_IDENTITY": (
            settings.network_identity_url,
            settings.network_identity_app_id,
            settings.network_identity_secret,
        ),
    }
    rules = []
    for name, (url, app_id, secret) in authorities.items():
        rules += [
            (bool(url) and _split(url).scheme not in ("https", "http"), f"IDP_{name}_URL: must be https"),
            (
                bool(url) and not (app_id and secret.get_secret_value()),
                f"IDP_{name}_APP_ID, IDP_{name}_SECRET: every request is signed",
            ),
        ]
    return [
        *rules,
        (
            bool(settings.network_identity_app_url) and not settings.demo,
            "IDP_NETWORK_IDENTITY_APP_URL: for demo mode only",
        ),
    ]


def _split(url: str) -> SplitResult:
    """The parts of a URL; none of something that is no URL."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # out of range or no number: ValueError
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _are_networks(texts: tuple[str, ...]) -> bool:
    try:
        networks(texts)
    except ValueError:
        return False
    return True

"""Whether a profile can work, as far as that can be told without the platform: every problem, each with its place."""

from collections.abc import Iterator, Mapping, Set
from typing import Any

from idp.federation.exchange.block_modes import is_ecb
from idp.federation.exchange.engine import BUILTINS
from idp.federation.exchange.outgoing import PARTS
from idp.federation.profiles.mapping import FIELDS, LEVELS
from idp.federation.profiles.model import Decode, Encrypt, PlatformStep, Profile
from idp.federation.profiles.templates import FILTERS, names
from idp.federation.signers.interface import Signer
from idp.federation.transforms.interface import Transform

WEAK_SIGNERS = frozenset({"md5_concat", "sorted_md5"})
BLOCK_CIPHERS = frozenset({"aes", "sm4"})


def problems(
    profile: Profile, signers: Mapping[str, Signer], transforms: Mapping[str, Transform]
) -> list[str]:
    """What is wrong with a profile; empty when nothing is."""
    known = {*BUILTINS, *profile.variables, *profile.secrets.required, *profile.secrets.optional}
    known |= {f"callback.{name}" for name in profile.callback.keep}
    found: list[str] = []
    for name, entrance in profile.authorize.channels.items():
        found += _unknown(f"authorize.channels.{name}", [entrance.url, entrance.query], known)
        found += [
            f"authorize.channels.{name}.encode: no parameter {one}"
            for one in entrance.encode
            if one not in entrance.query
        ]
    found += _steps("steps", profile.steps, known, signers, transforms)
    if profile.hand_on is not None:
        found += _steps("hand_on.steps", profile.hand_on.steps, set(known), signers, transforms)
        extracted = {name for step in profile.hand_on.steps for name in step.extract}
        found += _unknown("hand_on", [profile.hand_on.url, profile.hand_on.query], known | extracted)
    for place, redirect in (("logout", profile.logout), ("trust", profile.trust)):
        if redirect is not None:
            found += _unknown(place, [redirect.url, redirect.query], known)
    return found + list(_map(profile))


def weaknesses(profile: Profile) -> list[str]:
    """What the platform demands although it is weak: MD5 (RFC 6151), and ciphers that show equal blocks as equal."""
    steps = [*profile.steps, *(profile.hand_on.steps if profile.hand_on else [])]
    signers = {one.signer for step in steps for one in step.sign}
    encrypted = [(one.transform, one.options) for step in steps for one in step.encrypt]
    encrypted += [(one.transform, one.options) for step in steps for one in step.decode]
    ciphers = {f"{name}_ecb" for name, options in encrypted if name in BLOCK_CIPHERS and is_ecb(options)}
    return sorted(signers & WEAK_SIGNERS | ciphers)


def _steps(
    place: str,
    steps: list[PlatformStep],
    known: set[str],
    signers: Mapping[str, Signer],
    transforms: Mapping[str, Transform],
) -> Iterator[str]:
    for step in steps:
        where = f"{place}.{step.name}"
        yield from _unknown(where, [step.url, step.query, step.headers, step.form, step.json_body], known)
        for one in step.sign:
            yield from _plugin(f"{where}.sign", one.signer, one.options, signers)
            yield from _unknown(f"{where}.sign", [one.parts, one.options], known)
            if one.into.partition(".")[0] not in PARTS:
                yield f"{where}.sign.into: no such part: {one.into!r}"
        changes: list[Encrypt | Decode] = [*step.encrypt, *step.decode]
        for change in changes:
            yield from _plugin(f"{where}.{change.transform}", change.transform, change.options, transforms)
            yield from _unknown(f"{where}.{change.transform}", [change.key, change.options], known)
        known |= set(step.extract)


def _plugin(
    where: str, name: str, options: Mapping[str, str], plugins: Mapping[str, Signer | Transform]
) -> Iterator[str]:
    plugin = plugins.get(name)
    if plugin is None:
        yield f"{where}: there is no {name}"
        return
    for option in sorted(options.keys() - plugin.options):
        yield f"{where}: {name} knows no option {option}"


def _unknown(where: str, content: Any, known: Set[str]) -> Iterator[str]:
    for name, filters in names(content):
        if name not in known:
            yield f"{where}: nothing gives {{{name}}}"
        for one in filters:
            if one not in FILTERS:
                yield f"{where}: there is no filter {one}"


def _map(profile: Profile) -> Iterator[str]:
    for kind, mapping in profile.map.items():
        for name in sorted((mapping.fields.keys() | mapping.defaults.keys()) - FIELDS[kind]):
            yield f"map.{kind}: {name} is no field of ours"
        if "subject" not in mapping.fields:
            yield f"map.{kind}: subject is missing"
    for said, level in profile.values.get("level", {}).items():
        if not level.isdecimal() or int(level) not in LEVELS:
            yield f"values.level: {said} must become 0 to 4"

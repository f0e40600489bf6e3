"""From a platform's fields to ours: where a field stands and what its values mean is the profile's business."""

from collections.abc import Mapping as MappingType
from typing import Any

from idp.federation.model import (
    Failure,
    LoginFailureReason,
    UpstreamAgent,
    UpstreamIdentity,
    UpstreamOrganization,
    UpstreamPerson,
    UserType,
)
from idp.federation.profiles.model import Mapping, Profile
from idp.federation.profiles.pointers import MISSING, find, text
from idp.infrastructure.typed import is_readable
from idp.organizations.model import Human

LEVELS = range(5)
CANCELLED = "cancelled"
OLD_CODE = 9
"""Characters of an organisation code (GB 11714); a unified social credit code has 18."""

PERSON = (
    "name", "certificate_type", "certificate_number", "mobile", "email", "sex", "birth_date", "nation", "address",
)  # fmt: skip
_SHORT = ("name", "certificate_type", "certificate_number", "mobile")
FIELDS: MappingType[UserType, frozenset[str]] = {
    UserType.PERSON: frozenset({"subject", "level", "status", *PERSON}),
    UserType.LEGAL: frozenset(
        {
            "subject", "level", "status", "organization_name", "unified_social_credit_code", "organization_code",
            "kind", "registered_address", "agent_relation", "agent_scope", "agent_valid_until",
            *(f"{who}_{name}" for who in ("representative", "agent") for name in _SHORT),
        }
    ),
}  # fmt: skip
"""What a mapping may name, for each kind of user."""

Replies = MappingType[str, Any]
"""Step → its decoded reply."""


def identity(profile: Profile, user_type: UserType, replies: Replies) -> UpstreamIdentity | Failure:
    """Who the platform says is there; a Failure where it says too little, or that the account was cancelled."""
    mapping = profile.map.get(user_type)
    if mapping is None:
        return Failure(LoginFailureReason.CONFIGURATION, detail=f"no map for {user_type}")
    values = _values(profile, mapping, replies)
    if values.get("status") == CANCELLED:
        detail, subject = "the account is cancelled there", values.get("subject", "")
        return Failure(LoginFailureReason.CANCELLED, mapping.source, detail, subject)
    if not values.get("subject"):
        return Failure(LoginFailureReason.INCOMPLETE, mapping.source, "no subject")
    level = values.get("level", "")
    known = level.isdecimal() and int(level) in LEVELS
    legal = user_type is UserType.LEGAL
    return UpstreamIdentity(
        profile=profile.name,
        subject=values["subject"],
        user_type=user_type,
        level=int(level) if known else 0,
        level_source=_said(mapping, replies),
        person=_person(values, "agent_") if legal else _person(values),
        organization=_organization(values) if legal else None,
        agent=_agent(values) if legal else None,
        human=mapping.human if legal else Human.PROVEN,
    )


def _values(profile: Profile, mapping: Mapping, replies: Replies) -> dict[str, str]:
    document = replies.get(mapping.source)
    lists = {one.name: _pairs(find(document, one.at)) for one in mapping.lists}
    values = dict(mapping.defaults)
    for name, pointer in mapping.fields.items():
        found = _found(pointer, mapping.source, replies, lists)
        if found in mapping.empty:
            continue
        table = profile.values.get(name.removeprefix("agent_").removeprefix("representative_"))
        translated = found if table is None else table.get(found, "")
        if translated:
            values[name] = translated
    return values


def _found(
    pointer: str, source: str, replies: Replies, lists: MappingType[str, MappingType[str, str]]
) -> str:
    """The text at `/pointer`, `step#/pointer` or `list:NAME`."""
    if pointer.startswith("/"):
        return text(find(replies.get(source), pointer)).strip()
    step, hash_mark, inner = pointer.partition("#")
    if hash_mark:
        return text(find(replies.get(step), inner)).strip()
    name, _, key = pointer.partition(":")
    return lists.get(name, {}).get(key, "").strip()


def _pairs(value: Any) -> dict[str, str]:
    if value is MISSING or not isinstance(value, list):
        return {}
    pairs = (text(one).partition("=") for one in value)
    return {name: content for name, sign, content in pairs if sign}


def _said(mapping: Mapping, replies: Replies) -> str:
    """The platform's own word for the level, kept beside ours."""
    pointer = mapping.level_source or mapping.fields.get("level", "")
    said = _found(pointer, mapping.source, replies, {})[:100] if pointer else ""
    return said if is_readable(said) else ""  # kept as it is, so every database has to take it


def _person(values: MappingType[str, str], prefix: str = "") -> UpstreamPerson:
    return UpstreamPerson(**{name: values.get(f"{prefix}{name}", "") for name in PERSON})


def _organization(values: MappingType[str, str]) -> UpstreamOrganization:
    code, old_code = values.get("unified_social_credit_code", ""), values.get("organization_code", "")
    if len(code.replace("-", "")) == OLD_CODE:  # platforms put whichever number there is into one field
        code, old_code = "", old_code or code.replace("-", "")
    return UpstreamOrganization(
        name=values.get("organization_name", ""),
        unified_social_credit_code=code,
        organization_code=old_code,
        kind=values.get("kind", ""),
        registered_address=values.get("registered_address", ""),
        representative=_person(values, "representative_"),
    )


def _agent(values: MappingType[str, str]) -> UpstreamAgent | None:
    person = _person(values, "agent_")
    if not person.name and not person.certificate_number:
        return None
    scope = tuple(one for one in values.get("agent_scope", "").replace("，", ",").split(",") if one)
    return UpstreamAgent(
        person, values.get("agent_relation", "agent"), scope, values.get("agent_valid_until", "")
    )

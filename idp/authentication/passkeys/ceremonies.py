"""WebAuthn as the library has it: options for the browser, and what its answers prove. Takes long to load."""

from collections.abc import Sequence
from dataclasses import dataclass

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

TIMEOUT_MILLISECONDS = 300_000
"""As long as the challenge lives; WCAG 2.2 §2.2.1 wants no haste."""


class NotProven(Exception):
    """The answer proves nothing; the message is the library's reason and holds nothing of the person."""


@dataclass(frozen=True, slots=True)
class Party:
    """Us, as the browser knows us."""

    id: str
    name: str
    origins: tuple[str, ...]
    """Our pages', and those of apps that the operator names."""


@dataclass(frozen=True, slots=True)
class Key:
    """A passkey: its id and public key as base64url, its counter, whether it is synced between devices."""

    id: str
    public_key: str
    count: int
    synced: bool


@dataclass(frozen=True, slots=True)
class PasskeyUse:
    """A passkey was used: the counter that it sent, and the user handle."""

    count: int
    user: bytes | None


def creation_options(party: Party, user: bytes, username: str, challenge: bytes, known: Sequence[str]) -> str:
    """What navigator.credentials.create() is asked: a key that names its owner, for a person who proves presence."""
    return options_to_json(
        generate_registration_options(
            rp_id=party.id,
            rp_name=party.name,
            user_id=user,
            user_name=username,
            challenge=challenge,
            timeout=TIMEOUT_MILLISECONDS,
            exclude_credentials=_descriptors(known),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
    )


def request_options(party: Party, challenge: bytes, known: Sequence[str]) -> str:
    """What navigator.credentials.get() is asked; without known keys the browser offers what it has for us."""
    return options_to_json(
        generate_authentication_options(
            rp_id=party.id,
            challenge=challenge,
            timeout=TIMEOUT_MILLISECONDS,
            allow_credentials=_descriptors(known),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def created(party: Party, challenge: bytes, answer: str) -> Key:
    """The new passkey; raises NotProven."""
    try:
        verified = verify_registration_response(
            credential=parse_registration_credential_json(answer),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise NotProven(type(error).__name__) from error
    return Key(
        id=bytes_to_base64url(verified.credential_id),
        public_key=bytes_to_base64url(verified.credential_public_key),
        count=verified.sign_count,
        synced=verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
    )


def claimed_id(answer: str) -> str:
    """The id of the passkey that an answer claims to come from; raises NotProven."""
    try:
        return bytes_to_base64url(parse_authentication_credential_json(answer).raw_id)
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise NotProven(type(error).__name__) from error


def used(party: Party, challenge: bytes, answer: str, public_key: str) -> PasskeyUse:
    """What an answer proves; raises NotProven. The caller compares the counter, in one step with noting it."""
    try:
        credential = parse_authentication_credential_json(answer)
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            credential_public_key=base64url_to_bytes(public_key),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise NotProven(type(error).__name__) from error
    return PasskeyUse(verified.new_sign_count, credential.response.user_handle)


def _descriptors(ids: Sequence[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in ids]

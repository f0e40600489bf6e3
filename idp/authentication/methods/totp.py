"""Time-based one-time passwords (RFC 6238): six digits, thirty seconds, each used once."""

import hmac

import pyotp

from idp.accounts.authenticator_store import TOTP, AuthenticatorStore
from idp.accounts.model import Authenticator
from idp.infrastructure import typed
from idp.infrastructure.database import Transaction
from idp.sessions.model import ONE_TIME_PASSWORD

STEP_SECONDS = 30
DRIFT_STEPS = 1  # a clock may be one step off either way (§5.2)


class Totp:
    """The authenticator app."""

    kind = TOTP
    alone = True
    amr = ONE_TIME_PASSWORD

    def verify(
        self, store: AuthenticatorStore, authenticator: Authenticator, answer: str, now: float
    ) -> Transaction[bool]:
        """See `SecondFactor.verify`."""
        step = matching_step(store.secret(authenticator), answer, now)
        if step is None:
            return False
        return (yield from store.use_step(authenticator.id, step, now))


def matching_step(secret: str, answer: str, now: float) -> int | None:
    """The time step whose digits these are, if it is near enough."""
    generator = pyotp.TOTP(secret, interval=STEP_SECONDS)
    current = int(now) // STEP_SECONDS
    digits = typed.compact(answer).encode()
    matching = None
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        if hmac.compare_digest(generator.generate_otp(step).encode(), digits):
            matching = step
    return matching


METHOD = Totp()

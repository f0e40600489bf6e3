"""The signing keys of one worker."""

from idp.infrastructure.assembly import Ground
from idp.infrastructure.room import Offer
from idp.keys.service import KeyRing
from idp.keys.store import REVISION


class KeysRoom:
    """The keys, loaded again whenever one was made or revoked."""

    def __init__(self, ground: Ground) -> None:
        self.ring = KeyRing(ground.base)
        self.offer = Offer(follows={REVISION: self.ring.load})

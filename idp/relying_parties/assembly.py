"""The registered systems, as one worker knows them."""

from idp.infrastructure.assembly import Ground
from idp.infrastructure.room import Offer
from idp.relying_parties.service import Registry
from idp.relying_parties.store import REVISION


class RelyingPartiesRoom:
    """The registry, loaded again whenever a registration was changed."""

    def __init__(self, ground: Ground) -> None:
        self.registry = Registry(ground.base)
        self.offer = Offer(follows={REVISION: self.registry.load})

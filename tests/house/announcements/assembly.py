"""What the operators announce."""

from idp.announcements.routes import AnnouncementPages
from idp.announcements.service import Announcements
from idp.infrastructure.assembly import Ground
from idp.infrastructure.periodic import Job
from idp.infrastructure.room import Offer

FORGET_SECONDS = 0.5


class AnnouncementsRoom:
    """The page of what is announced; what is over is forgotten."""

    def __init__(self, ground: Ground) -> None:
        self.announcements = Announcements(ground.base)
        self.offer = Offer(
            routes=[AnnouncementPages(ground.site, self.announcements).routes()],
            jobs=[Job("announcements.forget_old", FORGET_SECONDS, self.announcements.forget_old)],
        )

"""What a page shows of the real-name record, in plain words."""

from idp.accounts.real_names.certificate_texts import METHOD_TEXTS, TYPE_TEXTS
from idp.accounts.real_names.certificates import CertificateType
from idp.accounts.real_names.proof import Record
from idp.accounts.verifiers.interface import IdentityClaim
from idp.authentication.visitor import Subscriber, Visitor
from idp.infrastructure.beijing import clock
from idp.infrastructure.masking import HIDDEN, last_shown
from idp.selfservice.real_name import texts
from idp.selfservice.security.platforms import Titles, platform_title


class RealNameView:
    """`platforms` are the upstream platforms that may stand as the source of a record."""

    def __init__(self, platforms: Titles, app_url: str = "") -> None:
        self._platforms = platforms
        self.app_url = app_url
        """The page that stands for the person's app in a demonstration; empty otherwise."""

    def identity(self, visitor: Subscriber, claim: IdentityClaim | None) -> dict[str, str] | None:
        """Name, type and the end of the number; None for an account that has proved none.

        Nothing of the number for a login that rests on the phone alone: it may be asked for it.
        """
        if claim is None:
            return None
        type_ = TYPE_TEXTS.get(CertificateType(claim.certificate_type), "")
        return {
            "name": claim.name,
            "type": visitor.say(type_) if type_ else "",
            "number": HIDDEN if visitor.session.rests_on_number else last_shown(claim.certificate_number),
        }

    def until(self, history: list[Record], level: int, now: float) -> str | None:
        """Until when the level holds: the end of the longest proof of it; None where one has no end."""
        ends = [record.expires_at for record in history if record.level == level and record.live(now)]
        dates = [end for end in ends if end is not None]
        return clock(max(dates)) if dates and len(dates) == len(ends) else None

    def row(self, visitor: Visitor, record: Record) -> dict[str, object]:
        """One proof, with its end if it counts no more."""
        say, method = visitor.say, METHOD_TEXTS.get(record.method)
        end = None
        if not record.live(visitor.site.sources.now()):
            end = say(texts.ENDS.get(record.end_reason or "expired", texts.ENDED))
        return {
            "level": record.level,
            "method": say(method) if method else record.method,
            "source": self._source(visitor, record.source),
            "at": clock(record.verified_at),
            "until": clock(record.expires_at) if record.expires_at is not None else None,
            "end": end,
        }

    def _source(self, visitor: Visitor, source: str) -> str:
        """Who said so, by the first part of the record's source; one that we do not know speaks for itself."""
        word = source.partition(":")[0]
        if word in texts.SOURCES:
            return visitor.say(texts.SOURCES[word])
        if word in self._platforms:
            return platform_title(visitor.language, self._platforms, word)
        return source

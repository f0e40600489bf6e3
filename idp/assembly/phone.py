"""Everything that begins with a phone: logging in, registering, recovering; and the messages of a demonstration."""

from idp.accounts.belongings import Household
from idp.authentication.device_cookie import DeviceCookie
from idp.authentication.knowledge import Knowledge
from idp.authentication.knowledge_pages import KnowledgePages
from idp.authentication.phone_steps import PhoneSteps
from idp.authentication.proofs import Proofs
from idp.authentication.recovery import Means, Recovery
from idp.authentication.recovery_pages import RecoveryDesk, RecoveryPages
from idp.authentication.registration import Registration
from idp.authentication.sms_pages import PhoneDesk, SmsPages
from idp.composition import has_sink
from idp.infrastructure.messages.page import MessagesPage
from idp.infrastructure.messages.sink import Sink
from idp.infrastructure.web.dispatch import Routes
from idp.oauth.belongings import GrantBelongings
from idp.sessions.belongings import SessionBelongings
from idp.worker import Worker


def routes(worker: Worker) -> Routes:
    """See `idp.assembly`."""
    base, site, entrance = worker.base, worker.site, worker.entrance
    steps, proofs = PhoneSteps(base, site, entrance, worker.phone_codes, worker.phones), Proofs(base)
    registration = Registration(base, worker.phones, worker.hasher, worker.throttle)
    desk = PhoneDesk(proofs, worker.phones, registration, DeviceCookie(base))
    sms = SmsPages(site, entrance, worker.authentication, steps, desk)
    known = KnowledgePages(site, entrance, Knowledge(base, registration, worker.authentication))
    recovery = RecoveryPages(site, entrance, RecoveryDesk(steps, proofs, _recovery(worker, registration)))
    demonstration: Routes = {}
    if worker.settings.demo and has_sink(worker.settings):
        demonstration = MessagesPage(site, Sink(worker.settings.data_dir, base.sources)).routes()
    return {**sms.routes(), **known.routes(), **recovery.routes(), **demonstration}


def _recovery(worker: Worker, registration: Registration) -> Recovery:
    # A recovery ends what a thief may have opened. Mandates stay: who has lost a phone has not lost a firm.
    parts = [SessionBelongings(worker.sessions.ended), GrantBelongings(worker.base.sources)]
    means = Means(
        worker.phones,
        registration,
        worker.hasher,
        worker.throttle,
        worker.factor_policy.factors,
        worker.notices,
        worker.messages,
        Household(parts, worker.outbox.kick).secure,
    )
    return Recovery(worker.base, means)

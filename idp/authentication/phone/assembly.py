"""The pages of everything that begins with a phone: logging in, registering, recovering."""

from idp.accounts.assembly import AccountsRoom
from idp.authentication.device_cookie import DeviceCookie
from idp.authentication.factors.policy import FactorPolicy
from idp.authentication.knowledge.routes import KnowledgePages
from idp.authentication.knowledge.step_up import KnowledgeStepUp
from idp.authentication.login.flow import LoginFlow
from idp.authentication.phone.proofs import Proofs
from idp.authentication.phone.registration import Registration
from idp.authentication.phone.routes import PhoneDesk, SmsPages
from idp.authentication.phone.steps import PhoneSteps
from idp.authentication.recovery.routes import RecoveryDesk, RecoveryPages
from idp.authentication.recovery.service import Means, Recovery
from idp.authentication.service import Authentication
from idp.authentication.throttle import Throttle
from idp.authentication.visitor import Pages


def by_phone(
    accounts: AccountsRoom,
    login_flow: LoginFlow,
    steps: PhoneSteps,
    authentication: Authentication,
    throttle: Throttle,
    policy: FactorPolicy,
) -> list[Pages]:
    """A table for each."""
    base, phones = accounts.ground.base, accounts.phones
    proofs, registration = Proofs(base), Registration(base, phones, accounts.hasher, throttle)
    desk = PhoneDesk(proofs, phones, registration, DeviceCookie(base))
    means = Means(
        phones,
        registration,
        accounts.hasher,
        throttle,
        policy.factors,
        accounts.notices,
        accounts.ground.messages,
        accounts.openings.secure,
    )
    recovery = RecoveryDesk(steps, proofs, Recovery(base, means))
    return [
        SmsPages(login_flow, authentication, steps, desk).routes(),
        KnowledgePages(login_flow, KnowledgeStepUp(base, registration, authentication)).routes(),
        RecoveryPages(login_flow, recovery).routes(),
    ]

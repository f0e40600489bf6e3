"""What is still wanted of the person before a system is served: an ordered table of steps."""

from collections.abc import Callable

from idp.authentication.factors.strength import Lacking, lacking
from idp.sessions.model import MULTIPLE, Session, session_level
from idp.sign_on.model import Circumstances, NextStep, Prompt, Refusal, SignOnRequest, SignOnState, suits

Wanted = NextStep | Refusal | None
Step = Callable[[SignOnRequest, SignOnState, Circumstances], Wanted]


def next_step(asked: SignOnRequest, state: SignOnState | None, around: Circumstances) -> Wanted:
    """What comes next, or why nothing can; None when the system is to be served."""
    if state is not None and asked.account_id not in (None, state.session.account_id):
        if state.session.authenticated_at > around.asked_at:
            # Asked to log in, somebody else did (OpenID Connect Core §3.1.2.1): asking again has no end.
            return Refusal.OTHER_PERSON
        state = None
    wanted = _wanted(asked, state, around)
    if asked.silent and isinstance(wanted, NextStep):
        return _SILENT[wanted]
    return wanted


_SILENT = {
    NextStep.LOGIN: Refusal.LOGIN_NEEDED,
    NextStep.STEP_UP: Refusal.INTERACTION_NEEDED,
    NextStep.REAL_NAME: Refusal.LEVEL_NOT_REACHED,
    NextStep.KNOWLEDGE: Refusal.INTERACTION_NEEDED,
    NextStep.FOR_WHOM: Refusal.CHOICE_NEEDED,
    NextStep.CONSENT: Refusal.CONSENT_NEEDED,
}


def _wanted(asked: SignOnRequest, state: SignOnState | None, around: Circumstances) -> Wanted:
    if state is None:
        return NextStep.LOGIN
    return next((wanted for step in STEPS if (wanted := step(asked, state, around)) is not None), None)


def _login_again(asked: SignOnRequest, state: SignOnState, around: Circumstances) -> Wanted:
    again = Prompt.LOGIN in asked.prompts and not _is_fresh(state, around)
    return NextStep.LOGIN if again else None


def _account_selected(asked: SignOnRequest, state: SignOnState, around: Circumstances) -> Wanted:
    chosen_at = state.session.chosen_at
    if Prompt.SELECT_ACCOUNT not in asked.prompts or (chosen_at is not None and chosen_at >= around.asked_at):
        return None
    if state.choices:
        return NextStep.FOR_WHOM
    return None if _is_fresh(state, around) else NextStep.LOGIN


def _young_enough(asked: SignOnRequest, state: SignOnState, around: Circumstances) -> Wanted:
    if asked.max_age is None or _is_fresh(state, around):
        return None
    return NextStep.LOGIN if around.now - state.session.authenticated_at > asked.max_age else None


def _level_reached(asked: SignOnRequest, state: SignOnState, around: Circumstances) -> Wanted:
    """The level before consent: nobody agrees to be told of to a system that they cannot enter."""
    session = state.session
    if session.level >= asked.demanded_level:
        return None
    if _level_by_second_factor(state) >= asked.demanded_level:
        return NextStep.STEP_UP
    if session.level >= asked.client.minimum_level:
        return _level_wished_for(asked, session, around)
    return _level_demanded(asked, state, around)


def _level_wished_for(asked: SignOnRequest, session: Session, around: Circumstances) -> Wanted:
    """A level that the system would do without: whoever cannot or will not raise theirs goes on with what it is."""
    could = session.is_person and session.real_name_level < asked.level <= around.raisable_level
    return NextStep.REAL_NAME if could and not around.declined and not asked.silent else None


def _level_demanded(asked: SignOnRequest, state: SignOnState, around: Circumstances) -> Wanted:
    session, minimum = state.session, asked.client.minimum_level
    if not session.is_person and not _is_fresh(state, around):
        return (
            NextStep.LOGIN
        )  # an organisation's login proves nobody: whoever sits there logs in as themselves
    if MULTIPLE not in session.amr and session.real_name_level >= minimum:
        return NextStep.STEP_UP  # the person has no second factor yet: the page tells how to get one
    if session.is_person and minimum <= around.raisable_level and not around.declined:
        return NextStep.REAL_NAME
    return Refusal.LEVEL_NOT_REACHED


def _strong_enough(asked: SignOnRequest, state: SignOnState, around: Circumstances) -> Wanted:
    """No power over an account without what its use asks for: an app cannot ask for a second factor by itself."""
    if not asked.powerful:
        return None
    missing = lacking(state.session, second_factor=state.second_factor)
    return None if missing is None else _MISSING[missing]


_MISSING = {Lacking.SECOND_FACTOR: NextStep.STEP_UP, Lacking.KNOWLEDGE: NextStep.KNOWLEDGE}


def _for_whom(asked: SignOnRequest, state: SignOnState, around: Circumstances) -> Wanted:
    session = state.session
    decided = suits(asked.client, session.principal) and not (state.choices and session.chosen_at is None)
    return None if decided else NextStep.FOR_WHOM


def _consent(asked: SignOnRequest, state: SignOnState, around: Circumstances) -> Wanted:
    """What the person has agreed to before counts only where it is certain who asks now.

    Else they agree to this request, not to one of the app: another program may have left its own in another tab.
    """
    if (Prompt.CONSENT in asked.prompts or asked.anybody_could_ask) and not around.agreed:
        return NextStep.CONSENT
    agreed = not asked.client.consent_required or state.consented.issuperset(asked.scopes)
    return None if agreed else NextStep.CONSENT


STEPS: tuple[Step, ...] = (
    _login_again,
    _account_selected,
    _young_enough,
    _level_reached,
    _strong_enough,
    _for_whom,
    _consent,
)
"""In the order in which a person meets them; the first that wants something decides."""


def _is_fresh(state: SignOnState, around: Circumstances) -> bool:
    return state.session.authenticated_at >= around.asked_at


def _level_by_second_factor(state: SignOnState) -> int:
    """The level that a second factor would bring; one that was used already brings no more."""
    session = state.session
    if MULTIPLE in session.amr or not state.second_factor:
        return session.level
    return session_level(session.real_name_level, (MULTIPLE,))

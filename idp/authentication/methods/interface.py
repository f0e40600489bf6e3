"""What a second factor must offer: how it is asked for, verified, enrolled and told of, all in one file."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from idp.accounts.authenticator_store import AuthenticatorStore
from idp.accounts.model import Authenticator
from idp.infrastructure.database import Transaction
from idp.infrastructure.sources import Sources
from idp.infrastructure.translations import mark as _

WRONG_CODE = _("验证码不正确或已使用过，请输入最新的 6 位数字。")


@dataclass(frozen=True, slots=True)
class FactorTexts:
    """What people read of a factor; an empty text where it has nothing to say.

    `title` in lists and in the record, `add` on the button that leads to its enrolment; `added` and `removed` are told
    to the owner by message.
    """

    title: str
    add: str = ""
    added: str = ""
    removed: str = ""


@dataclass(frozen=True, slots=True)
class AnswerField:
    """The field of the login page in which it is typed; `word` is its value of the parameter `way`."""

    word: str
    heading: str
    label: str
    hint: str
    wrong: str
    instead: str
    """The link that leads to it from the field of another factor."""
    numeric: bool = True


@runtime_checkable
class SecondFactor(Protocol):
    """A kind of authenticator that a person has beside the password."""

    kind: str
    """The value of authenticators.kind."""
    alone: bool
    """Whether it makes a second factor by itself, or only stands in for another."""
    amr: str
    """The authentication method reference (RFC 8176 §2)."""
    texts: FactorTexts
    field: AnswerField | None
    """None for what is not typed."""
    enrolment: "EnrolmentMethod | None"
    """None for what is not enrolled by a secret and its first answer."""

    def verify(
        self, store: AuthenticatorStore, authenticator: Authenticator, answer: str, now: float
    ) -> Transaction[bool]:
        """Whether the answer is right, spending it so that it is right only once."""
        ...


class EnrolmentMethod(Protocol):
    """A factor that is added on a page of its own: a secret is shown, and the first right answer adds it."""

    template: str
    """The page, a child of centre.html; it is shown `secret`, `picture`, `enrolment` (a token), `label`, `error`."""
    wrong: str
    """What is said of a first answer that is not right."""

    def new_secret(self, sources: Sources) -> str:
        """A secret of its own for each enrolment."""
        ...

    def uri(self, secret: str, username: str) -> str:
        """The address in the picture, by which an app takes the secret over."""
        ...

    def first_step(self, secret: str, answer: str, now: float) -> int | None:
        """The step or counter that the first answer spends; None where it is not right."""
        ...

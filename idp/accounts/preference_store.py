"""The statements for what a person prefers to see."""

from sqlalchemy import Text, bindparam, select, update

from idp.accounts.store import accounts
from idp.infrastructure.database import Statement

_language = bindparam("the_language", type_=Text)

PREFERENCES = Statement(
    select(accounts.c.elder_mode, accounts.c.language).where(accounts.c.id == bindparam("the_id"))
)
SET_ELDER = Statement(
    update(accounts)
    .where(accounts.c.id == bindparam("the_id"), accounts.c.elder_mode != bindparam("elder"))
    .values(elder_mode=bindparam("elder"), updated_at=bindparam("now"))
)
SET_LANGUAGE = Statement(
    update(accounts)
    .where(accounts.c.id == bindparam("the_id"), accounts.c.language.is_distinct_from(_language))
    .values(language=_language, updated_at=bindparam("now"))
)

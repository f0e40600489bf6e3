"""Whether something is about the person who decides it: by the account, or by the certificate of any of their accounts.

Asked inside the statement that decides, so that nothing can change between the question and the deed.
"""

from sqlalchemy import ColumnElement, exists, or_, select

from idp.accounts.store import accounts


def same_person(one: ColumnElement[str], other: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether two account ids, neither of them null, are of one person as far as the record tells."""
    mine, theirs = accounts.alias(), accounts.alias()
    return or_(
        one == other,
        exists(
            select(mine.c.id)
            .select_from(mine.join(theirs, mine.c.certificate_index == theirs.c.certificate_index))
            .where(mine.c.id == one, theirs.c.id == other)
            .correlate_except(mine, theirs)
        ),
    )


def has_certificate(one: ColumnElement[str], index: ColumnElement[bytes]) -> ColumnElement[bool]:
    """Whether a certificate number, as it is looked for, is that of an account."""
    mine = accounts.alias()
    return exists(
        select(mine.c.id).where(mine.c.id == one, mine.c.certificate_index == index).correlate_except(mine)
    )

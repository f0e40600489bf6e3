"""What was asked for at the counter about an account, as its owner may know it: no names of staff, nothing claimed."""

from sqlalchemy import Integer, Text, bindparam, literal_column, select

from idp.counter.model import OwnRequest
from idp.counter.request_tables import counter_requests
from idp.infrastructure.database import Statement, Transaction

MOST = 1000
_c = counter_requests.c
OWN = Statement(
    select(_c.kind, _c.state, _c.begun_at, _c.decided_at, _c.division)
    .where(_c.account_id == bindparam("the_account", type_=Text))
    .order_by(_c.begun_at.desc(), _c.id)
    .limit(literal_column(str(MOST), Integer))
)


def own_requests(account_id: str) -> Transaction[list[OwnRequest]]:
    """Every request about an account, the latest first."""
    return [
        OwnRequest(
            kind=row["kind"],
            state=row["state"],
            begun_at=row["begun_at"],
            decided_at=row["decided_at"],
            division=row["division"],
        )
        for row in (yield OWN(the_account=account_id))
    ]

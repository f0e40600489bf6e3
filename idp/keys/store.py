"""The table of signing keys; private parts are encrypted under the master secret."""

from sqlalchemy import Column, LargeBinary, Table, Text, bindparam, insert, select, update

from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.schema import Instant, Sealed
from idp.infrastructure.revision_store import bump
from idp.infrastructure.vault import Vault
from idp.keys.model import Algorithm, KeyPeriod, StoredKey

REVISION = "keys"
ALGORITHMS = frozenset(each.value for each in Algorithm)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("algorithm", Text, nullable=False),
    Column("private_key", Sealed, nullable=False),
    Column("public_jwk", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("signs_from", Instant, nullable=False),
    Column("retires_at", Instant),
    Column("revoked_at", Instant),
)

ADD = Statement(insert(signing_keys))
ALL = Statement(select(signing_keys).order_by(signing_keys.c.signs_from))
RETIRE = Statement(
    update(signing_keys)
    .where(
        signing_keys.c.algorithm == bindparam("the_algorithm"),
        signing_keys.c.kid != bindparam("successor"),
        signing_keys.c.retires_at.is_(None),
    )
    .values(retires_at=bindparam("retires_at"))
    .returning(signing_keys.c.kid)
)

REVOKE = Statement(
    update(signing_keys)
    .where(signing_keys.c.kid == bindparam("the_kid"), signing_keys.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"), retires_at=bindparam("now"))
    .returning(signing_keys.c.kid)
)

_PLACE = "signing_keys.private_key"


def _key_of(row: Row) -> StoredKey:
    period = KeyPeriod(
        kid=row["kid"],
        algorithm=Algorithm(row["algorithm"]),
        signs_from=row["signs_from"],
        retires_at=row["retires_at"],
        revoked=row["revoked_at"] is not None,
    )
    return StoredKey(period, row["private_key"], row["public_jwk"])


class KeyStore:
    """Reads and adds signing keys."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def all(self) -> Transaction[list[StoredKey]]:
        """Every key, retired ones too, oldest first; one of a kind that a later release has brought is left to that."""
        return [_key_of(row) for row in (yield ALL()) if row["algorithm"] in ALGORITHMS]

    def add(self, period: KeyPeriod, private_key: bytes, public_jwk: bytes, now: float) -> Transaction[None]:
        """Add a key and tell the workers."""
        yield ADD(
            kid=period.kid,
            algorithm=period.algorithm.value,
            private_key=self._vault.encrypt_bytes(_PLACE, private_key),
            public_jwk=public_jwk,
            created_at=now,
            signs_from=period.signs_from,
            retires_at=None,
            revoked_at=None,
        )
        yield bump(REVISION)

    def retire_others(
        self, algorithm: Algorithm, successor: str, retires_at: float
    ) -> Transaction[list[str]]:
        """Set the end of every open key of an algorithm but the successor; their kids."""
        rows = yield RETIRE(the_algorithm=algorithm.value, successor=successor, retires_at=retires_at)
        return [row["kid"] for row in rows]

    def revoke(self, kid: str, now: float) -> Transaction[bool]:
        """Believe a key no more and tell the workers; False where there is none, or it was revoked before."""
        rows = yield REVOKE(the_kid=kid, now=now)
        yield bump(REVISION)
        return bool(rows)

    def private_key(self, key: StoredKey) -> bytes:
        """The PKCS #8 DER of a private key; raises vault.Unreadable."""
        return self._vault.decrypt_bytes(_PLACE, key.private_key)

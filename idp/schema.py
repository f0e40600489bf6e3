"""Every table of the product in one catalogue: importing the stores is what fills it."""

import idp.accounts.correction_store
import idp.accounts.former_contact_store
import idp.accounts.merge_store
import idp.accounts.password_store
import idp.accounts.real_name_store
import idp.accounts.store
import idp.audit.store
import idp.counter.store
import idp.counter.visit_store
import idp.federation.conflict_store
import idp.federation.exchange_store
import idp.federation.store
import idp.infrastructure.high_water_store
import idp.infrastructure.key_value.sql_store
import idp.infrastructure.outbox_store
import idp.infrastructure.periodic_store
import idp.infrastructure.revision_store
import idp.infrastructure.single_use
import idp.keys.store
import idp.oauth.store
import idp.organizations.roles_store
import idp.organizations.store
import idp.relying_parties.store
import idp.sessions.device_store
import idp.sessions.store  # noqa: F401
from idp.infrastructure.database import metadata

__all__ = ["metadata"]

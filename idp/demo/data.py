"""What a demonstration needs to begin with: people, staff, two district systems, secrets made on the spot."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from idp.accounts.model import RESIDENT_ID, NewAccount
from idp.accounts.passwords.hashing import PasswordHasher
from idp.accounts.service import Accounts
from idp.commands.preparation import prepare_database
from idp.demo.plan import HOST, KEPT, SYSTEMS, Kept, System, fingerprint, read_kept, write_private
from idp.infrastructure.database.interface import Conflict, DatabaseUnavailable
from idp.infrastructure.database.version import MigrationBusy
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.sources import Sources, system_sources
from idp.organizations.divisions import read_divisions
from idp.organizations.roles import RoleName, Roles
from idp.relying_parties.service import Registry, UnknownClient
from idp.server.composition import foundation
from idp.settings import Settings

ACTOR = "demo"

PASSPORT = "414"
PEOPLE: Sequence[tuple[NewAccount, bool, str]] = (
    (
        NewAccount(
            "zhangsan",
            "张三",
            "",
            2,
            "13800000001",
            None,
            None,
            RESIDENT_ID,
            "410411199001010015",
            phone_verified=True,
        ),
        False,
        "实名等级 2，只用密码：两个系统都能进入 / level 2, password only: enters both systems",
    ),
    (
        NewAccount(
            "lisi", "李四", "", 3, "13800000002", None, None, PASSPORT, "E00000001", phone_verified=True
        ),
        True,
        "实名等级 3，密码加动态口令；湛河示例科技有限公司 91410411MA0000007X 的法定代表人，还没有绑定"
        " / level 3, password and one-time password; may bind the example company",
    ),
    (
        NewAccount("wangwu", "王五", "", 0, "13800000003", phone_verified=True),
        False,
        "未实名：能进门户；进信用查询时，途中先办实名 / level 0: on the way to the credit system it is raised first",
    ),
    (
        NewAccount("zhaoliu", "赵六", "", 2, "13800000004", phone_verified=True),
        True,
        "窗口工作人员：/counter，登记、核验、帮办 / counter staff: registers, verifies, acts for people",
    ),
    (
        NewAccount("sunqi", "孙七", "", 2, "13800000005", phone_verified=True),
        True,
        "窗口值班主管：复核赵六的申请，合并账号 / counter supervisor: confirms the other's requests, merges accounts",
    ),
)

ROLES = {"zhaoliu": (RoleName.COUNTER,), "sunqi": (RoleName.COUNTER, RoleName.SUPERVISOR)}
DISTRICT = "410411"


NotMade = (DatabaseUnavailable, MigrationBusy, SQLAlchemyError)
"""What a database may answer instead."""


async def seed(settings: Settings, folder: Path) -> Kept:
    """Make the database and what is missing of the demo's people and systems; what is kept of them."""
    await prepare_database(settings)
    kept = read_kept(folder)
    sources = system_sources()
    port = settings.port
    async with foundation(settings) as base:
        if kept.get("database") != settings.database:
            # Another database, or the first start.
            kept = {"accounts": [], "systems": []}
            for person, totp, about in PEOPLE:
                kept["accounts"].append(
                    await _open(Accounts(base, PasswordHasher(1)), person, totp, about, sources)
                )
            await _employ(base)
        registry = Registry(base)
        for system in kept["systems"]:
            await _forget(registry, system["client_id"])
        kept["systems"] = [await _register(registry, system, port, sources) for system in SYSTEMS]
    kept |= fingerprint(settings.issuer, settings.database)
    write_private(folder / KEPT, json.dumps(kept, ensure_ascii=False, indent=1))
    return kept


async def _open(
    accounts: Accounts, person: NewAccount, totp: bool, about: str, sources: Sources
) -> dict[str, str]:
    password = sources.new_token(12)
    try:
        await accounts.open(person, ACTOR, password)
    except Conflict:  # a first start that was interrupted
        await accounts.set_password(person.username, password, ACTOR)
    entry = {"username": person.username, "password": password, "about": about}
    if totp:
        entry["totp_secret"] = await accounts.enrol_totp(person.username, ACTOR)
    return entry


async def _employ(base: Foundation) -> None:
    accounts, roles = Accounts(base, PasswordHasher(1)), Roles(base, read_divisions())
    for username, works_as in ROLES.items():
        account_id = str((await accounts.find(username)).id)
        for role in works_as:
            await roles.grant(account_id, role, DISTRICT, ACTOR)


async def _register(registry: Registry, system: System, port: int, sources: Sources) -> dict[str, Any]:
    url = f"http://{HOST}:{port + system.offset}"
    client, secret = await registry.create(
        {
            "client_name": system.name,
            "client_uri": url,
            "redirect_uris": [f"{url}/callback"],
            "post_logout_redirect_uris": [f"{url}/"],
            "backchannel_logout_uri": f"{url}/backchannel-logout",
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": system.scope,
            "principal_kinds": ["person", "legal_person"],
            "id_token_signed_response_alg": "ES256",
        },
        ACTOR,
    )
    return {
        "module": system.module,
        "name": system.name,
        "url": url,
        "client_id": client.client_id,
        "client_secret": secret,
        "secret": sources.new_token(32),
    }


async def _forget(registry: Registry, client_id: str) -> None:
    try:
        await registry.disable(client_id, ACTOR)
    except UnknownClient:
        return  # disabled before

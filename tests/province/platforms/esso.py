"""模拟 / Zhejiang's legal persons (esso): the browser itself posts the ticket, one signed call asks who it is."""

from collections.abc import Mapping
from typing import Any

from tests.province.ciphers import hmac_sha256, same
from tests.province.platforms.base import Asked, Entrance, Platform, Wanted, either, millis
from tests.province.world import World

WORDS = {
    "expired": "ssotoken 已过期", "used": "ssotoken 已使用", "unknown_app": "项目不存在",
    "wrong_app": "ssotoken 不属于该项目", "signature": "签名不正确", "clock": "时间超出允许范围",
    "callback": "回调地址未登记", "missing": "参数为空", "token": "ssotoken 无效", "cancelled": "单位已注销",
}  # fmt: skip


def _read(world: World, query: Mapping[str, str]) -> Wanted:
    callback = query.get("spappurl", "")
    return Wanted(world.app_of_callback("zhejiang_legal", callback), callback, "legal")


def _query(world: World, asked: Asked) -> Mapping[str, Any]:
    header, ticket = asked.headers, str(asked.json.get("token", ""))
    project, time = header.get("x-esso-project-id", ""), header.get("x-esso-timestamp", "")
    app = world.app("zhejiang_legal", "project_id", project)
    world.in_time(millis(time))
    text, sign = project + time + ticket, header.get("x-esso-signature", "")
    world.signed(app, lambda values: same(hmac_sha256(values["project_secret"], text).hex(), sign))
    grant = world.granted(app, world.token(world.redeem(app, ticket)))
    company, person, agent = world.acting(grant.login)
    representative = world.people[company.representative]
    return {
        "errCode": 0, "msg": "",
        "data": {
            "userId": f"zjcorp{company.id}", "companyName": company.name, "uniscid": company.uscc or company.code,
            "companyAddress": company.address, "companyLegRep": representative.name,
            "companyLegRepIdNum": representative.number, "attnName": person.name, "attnIDNo": person.number,
            "attnPhone": person.mobile, "attnType": "2" if agent else "1",
            "realLevel": either(person, "1", "2", "2", "3", "3"),
        },
    }  # fmt: skip


ESSO = Platform(
    name="zhejiang_legal",
    title="浙江政务服务网（法人）",
    needs={"project_id": "id", "project_secret": "word"},
    words=WORDS,
    refuse=lambda word, text: {"errCode": 1001, "msg": text, "data": None},
    interfaces={"/rest/user/query": _query},
    entrances={"/opensso/spsaehandler/metaAlias/sp": Entrance(_read)},
    done=lambda world, wanted, grant: {"ssotoken": world.issue(grant)},
    kinds=("legal",),
    logout={"/opensso/UI/Logout": "goto"},
    posts=True,
)  # fmt: skip

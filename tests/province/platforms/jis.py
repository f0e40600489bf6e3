"""模拟 / JIS (Shandong and others), both generations: md5 and AES; createsign and SM2."""

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from tests.province import ciphers, sm2
from tests.province.apps import App, Values
from tests.province.platforms.base import Asked, Entrance, Platform, Wanted, beijing_seconds, either, millis
from tests.province.world import Grant, Refused, World

KINDS = {"1": "person", "2": "legal"}
WORDS = {
    "expired": "票据已过期", "used": "票据已使用", "unknown_app": "应用标识不正确", "wrong_app": "应用标识不正确",
    "signature": "签名不正确", "clock": "时间戳超出允许范围", "callback": "回调地址未登记",
    "missing": "必填参数为空", "token": "没有该令牌", "cancelled": "用户已注销",
}  # fmt: skip
PERSON = ("findOutsideUserByToken", "findUserByToken", "findPerUserByToken")
LEGAL = ("findCorUserByToken", "findCorporationByToken", "findcorporationbytoken")


def _entrance(platform: str, mark: str, name: str) -> Callable[[World, Mapping[str, str]], Wanted]:
    def read(world: World, query: Mapping[str, str]) -> Wanted:
        app = world.app(platform, name, query.get(mark, ""))
        callback = query.get("backUrl", "")
        if not app.knows_callback(callback):
            raise Refused("callback")
        return Wanted(app, callback, KINDS.get(query.get("userType", "1"), "person"))

    return read


def _user(world: World, grant: Grant) -> dict[str, Any]:
    person = world.people[grant.login.person]
    content = {
        "loginname": person.id, "mobile": person.mobile or "-1", "email": person.email or "-1",
        "sex": person.sex, "cardid": person.number, "isauth": "1" if person.level else "0",
        "authstate": either(person, "0", "1", "2", "3", "3"),
    }  # fmt: skip
    if grant.login.kind == "person":
        return content | {
            "uuid": f"jis{person.id}", "name": person.name, "birthdate": person.birth_date or "-1",
            "phone": "-1", "address": "-1", "workunit": "-1", "usertype": "1",
        }  # fmt: skip
    company, person, agent = world.acting(grant.login)
    if agent is not None:
        raise Refused("token")
    return content | {
        "uuid": f"jiscorp{company.id}", "type": company.kind, "name": company.name,
        "regnumber": company.uscc or "-1", "orgnumber": company.code or "-1", "scope": "-1",
        "regorgname": "-1", "realname": person.name, "address": company.address, "usertype": "2",
        "nation": person.nation,
    }  # fmt: skip


def _service(world: World, app: App, name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """What a service of the gateway says, in the clear."""
    token = str(params.get("token", ""))
    if name == "ticketValidate":
        grant = world.redeem(app, str(params.get("ticket", "")))
        return {"token": world.token(grant), "loginname": grant.login.person}
    if name.lower() == "generateticket":
        target = str(params.get("proxyapp", ""))
        other = world.app_of_callback(app.platform, target)
        return {"ticket": world.issue(Grant(other, world.granted(app, token).login, target))}
    grant = world.granted(app, token)
    if name not in (PERSON if grant.login.kind == "person" else LEGAL):
        raise Refused("token")
    return _user(world, grant)


def _interface(world: World, asked: Asked) -> Mapping[str, Any]:
    said = asked.query
    app = world.app("jis1", "appmark", said.get("appmark", ""))
    world.in_time(beijing_seconds(said.get("time", "")))

    def holds(values: Values) -> bool:
        text = values["appmark"] + values["appword"] + said["time"]
        return ciphers.same(ciphers.md5(text), said.get("sign", ""))

    signed_with = world.signed(app, holds)
    name = said.get("servicename", "")
    content = json.dumps(_service(world, app, name, json.loads(said.get("params", "{}"))), ensure_ascii=False)
    if name.startswith("find"):
        content = ciphers.seal("aes", app.sealing(signed_with)["appword"], content)
    return {"retcode": "000000", "msg": "", "data": content}


JIS1 = Platform(
    name="jis1",
    title="某省统一身份认证（JIS 第一代）",
    look="jis",
    needs={"appmark": "id", "appword": "word"},
    words=WORDS,
    refuse=lambda word, text: {"retcode": "999999", "msg": "", "errormsg": text, "data": ""},
    interfaces={"/gateway/interface.do": _interface},
    entrances={"/jis/web/login": Entrance(_entrance("jis1", "appmark", "appmark"))},
    logout={"/jis/web/logout": "backUrl"},
)


def _create_sign(world: World, asked: Asked) -> Mapping[str, Any]:
    """The platform signs for the application; what it signed is good for this call alone."""
    app = world.app("jis2", "app_id", asked.form.get("app_id", ""))
    world.in_time(millis(asked.form.get("timestamp", "")))
    sign = secrets.token_hex(32)
    said = f"{asked.form.get('interface_id')}|{asked.form.get('timestamp')}"
    world.tickets[f"sign:{sign}"] = Grant(app, world.nobody, said, at=world.now())
    return {"success": True, "data": {"sign": sign}}


def _gateway(world: World, asked: Asked) -> Mapping[str, Any]:
    form = asked.form
    app = world.app("jis2", "app_id", form.get("app_id", ""))
    name, sent_at = form.get("interface_id", ""), form.get("timestamp", "")
    world.in_time(millis(sent_at))
    made = world.tickets.pop(f"sign:{form.get('sign')}", None)
    if made is None or made.app is not app or made.callback != f"{name}|{sent_at}":
        raise Refused("signature")
    business = json.loads(form.get("biz_content", "{}"))
    if business.get("appMark") != app.values["app_mark"]:
        raise Refused("unknown_app")
    try:
        content = _service(world, app, name, json.loads(business.get("params", "{}")))
    except Refused as refused:
        text = WORDS[refused.word]
        inner = {"retcode": "999999", "msg": "", "errormsg": text, "data": ""}
        raise Refused(refused.word, _sealed(app, inner)) from refused
    data = json.dumps(content, ensure_ascii=False)
    return _sealed(app, {"retcode": "000000", "msg": "", "data": data})


def _sealed(app: App, inner: Mapping[str, Any]) -> Mapping[str, Any]:
    """A reply for this application alone, refusals too."""
    private = int(app.sealing(app.values)["private_key"], 16)
    plain = json.dumps(inner, ensure_ascii=False).encode()
    return {"code": "200", "msg": "", "data": sm2.encrypt(sm2.public_key(private), plain).hex()}


JIS2 = Platform(
    name="jis2",
    title="山东省统一身份认证（JIS 第二代）",
    look="jis",
    needs={"app_mark": "id", "app_id": "id", "private_key": "sm2"},
    words=WORDS,
    refuse=lambda word, text: {"code": "400", "msg": text, "data": ""},
    interfaces={
        "/jpaas-jis-sso-server/createsign": _create_sign,
        "/jpaas-jis-sso-server/gateway": _gateway,
    },
    entrances={
        "/jpaas-jis-sso-server/sso/entrance/auth-center": Entrance(_entrance("jis2", "appMark", "app_mark"))
    },
    logout={"/jpaas-jis-sso-server/sso/logout": "backUrl"},
)

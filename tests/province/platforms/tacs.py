"""模拟 / tacs-uc: the province (Henan) and the state. The browser's side is public; the servers' side is assumed."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from tests.province.apps import App
from tests.province.ciphers import hmac_sha256, same
from tests.province.platforms.base import Answer, Asked, Entrance, Platform, Wanted, millis
from tests.province.world import Grant, Refused, World

KIND = {"na": "person", "cp": "legal"}


def _entrance(platform: str) -> Callable[[World, Mapping[str, str]], Wanted]:
    def read(world: World, query: Mapping[str, str]) -> Wanted:
        callback = query.get("backUrl", "")
        app = world.app_of_callback(platform, callback)
        return Wanted(app, callback, KIND.get(query.get("refer", "na"), "person"))

    return read


def _ours(world: World, asked: Asked, *named: str) -> App:
    """Check application, clock and signature of a call to the province."""
    said = asked.json
    app = world.app("henan", "app_id", str(said.get("appId", "")))
    world.in_time(millis(said.get("timestamp")))
    text = "".join(str(said.get(name, "")) for name in ("appId", *named, "timestamp", "nonce"))
    world.signed(
        app, lambda values: same(hmac_sha256(values["app_secret"], text).hex(), str(said.get("sign", "")))
    )
    return app


def _exchange(world: World, asked: Asked) -> Mapping[str, Any]:
    app = _ours(world, asked, "ticket")
    return _well({"token": world.token(world.redeem(app, str(asked.json.get("ticket", ""))))})


def _user(world: World, asked: Asked) -> Mapping[str, Any]:
    app = _ours(world, asked, "token")
    login = world.granted(app, str(asked.json.get("token", ""))).login
    person = world.people[login.person]
    content: dict[str, Any] = {"userType": login.kind, "authLevel": str(person.level), "state": "1"}
    if login.kind == "person":
        return _well(content | {
            "userId": f"hn-{person.id}", "name": person.name, "certificateType": person.certificate_type,
            "certificateNum": person.number, "phone": person.mobile, "email": person.email or None,
            "sex": person.sex,
        })  # fmt: skip
    company, person, agent = world.acting(login)
    representative = world.people[company.representative]
    return _well(content | {
        "userId": f"hn-corp-{company.id}", "corpName": company.name, "corpCode": company.uscc or company.code,
        "corpType": company.kind, "legalName": representative.name,
        "legalCertificateType": representative.certificate_type, "legalCertificateNum": representative.number,
        "agentName": person.name, "agentCertificateType": person.certificate_type,
        "agentCertificateNum": person.number, "agentPhone": person.mobile,
        "agentScope": ",".join(agent.scope) if agent else "", "agentUntil": agent.until if agent else "",
        "agentRelation": "agent" if agent else "legal",
    })  # fmt: skip


def _generate(world: World, asked: Asked) -> Mapping[str, Any]:
    app = _ours(world, asked, "token")
    grant = world.granted(app, str(asked.json.get("token", "")))
    target = str(asked.json.get("proxyApp", ""))
    other = world.app_of_callback("henan", target)
    return _well({"ticket": world.issue(Grant(other, grant.login, target))})


def _well(data: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"success": True, "msg": "", "data": data}


HENAN = Platform(
    name="henan",
    title="河南政务服务网 统一身份认证（豫事办）",
    look="tacs",
    needs={"app_id": "id", "app_secret": "word"},
    words={
        "expired": "票据已过期", "used": "票据已使用", "unknown_app": "应用不存在", "wrong_app": "应用不匹配",
        "signature": "签名错误", "clock": "时间戳超出允许范围", "callback": "回调地址未登记",
        "cancelled": "用户已注销", "token": "令牌无效", "missing": "参数不完整",
    },
    refuse=lambda word, text: {"success": False, "msg": text, "data": None},
    interfaces={
        "/tacs-uc/token/exchange": _exchange,
        "/tacs-uc/user/info": _user,
        "/tacs-uc/ticket/generate": _generate,
    },
    entrances={
        "/tacs-uc/login/index": Entrance(_entrance("henan")),
        "/tacs-uc/sso/loginTrust": Entrance(_entrance("henan"), trusting=True),
    },
    logout={"/tacs-uc/login/logout": "backUrl"},
    partner="national_trust",
    tells_expiry=True,
)  # fmt: skip


def _gateway(answer: Callable[[World, App, Mapping[str, Any]], Mapping[str, Any]]) -> Answer:
    """Check the headers of the state's gateway before an interface answers."""

    def checked(world: World, asked: Asked) -> Mapping[str, Any]:
        rid, sid = asked.headers.get("gjzwfwpt_rid", ""), asked.headers.get("gjzwfwpt_sid", "")
        rtime = asked.headers.get("gjzwfwpt_rtime", "")
        app = world.app("national_trust", "rid", rid)
        world.in_time(millis(rtime))
        sign = asked.headers.get("gjzwfwpt_sign", "")

        def holds(values: Mapping[str, str]) -> bool:
            mac = base64.b64encode(hmac_sha256(values["app_secret"], sid + rid + rtime)).decode()
            return sid == values["sid"] and same(mac, sign)

        world.signed(app, holds)
        return {"code": 200, "message": "成功", "data": answer(world, app, asked.json)}

    return checked


def _state_exchange(world: World, app: App, said: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"authToken": world.token(world.redeem(app, str(said.get("ticket", ""))))}


def _state_user(world: World, app: App, said: Mapping[str, Any]) -> Mapping[str, Any]:
    login = world.granted(app, str(said.get("authtoken", ""))).login
    if login.kind != "person":
        raise Refused("token")
    person = world.people[login.person]
    return {
        "userGovMid": f"gov-{person.id}", "name": person.name, "certificateType": person.certificate_type,
        "certificateNum": person.number, "phone": person.mobile, "email": person.email, "sex": person.sex,
        "authLevel": str(person.level), "state": "1",
    }  # fmt: skip


NATIONAL = Platform(
    name="national_trust",
    title="国家政务服务平台",
    look="tacs",
    needs={"rid": "id", "sid": "id", "app_secret": "word"},
    words={
        "expired": "票据过期", "used": "票据已使用", "unknown_app": "应用未注册", "wrong_app": "应用与票据不符",
        "signature": "签名校验失败", "clock": "请求时间超出允许范围", "callback": "回调地址未登记",
        "cancelled": "账号已注销", "token": "令牌无效", "missing": "参数不完整",
    },
    refuse=lambda word, text: {"code": 300, "message": text, "data": None},
    interfaces={
        "/sysapi/auth/ticket": _gateway(_state_exchange),
        "/sysapi/auth/user": _gateway(_state_user),
    },
    entrances={"/tacs-uc/sso/loginTrust": Entrance(_entrance("national_trust"), trusting=True)},
    kinds=("person",),
    partner="henan",
)  # fmt: skip

"""模拟 / A city of Gansu (USS): the application's own token signed by SM3, parameters under SM4, tokenSNO."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.province import ciphers
from tests.province.apps import App, Values
from tests.province.platforms.base import Asked, Entrance, Platform, Wanted, beijing_seconds
from tests.province.world import Grant, Refused, World

KINDS = {"10": "person", "20": "legal"}


def _read(world: World, query: Mapping[str, str]) -> Wanted:
    app = world.app("gansu_city", "appmark", query.get("appmark", ""))
    callback = query.get("gotoUrl", "")
    if not app.knows_callback(callback):
        raise Refused("callback")
    return Wanted(app, callback, KINDS.get(query.get("userType", "10"), "person"))


def _done(world: World, wanted: Wanted, grant: Grant) -> Mapping[str, str]:
    ticket = world.issue(grant)
    code = f"auth-code-{len(world.tickets)}"
    world.tickets[ticket].extra["authCode"] = code
    return {"ticket": ticket, "authCode": code, "gotoUrl": wanted.callback}


def _app_token(world: World, asked: Asked) -> Mapping[str, Any]:
    said = asked.json
    app = world.app("gansu_city", "appmark", str(said.get("appmark", "")))
    world.in_time(beijing_seconds(str(said.get("time", ""))))

    def holds(values: Values) -> bool:
        text = values["appmark"] + values["appword"] + said["time"]
        return ciphers.same(ciphers.sm3(text.encode()).hex(), str(said.get("sign", "")))

    world.signed(app, holds)
    token = world.token(Grant(app, world.nobody))
    return {"code": 6000, "msg": "", "data": token}


def _calling(world: World, asked: Asked) -> App:
    grant = world.tokens.get(asked.bearer)
    if grant is None or grant.login is not world.nobody:
        raise Refused("unknown_app")
    return grant.app


def _opened(world: World, app: App, sealed: str) -> str:
    for values in app.candidates(world.now()):
        try:
            return ciphers.unseal("sm4", values["secret_key"], sealed)
        except ValueError:
            continue
    raise Refused("signature")


def _exchange(world: World, asked: Asked) -> Mapping[str, Any]:
    app = _calling(world, asked)
    grant = world.redeem(app, _opened(world, app, asked.query.get("ticketNo", "")))
    return {"code": 6000, "msg": "", "data": world.token(grant)}


def _info(kind: str) -> Callable[[World, Asked], Mapping[str, Any]]:
    def answer(world: World, asked: Asked) -> Mapping[str, Any]:
        app = _calling(world, asked)
        grant = world.granted(app, _opened(world, app, asked.query.get("tokenSNO", "")))
        if _opened(world, app, asked.query.get("authCode", "")) != grant.extra["authCode"]:
            raise Refused("token")
        if grant.login.kind != kind:
            raise Refused("token")
        return {"code": 6000, "msg": "", "data": _data(world, grant)}

    return answer


def _data(world: World, grant: Grant) -> Mapping[str, Any]:
    person = world.people[grant.login.person]
    data = {
        "userType": "10", "loginName": f"gs{person.id}", "userName": person.name, "userMobile": person.mobile,
        "userCertNum": person.number, "corpName": "", "corpCertNum": "", "tokenNo": "-1",
    }  # fmt: skip
    if grant.login.kind == "legal":
        company, _, agent = world.acting(grant.login)
        if agent and agent.until and agent.until < world.today():
            raise Refused("token")
        data |= {
            "userType": "20", "loginName": f"gscorp{company.id}", "corpName": company.name,
            "corpCertNum": company.uscc or company.code,
        }  # fmt: skip
    return data


GANSU = Platform(
    name="gansu_city",
    title="甘肃某市统一身份认证（USS）",
    needs={"appmark": "id", "appword": "word", "secret_key": "word"},
    words={
        "expired": "票据已过期", "used": "票据已使用", "unknown_app": "应用不存在", "wrong_app": "应用与票据不符",
        "signature": "签名或密文不正确", "clock": "时间超出允许范围", "callback": "回调地址未登记",
        "missing": "参数为空", "token": "令牌无效", "cancelled": "用户已注销",
    },
    refuse=lambda word, text: {"code": 4001, "msg": text, "data": None},
    interfaces={
        "/api/app/accessToken": _app_token,
        "/api/sso/getGsCityTokenWithTicket": _exchange,
        "/api/sso/getNaturalInfoByToken": _info("person"),
        "/api/sso/getCorpInfoByToken": _info("legal"),
    },
    entrances={"/uss/login": Entrance(_read)},
    done=_done,
)  # fmt: skip

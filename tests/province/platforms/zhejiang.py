"""模拟 / Zhejiang: simpleauth (md5 with a word) behind the newer gateway (X-BG-HMAC); both are verified."""

import base64
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from tests.province.apps import App, Values
from tests.province.ciphers import hmac_sha256, md5, same
from tests.province.platforms.base import (
    Asked,
    Entrance,
    Platform,
    Wanted,
    beijing_seconds,
    either,
    gmt_seconds,
    reply,
)
from tests.province.world import Grant, Refused, World

ID_TYPES = {"111": "1", "414": "2", "114": "3", "516": "4", "511": "5", "553": "6"}


def _read(world: World, query: Mapping[str, str]) -> Wanted:
    app = world.app("zhejiang", "servicecode", query.get("servicecode", ""))
    callback = query.get("goto", "")
    if not app.knows_callback(callback):
        raise Refused("callback")
    return Wanted(app, callback, "person")


def _done(world: World, wanted: Wanted, grant: Grant) -> Mapping[str, str]:
    return {"ticket": world.issue(grant), "sp": wanted.callback}


def _through_the_gateway(world: World, asked: Asked) -> App:
    header = asked.headers
    access, date = header.get("x-bg-hmac-access-key", ""), header.get("x-bg-date-time", "")
    try:
        app = world.app("zhejiang", "access_key", access)
    except Refused as refused:
        raise Refused("gateway") from refused
    try:
        world.in_time(gmt_seconds(date))
    except Refused as refused:
        raise Refused("gateway_clock") from refused
    query = "&".join(f"{name}={asked.query[name]}" for name in sorted(asked.query))
    text = f"{asked.method}\n{asked.path}\n{query}\n{access}\n{date}\n"
    sign = header.get("x-bg-hmac-signature", "")

    def holds(values: Values) -> bool:
        return same(base64.b64encode(hmac_sha256(values["secret_key"], text)).decode(), sign)

    if header.get("x-bg-hmac-algorithm") != "hmac-sha256":
        raise Refused("gateway")
    try:
        world.signed(app, holds)
    except Refused as refused:
        raise Refused("gateway") from refused
    return app


def _simpleauth(world: World, asked: Asked) -> Mapping[str, Any]:
    behind = _through_the_gateway(world, asked)
    form = asked.form
    app = world.app("zhejiang", "servicecode", form.get("servicecode", ""))
    if app is not behind:
        raise Refused("unknown_app")
    time = form.get("time", "")
    world.in_time(beijing_seconds(time))
    world.signed(
        app,
        lambda values: same(md5(values["servicecode"] + values["servicepwd"] + time), form.get("sign", "")),
    )
    if form.get("method") == "ticketValidation":
        grant = world.redeem(app, form.get("st", ""))
        person = world.people[grant.login.person]
        return {
            "result": "0", "errmsg": "", "token": world.token(grant), "userid": f"zj{person.id}",
            "loginname": person.id, "username": person.name, "orgcoding": "001",
        }  # fmt: skip
    if form.get("method") != "getUserInfo":
        raise Refused("missing")
    person = world.people[world.granted(app, form.get("token", "")).login.person]
    return {
        "result": "0", "errmsg": "", "userid": f"zj{person.id}", "authlevel": either(person, "1", "2", "2", "3", "3"),
        "idtype": ID_TYPES.get(person.certificate_type, "99"), "idnum": person.number, "username": person.name,
        "sex": person.sex, "nation": person.nation, "mobile": person.mobile, "email": person.email,
        "birthday": person.birth_date, "useable": "1", "headpicture": "",
    }  # fmt: skip


def _refusal(word: str, text: str) -> Mapping[str, Any] | Response:
    if word.startswith("gateway"):
        return reply(401, message=text)
    return {"result": "2001", "errmsg": text}


ZHEJIANG = Platform(
    name="zhejiang",
    title="浙江政务服务网（个人）",
    needs={"servicecode": "id", "servicepwd": "word", "access_key": "id", "secret_key": "word"},
    words={
        "expired": "票据过期", "used": "票据已使用", "unknown_app": "服务代码不存在",
        "wrong_app": "服务代码与票据不符", "signature": "签名错误", "clock": "时间误差过大",
        "callback": "回调地址未登记", "missing": "参数为空", "token": "令牌无效", "cancelled": "用户已注销",
        "gateway": "HMAC signature does not match", "gateway_clock": "X-BG-DATE-TIME is out of range",
    },
    refuse=_refusal,
    interfaces={"/restapi/prod/IC33000020220228000002/sso/servlet/simpleauth": _simpleauth},
    entrances={"/sso/newusp.do": Entrance(_read), "/sso/mobile.do": Entrance(_read)},
    done=_done,
    kinds=("person",),
    hosts=("host", "api"),
    logout={"/sso/usp.do": "goto"},
)  # fmt: skip

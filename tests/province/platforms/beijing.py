"""模拟 / Beijing: Beijingtong for persons (AES in both directions) and Yizhengtong for legal persons (BLR_ fields)."""

from collections.abc import Mapping
from typing import Any

from tests.province import ciphers
from tests.province.apps import Values
from tests.province.platforms.base import Asked, Entrance, Platform, either, millis, reply
from tests.province.platforms.oauth import authenticated, entrance, with_code
from tests.province.world import Grant, Refused, World

ID_TYPES = {"111": "10", "414": "14", "516": "20", "511": "22", "553": "23"}


def _token(world: World, asked: Asked) -> Mapping[str, Any]:
    form = asked.form
    app = world.app("beijing_person", "client_id", form.get("client_id", ""))
    proof = ""

    def holds(values: Values) -> bool:
        nonlocal proof
        try:
            proof = ciphers.unseal("aes", values["client_secret"], form.get("auth_token", ""))
        except ValueError:
            return False
        said = f"{values['client_id']}:{values['client_secret']}:"
        return proof.startswith(said) and ciphers.same(values["client_secret"], form.get("client_secret", ""))

    values = world.signed(app, holds)
    world.in_time(millis(proof.rpartition(":")[2]))
    grant = world.redeem(app, form.get("grant_code", ""), form.get("redirect_uri", ""))
    grant.extra["sealed_with"] = app.sealing(values)["client_secret"]
    return _well({"access_token": world.token(grant), "token_type": "bearer", "expires_in": 1800})


def _user(world: World, asked: Asked) -> Mapping[str, Any]:
    app = world.app("beijing_person", "client_id", asked.form.get("client_id", ""))
    grant = world.granted(app, asked.form.get("access_token", ""))
    person = world.people[grant.login.person]
    return _well({
        "uniqueId": f"bj{person.id}", "userName": person.id, "mobile": person.mobile, "certName": person.name,
        "certNo": ciphers.seal("aes", grant.extra["sealed_with"], person.number),
        "certNoType": ID_TYPES.get(person.certificate_type, "99"), "certNoTypeName": "",
        "certLevel": either(person, "L1", "L2", "L2", "L3", "L4"), "mail": person.email,
        "sex": {"1": 0, "2": 1}[person.sex], "birthday": person.birth_date, "ethnicity": person.nation,
        "toonNo": "-1", "personToken": "-1",
    })  # fmt: skip


def _well(data: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"meta": {"code": 0, "message": ""}, "data": data}


PERSON = Platform(
    name="beijing_person",
    title="北京通",
    needs={"client_id": "id", "client_secret": "word"},
    words={
        "expired": "授权码已过期", "used": "授权码已使用", "unknown_app": "应用不存在",
        "wrong_app": "授权码与应用不符", "signature": "签名校验失败", "clock": "时间超出允许范围",
        "callback": "回调地址不匹配", "missing": "参数为空", "token": "令牌无效", "cancelled": "用户已注销",
    },
    refuse=lambda word, text: {"meta": {"code": 59999, "message": text}, "data": None},
    interfaces={"/renzheng/inner/oauth/token": _token, "/renzheng/inner/user/getUserInfo": _user},
    entrances={"/renzheng/open/login/goUserLogin": Entrance(entrance("beijing_person", "client_id", {}))},
    done=with_code,
    cancelled={"error": "access_denied"},
    logout={"/renzheng/open/logout": "redirect_uri"},
    kinds=("person",),
)  # fmt: skip


def _access_token(world: World, asked: Asked) -> Mapping[str, Any]:
    app = authenticated(world, "beijing_legal", asked.form)
    grant: Grant = world.redeem(app, asked.form.get("code", ""), asked.form.get("redirect_uri", ""))
    return {"access_token": world.token(grant), "token_type": "bearer", "expires_in": 1800}


def _token_info(world: World, asked: Asked) -> Mapping[str, Any]:
    login = world.granted(None, asked.query.get("access_token", "")).login
    company, person, agent = world.acting(login)
    if agent and agent.until and agent.until < world.today():
        raise Refused("token")
    return {
        "uid": f"bjcorp{company.id}", "cn": company.name,
        "idCardNumber": company.code or company.uscc[8:17], "credenceClass": "Credence_001",
        "trustLevel": either(person, "L1", "L1", "L2", "L3", "L3"),
        "instruction": ",".join(agent.scope) if agent else "", "tokenId": "-1",
        "extProperties": [
            f"UNION_CODE={company.uscc or -1}", f"BLR_NAME={person.name}", f"BLR_CARDID={person.number}",
            f"BLR_MOBILE={person.mobile or -1}", f"BLR_EMAIL={person.email or -1}",
        ],
    }  # fmt: skip


LEGAL = Platform(
    name="beijing_legal",
    title="北京一证通（法人）",
    needs={"client_id": "id", "client_secret": "word"},
    words={
        "expired": "code expired", "used": "code already used", "unknown_app": "unknown client",
        "wrong_app": "code of another client", "signature": "client authentication failed",
        "callback": "redirect_uri mismatch", "missing": "parameter missing", "token": "token invalid",
        "cancelled": "account cancelled",
    },
    refuse=lambda word, text: reply(400, error="invalid_grant", error_description=text),
    interfaces={"/oauth2/access_token": _access_token, "/oauth2/tokeninfo": _token_info},
    entrances={"/oauth2/authorize": Entrance(entrance("beijing_legal", "client_id", {"": "legal"}))},
    done=with_code,
    cancelled={"error": "access_denied"},
    logout={"/UI/Logout": "goto"},
    kinds=("legal",),
)  # fmt: skip

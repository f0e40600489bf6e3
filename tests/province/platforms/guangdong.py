"""模拟 / Guangdong: tif/sso/connect, nearly OAuth 2.0; what is empty is -1, some attributes are texts NAME=value."""

from collections.abc import Mapping
from typing import Any

from tests.province.platforms.base import Asked, Entrance, Platform, either
from tests.province.platforms.oauth import authenticated, entrance, with_code
from tests.province.world import Refused, World

ID_TYPES = {"111": "10", "414": "20"}


def _access_token(world: World, asked: Asked) -> Mapping[str, Any]:
    app = authenticated(world, "guangdong", asked.query)
    grant = world.redeem(app, asked.query.get("code", ""), asked.query.get("redirect_uri", ""))
    return {
        "access_token": world.token(grant), "expires_in": 1800, "token_type": "bearer", "refresh_token": "none",
        "scope": "all",
    }  # fmt: skip


def _token_info(world: World, asked: Asked) -> Mapping[str, Any]:
    login = world.granted(None, asked.query.get("access_token", "")).login
    person = world.people[login.person]
    level = either(person, "L0", "L1", "L1", "L2", "L3")
    user: dict[str, Any] = {
        "uid": f"gd{person.id}", "cn": person.name, "usertype": "1", "isreal": "1", "realtype": "-1",
        "telephonenumber": person.mobile or "-1", "mail": person.email or "-1",
        "idcardtype": ID_TYPES.get(person.certificate_type, "40"), "idcardnumber": person.number,
        "useridcode": "-1", "tokenid": "-1", "creditable_level_of_account": level,
        "creditable_level_of_account_way": f"{level}@YSS@{person.id}", "link_person_name": "-1",
        "extproperties": [],
    }  # fmt: skip
    if login.kind == "legal":
        company, _, agent = world.acting(login)
        if agent and agent.until:
            _still_sent(world, agent.until)
        representative = world.people[company.representative]
        user |= {
            "uid": f"gdcorp{company.id}", "cn": company.name, "usertype": "2", "mail": "-1",
            "idcardtype": "49" if company.uscc else "50", "idcardnumber": company.uscc or company.code,
            "link_person_name": person.name,
            "extproperties": [
                f"legal_name={representative.name}", f"legal_id={representative.number}",
                f"link_person_type={ID_TYPES.get(person.certificate_type, '40')}",
                f"link_person_id={person.number}", "remark=a=b",
            ],
        }  # fmt: skip
    return {"signdata": "", "userobj": user, "pareobj": {}, "user_creditable_level": {"way_list": []}}


def _still_sent(world: World, until: str) -> None:
    if until < world.today():
        raise Refused("token")


GUANGDONG = Platform(
    name="guangdong",
    title="广东省统一身份认证平台",
    needs={"client_id": "id", "client_secret": "word"},
    words={
        "expired": "授权码已过期", "used": "授权码已使用", "unknown_app": "client_id 不正确",
        "wrong_app": "授权码不属于该 client_id", "signature": "client_secret 不正确",
        "callback": "redirect_uri 不匹配", "missing": "参数为空", "token": "令牌无效", "cancelled": "用户已注销",
    },
    refuse=lambda word, text: {"errcode": "40001", "msg": text},
    interfaces={
        "/tif/sso/connect/oauth2/access_token": _access_token,
        "/tif/sso/connect/oauth2/tokeninfo": _token_info,
    },
    entrances={"/tif/sso/connect/page/oauth2/authorize": Entrance(entrance("guangdong", "client_id", {}))},
    done=with_code,
    cancelled={"error": "access_denied"},
    logout={"/tif/sso/connect/page/oauth2/logout": "redirect_uri"},
)  # fmt: skip

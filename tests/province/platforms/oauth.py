"""模拟 / The city of Pingdingshan (OAuth 2.0, assumed) and a plain OpenID provider (PKCE demanded)."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from tests.province.apps import App
from tests.province.ciphers import same
from tests.province.platforms.base import Asked, Entrance, Platform, Wanted, reply
from tests.province.world import Grant, Refused, World


def entrance(platform: str, name: str, kinds: Mapping[str, str]) -> Callable[..., Wanted]:
    """Reads an authorisation request; `name` is what the client id is called in the profile."""

    def read(world: World, query: Mapping[str, str]) -> Wanted:
        app = world.app(platform, name, query.get("client_id", ""))
        callback = query.get("redirect_uri", "")
        if not app.knows_callback(callback):
            raise Refused("callback")
        extra = {"challenge": query.get("code_challenge", "")}
        if platform == "oidc" and (query.get("code_challenge_method") != "S256" or not extra["challenge"]):
            raise Refused("missing")
        kind = kinds.get(query.get("userType", ""), "person")
        return Wanted(app, callback, kind, query.get("state", ""), extra)

    return read


def with_code(world: World, wanted: Wanted, grant: Grant) -> Mapping[str, str]:
    """The callback's parameters."""
    return {"code": world.issue(grant)}


def authenticated(world: World, platform: str, said: Mapping[str, str]) -> App:
    """The client that sent its secret in a form or a query."""
    app = world.app(platform, "client_id", said.get("client_id", ""))
    world.signed(app, lambda values: same(values["client_secret"], said.get("client_secret", "")))
    return app


def _token(platform: str) -> Callable[[World, Asked], Mapping[str, Any]]:
    def answer(world: World, asked: Asked) -> Mapping[str, Any]:
        app = authenticated(world, platform, asked.form)
        if asked.form.get("grant_type") != "authorization_code":
            raise Refused("missing")
        grant = world.redeem(app, asked.form.get("code", ""), asked.form.get("redirect_uri", ""))
        if platform == "oidc":
            digest = hashlib.sha256(asked.form.get("code_verifier", "").encode()).digest()
            if not same(base64.urlsafe_b64encode(digest).decode().rstrip("="), grant.extra["challenge"]):
                raise Refused("used")
        return {"access_token": world.token(grant), "token_type": "Bearer", "expires_in": 1800}

    return answer


def _city_user(world: World, asked: Asked) -> Mapping[str, Any]:
    login = world.granted(None, asked.bearer).login
    person = world.people[login.person]
    content: dict[str, Any] = {
        "userCode": f"pds{person.id}", "userType": "1", "name": person.name,
        "certificateType": person.certificate_type, "certificateNumber": person.number, "mobile": person.mobile,
        "email": person.email, "sex": person.sex, "nation": person.nation, "realNameLevel": person.level,
        "status": "normal",
    }  # fmt: skip
    if login.kind == "legal":
        company, _, agent = world.acting(login)
        content |= {
            "userCode": f"pds-corp-{company.id}", "userType": "2", "organizationName": company.name,
            "unifiedSocialCreditCode": company.uscc or company.code, "serviceObject": company.kind,
            "registeredAddress": company.address, "legalRepresentative": world.people[company.representative].name,
            "relation": "agent" if agent else "legal_representative",
        }  # fmt: skip
    return {"code": 0, "message": "", "data": content}


def _claims(world: World, asked: Asked) -> Mapping[str, Any]:
    person = world.people[world.granted(None, asked.bearer).login.person]
    claims = {
        "sub": f"op-{person.id}", "name": person.name, "certificate_type": person.certificate_type,
        "certificate_number": person.number, "phone_number": person.mobile, "email": person.email,
        "real_name_level": person.level,
    }  # fmt: skip
    return {name: value for name, value in claims.items() if value != ""}


def _city_refusal(word: str, text: str) -> Mapping[str, Any] | Response:
    if word in ("cancelled", "token"):
        return {"code": 40301, "message": text}
    return reply(400, error="invalid_request", error_description=text)


PINGDINGSHAN = Platform(
    name="henan_via_pingdingshan",
    title="平顶山市统一身份认证（转接豫事办）",
    needs={"client_id": "id", "client_secret": "word"},
    words={
        "expired": "code expired", "used": "code already used", "unknown_app": "unknown client",
        "wrong_app": "code of another client", "signature": "client authentication failed",
        "callback": "redirect_uri mismatch", "cancelled": "用户已注销", "token": "令牌无效",
        "missing": "parameter missing",
    },
    refuse=_city_refusal,
    interfaces={"/oauth2/token": _token("henan_via_pingdingshan"), "/oauth2/userinfo": _city_user},
    entrances={
        "/oauth2/authorize": Entrance(
            entrance("henan_via_pingdingshan", "client_id", {"1": "person", "2": "legal"})
        )
    },
    done=with_code,
    cancelled={"error": "access_denied"},
    logout={"/oauth2/logout": "redirect_uri"},
)  # fmt: skip

_OIDC_WORDS = {
    "expired": "invalid_grant", "used": "invalid_grant", "wrong_app": "invalid_grant", "callback": "invalid_grant",
    "unknown_app": "invalid_client", "signature": "invalid_client", "missing": "invalid_request",
    "token": "invalid_token", "cancelled": "invalid_token",
}  # fmt: skip

OIDC = Platform(
    name="oidc",
    title="OpenID 上游",
    needs={"client_id": "id", "client_secret": "word"},
    words=_OIDC_WORDS,
    refuse=lambda word, text: reply(401 if text in ("invalid_client", "invalid_token") else 400, error=text),
    interfaces={"/token": _token("oidc"), "/userinfo": _claims},
    entrances={"/authorize": Entrance(entrance("oidc", "client_id", {}))},
    done=with_code,
    cancelled={"error": "access_denied"},
    logout={"/end_session": "post_logout_redirect_uri"},
    kinds=("person",),
)

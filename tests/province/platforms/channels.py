"""模拟 / WeChat's mini programs and Alipay: they know whose channel it is, not who somebody is."""

from collections.abc import Mapping
from typing import Any

from tests.province.apps import Values
from tests.province.ciphers import rsa_verified, same
from tests.province.platforms.base import Asked, Entrance, Platform, Wanted, dashed_seconds
from tests.province.world import Grant, Refused, World

WECHAT_CODES = {
    "expired": 40029, "used": 40163, "unknown_app": 40013, "wrong_app": 40029, "signature": 40125, "missing": 41008,
}  # fmt: skip


def _page(world: World, query: Mapping[str, str]) -> Wanted:
    """The district's own page in its mini program: it has `wx.login` tell whose telephone this is."""
    app = world.app("wechat_miniprogram", "appid", query.get("appid", ""))
    callback = query.get("back", "")
    if not app.knows_callback(callback):
        raise Refused("callback")
    return Wanted(app, callback, "person")


def _session(world: World, asked: Asked) -> Mapping[str, Any]:
    app = world.app("wechat_miniprogram", "appid", asked.query.get("appid", ""))
    world.signed(app, lambda values: same(values["secret"], asked.query.get("secret", "")))
    grant = world.redeem(app, asked.query.get("js_code", ""))
    return {"openid": f"wx-{grant.login.person}", "session_key": "not to be kept"}


WECHAT = Platform(
    name="wechat_miniprogram",
    title="微信小程序",
    needs={"appid": "id", "secret": "word"},
    words={
        "expired": "invalid code", "used": "code been used", "unknown_app": "invalid appid",
        "wrong_app": "invalid code", "signature": "invalid appsecret", "missing": "missing code",
        "callback": "back is not registered",
    },
    refuse=lambda word, text: {"errcode": WECHAT_CODES.get(word, -1), "errmsg": text},
    interfaces={"/sns/jscode2session": _session},
    entrances={"/pages/login": Entrance(_page)},
    done=lambda world, wanted, grant: {"js_code": world.issue(grant)},
    kinds=("person",),
    hosts=("host", "entrance"),
)  # fmt: skip


def _read(world: World, query: Mapping[str, str]) -> Wanted:
    app = world.app("alipay", "app_id", query.get("app_id", ""))
    callback = query.get("redirect_uri", "")
    if not app.knows_callback(callback):
        raise Refused("callback")
    return Wanted(app, callback, "person", query.get("state", ""))


def _done(world: World, wanted: Wanted, grant: Grant) -> Mapping[str, str]:
    return {"auth_code": world.issue(grant), "app_id": wanted.app.values["app_id"], "scope": "auth_user"}


def _gateway(world: World, asked: Asked) -> Mapping[str, Any]:
    form = asked.form
    app = world.app("alipay", "app_id", form.get("app_id", ""))
    world.in_time(dashed_seconds(form.get("timestamp", "")))
    signed = "&".join(f"{name}={form[name]}" for name in sorted(form) if name != "sign" and form[name])

    def holds(values: Values) -> bool:
        return rsa_verified(app.public_key(values), signed, form.get("sign", ""))

    world.signed(app, holds)
    if form.get("method") == "alipay.system.oauth.token":
        grant = world.redeem(app, form.get("code", ""))
        return {
            "alipay_system_oauth_token_response": {
                "user_id": f"2088{grant.login.person}", "access_token": world.token(grant),
                "refresh_token": "none", "expires_in": 1800, "re_expires_in": 3600,
            }
        }  # fmt: skip
    if form.get("method") != "alipay.user.info.share":
        raise Refused("missing")
    grant = world.granted(app, form.get("auth_token", ""))
    return {
        "alipay_user_info_share_response": {
            "code": "10000",
            "msg": "Success",
            "user_id": f"2088{grant.login.person}",
        }
    }


ALIPAY = Platform(
    name="alipay",
    title="支付宝",
    needs={"app_id": "id", "private_key": "rsa"},
    words={
        "expired": "isv.code-invalid", "used": "isv.code-used", "unknown_app": "isv.invalid-app-id",
        "wrong_app": "isv.code-invalid", "signature": "isv.invalid-signature", "clock": "isv.invalid-timestamp",
        "callback": "isv.invalid-redirect-uri", "missing": "isv.missing-method", "token": "aop.invalid-auth-token",
        "cancelled": "aop.invalid-auth-token",
    },
    refuse=lambda word, text: {"error_response": {"code": "40002", "msg": "Invalid Arguments", "sub_code": text}},
    interfaces={"/gateway.do": _gateway},
    entrances={"/oauth2/publicAppAuthorize.htm": Entrance(_read)},
    done=_done,
    cancelled={"error": "access_denied"},
    kinds=("person",),
    hosts=("host", "entrance"),
)  # fmt: skip

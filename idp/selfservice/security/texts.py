"""What the pages and the interface say of a change to what protects an account that is not made."""

from collections.abc import Mapping

from idp.authentication.model import FactorRefusal
from idp.infrastructure.translations import mark as _

FACTOR_REFUSALS: Mapping[FactorRefusal, str] = {
    FactorRefusal.TOO_WEAK: _("请先再验证一次身份，再修改登录方式。"),
    FactorRefusal.TOO_FEW: _("按规定，您的账号必须保留第二步验证。请先添加另一个，再移除这个。"),
    FactorRefusal.LAST_WAY: _(
        "这是您登录的最后一种方式。请先设置密码、绑定手机号或添加另一个通行密钥，再移除这个。"
    ),
    FactorRefusal.TOO_MANY: _("数量已到上限，请先移除不用的。"),
    FactorRefusal.BUSY: _("另一处正在修改登录方式，请稍后再试。"),
    FactorRefusal.NONE_YET: _("请先添加身份验证器或通行密钥，再生成恢复码。"),
}

"""模拟 / All simulated platforms, by the name of their profile."""

from collections.abc import Mapping

from tests.province.platforms import beijing, channels, esso, gansu, guangdong, jis, oauth, tacs, zhejiang
from tests.province.platforms.base import Platform

PLATFORMS: Mapping[str, Platform] = {
    platform.name: platform
    for platform in (
        tacs.HENAN, oauth.PINGDINGSHAN, tacs.NATIONAL, jis.JIS1, jis.JIS2, zhejiang.ZHEJIANG, esso.ESSO,
        guangdong.GUANGDONG, beijing.PERSON, beijing.LEGAL, gansu.GANSU, oauth.OIDC, channels.WECHAT, channels.ALIPAY,
    )
}  # fmt: skip

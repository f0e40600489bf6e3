"""What people call certificates, methods and mistakes; the words come from certificates.py and proof.py."""

from collections.abc import Mapping

from idp.accounts.real_names.certificates import CertificateProblem, CertificateType
from idp.infrastructure.translations import mark as _

TYPE_TEXTS: Mapping[CertificateType, str] = {
    CertificateType.RESIDENT_ID: _("居民身份证"),
    CertificateType.TEMPORARY_RESIDENT_ID: _("临时居民身份证"),
    CertificateType.HOUSEHOLD_REGISTER: _("户口簿"),
    CertificateType.MILITARY_OFFICER: _("军官证"),
    CertificateType.ARMED_POLICE_OFFICER: _("武警警官证"),
    CertificateType.DIPLOMATIC_PASSPORT: _("外交护照"),
    CertificateType.SERVICE_PASSPORT: _("公务护照"),
    CertificateType.PUBLIC_AFFAIRS_PASSPORT: _("公务普通护照"),
    CertificateType.PASSPORT: _("普通护照"),
    CertificateType.TRAVEL_DOCUMENT: _("旅行证"),
    CertificateType.HONG_KONG_PASSPORT: _("香港特别行政区护照"),
    CertificateType.MACAU_PASSPORT: _("澳门特别行政区护照"),
    CertificateType.TAIWAN_TRAVEL_PERMIT: _("台湾居民来往大陆通行证"),
    CertificateType.TAIWAN_TRAVEL_PERMIT_ONCE: _("台湾居民来往大陆通行证（一次有效）"),
    CertificateType.HONG_KONG_MACAU_TRAVEL_PERMIT: _("港澳居民来往内地通行证"),
    CertificateType.FOREIGNER_PERMANENT_RESIDENCE: _("外国人永久居留身份证"),
    CertificateType.FOREIGNER_RESIDENCE: _("外国人居留证件"),
    CertificateType.OTHER: _("其他证件"),
    CertificateType.HK_MACAU_TAIWAN_RESIDENCE: _("港澳台居民居住证"),
}
"""Every type, in the order of the codes."""

PROBLEM_TEXTS: Mapping[CertificateProblem, str] = {
    CertificateProblem.TYPE: _("请选择证件类型。"),
    CertificateProblem.LENGTH: _("证件号码的位数不对，应为 18 位。"),
    CertificateProblem.FORM: _("证件号码与所选的证件类型不符。请检查证件类型和号码。"),
    CertificateProblem.CHECK: _("证件号码有误，请对照证件逐位核对。"),
    CertificateProblem.BIRTH_DATE: _("证件号码里的出生日期不对，请对照证件核对。"),
    CertificateProblem.AREA: _("证件号码开头的地区代码不对，请对照证件核对。"),
    CertificateProblem.OLD: _("这是 15 位的旧号码。请填写身份证上的 18 位号码。"),
    CertificateProblem.IS_RESIDENCE_PERMIT: _(
        "这是港澳台居民居住证的号码。请把证件类型改为“港澳台居民居住证”。"
    ),
    CertificateProblem.IS_PERMANENT_RESIDENCE: _(
        "这是外国人永久居留身份证的号码。请把证件类型改为“外国人永久居留身份证”。"
    ),
    CertificateProblem.IS_RESIDENT_ID: _("这是居民身份证的号码。请把证件类型改为“居民身份证”。"),
}
"""How to put it right."""

METHOD_TEXTS: Mapping[str, str] = {
    "population": _("核对姓名和证件号码"),
    "carrier": _("核对姓名、证件号码和手机号"),
    "network_identity": _("国家网络身份认证"),
    "counter": _("窗口当面核验"),
    "upstream": _("其他政务平台"),
    "operator": _("管理员设置"),
}
"""How something was proved, by real_name_records.method."""

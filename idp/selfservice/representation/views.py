"""What the pages about organisations and mandates share: words, rows as they are shown, the fields of an invitation."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from idp.authentication.visitor import Visitor
from idp.infrastructure import typed
from idp.infrastructure.beijing import BEIJING, clock
from idp.infrastructure.translations import mark as _
from idp.organizations.inviting import Invitation
from idp.organizations.ledger import CHANGED
from idp.organizations.model import (
    DAY,
    OPEN,
    LegalPersonKind,
    MandateRefusalReason,
    MandateRefused,
    MandateState,
    Relation,
    Role,
    Scope,
)
from idp.organizations.records import NamedMandate
from idp.relying_parties.service import Registry

GIVING = frozenset({"resume", "renew"})
"""Decisions that give power: like an invitation, they want as strong a login as what protects the account."""
ORGANIZATIONS = "/me/organizations"
MANDATES = "/me/mandates"
SYSTEM = "system-"
"""Begins the names of the check boxes of systems."""

KINDS = {
    LegalPersonKind.ENTERPRISE: _("企业法人"),
    LegalPersonKind.INSTITUTION: _("事业法人"),
    LegalPersonKind.SOCIAL_ORGANISATION: _("社会组织法人"),
    LegalPersonKind.AUTHORITY: _("行政机关"),
    LegalPersonKind.OTHER: _("其他组织"),
}
RELATIONS = {
    Relation.LEGAL_REPRESENTATIVE: _("法定代表人"),
    Relation.AGENT: _("经办人"),
    Relation.GUARDIAN: _("监护人"),
    Relation.FAMILY_HELPER: _("亲友代办"),
    Relation.COUNTER: _("窗口代办"),
}
ADMINISTRATOR = _("管理员")
STATES = {
    MandateState.INVITED: _("等对方接受"),
    MandateState.ACTIVE: _("生效中"),
    MandateState.SUSPENDED: _("已暂停"),
    MandateState.REVOKED: _("已结束"),
    MandateState.DECLINED: _("对方没有接受"),
    MandateState.EXPIRED: _("已到期"),
}
STATES_FOR_AGENT = STATES | {
    MandateState.INVITED: _("等您接受"),
    MandateState.DECLINED: _("您没有接受"),
}
"""The same as whoever was asked reads it."""
REASONS = {
    MandateRefusalReason.LEVEL: _("您的实名等级不够。请先到“实名认证”提升等级。"),
    MandateRefusalReason.NO_CERTIFICATE: _("您的账号还没有证件信息。请先到“实名认证”完成认证。"),
    MandateRefusalReason.CODE: _("统一社会信用代码不对。它有 18 位，请照营业执照重新填写。"),
    MandateRefusalReason.NAME: _("名称或姓名不对，请照证照上的写法填写。"),
    MandateRefusalReason.NOT_CONFIRMED: _(
        "登记信息核对不上。请检查填写的内容；如果没有填错，请带证件到窗口办理。"
    ),
    MandateRefusalReason.NOT_THE_HOLDER: _("扫码确认的人和现在登录的人不是同一个人。请本人登录后再扫码。"),
    MandateRefusalReason.DISSOLVED: _("登记信息显示这家单位已注销、吊销，或授权已过期，不能绑定。"),
    MandateRefusalReason.UNAVAILABLE: _("现在联系不上登记部门的系统，请稍后再试，或到窗口办理。"),
    MandateRefusalReason.TOO_OFTEN: _("尝试次数过多，请稍后再试。"),
    MandateRefusalReason.NOT_YOURS: _("您没有这项权限，或者授权刚刚变了。"),
    MandateRefusalReason.PHONE: _("手机号不对，请填写 11 位的大陆手机号。"),
    MandateRefusalReason.OWN: _("不能授权给自己。"),
    MandateRefusalReason.DATES: _("截止日期不对：要在今天之后，也不能晚于您自己的授权期限。"),
    MandateRefusalReason.SCOPE: _("授权范围不对：不能超出您自己的授权范围，事项编码用空格分开。"),
    MandateRefusalReason.UNKNOWN_ORGANIZATION: _("这家单位还没有在本平台绑定。请对方的法定代表人先绑定。"),
    MandateRefusalReason.OVER: _("页面已过期，请重新开始。"),
    MandateRefusalReason.CERTIFICATE: _("证件号码不对，请检查后重新填写。"),
    MandateRefusalReason.NOT_A_MINOR: _("对方已满 18 岁。成年人请使用“亲友代办”。"),
    MandateRefusalReason.STATEMENT: _("请先勾选声明。"),
}
FIELDS = {
    MandateRefusalReason.CODE: "unified_social_credit_code",
    MandateRefusalReason.UNKNOWN_ORGANIZATION: "unified_social_credit_code",
    MandateRefusalReason.NAME: "name",
    MandateRefusalReason.PHONE: "phone",
    MandateRefusalReason.DATES: "valid_until",
    MandateRefusalReason.SCOPE: "items",
    MandateRefusalReason.CERTIFICATE: "certificate_number",
    MandateRefusalReason.NOT_A_MINOR: "certificate_number",
    MandateRefusalReason.STATEMENT: "statement",
}
"""The field that an error is about."""
LAPSED = _("页面已过期，请重试。")
MISSED = _("没有办成：授权刚刚变了，或者您没有这项权限。")
STATUS = {
    MandateRefusalReason.TOO_OFTEN: 429,
    MandateRefusalReason.UNAVAILABLE: 503,
    MandateRefusalReason.NOT_CONFIRMED: 409,
    MandateRefusalReason.LEVEL: 409,
}


@dataclass(frozen=True, slots=True)
class ShownProblem:
    """What a page says when something could not be done."""

    text: str
    field: str = ""
    status: int = 400


def problem(refused: MandateRefused) -> ShownProblem:
    """The words for a refusal."""
    return ShownProblem(
        REASONS[refused.reason], FIELDS.get(refused.reason, ""), STATUS.get(refused.reason, 400)
    )


class Views:
    """Mandates as the pages show them."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def mandate(
        self,
        visitor: Visitor,
        one: NamedMandate,
        decisions: Collection[str] = frozenset(),
        *,
        to_agent: bool = False,
    ) -> dict[str, object]:
        """One mandate, as whoever gave it reads it, or the agent; and what whoever looks at it may do with it."""
        say = visitor.say
        states = STATES_FOR_AGENT if to_agent else STATES
        relation = ADMINISTRATOR if one.role is Role.ADMINISTRATOR else RELATIONS[one.relation]
        return {
            "id": one.id,
            "relation": say(relation),
            "is_representative": one.relation is Relation.LEGAL_REPRESENTATIVE,
            "is_guardian": one.relation is Relation.GUARDIAN,
            "principal": one.principal_name,
            "principal_code": one.principal_code,
            "agent": one.agent_name,
            "is_organization": one.agent_legal_person_id is not None,
            "through": one.through_name,
            "through_id": one.through_id,
            "state": one.state,
            "state_text": say(states[one.state]),
            "pending": one.state is MandateState.SUSPENDED and one.end_reason == CHANGED,
            "open": one.state in OPEN,
            "decisions": sorted(decisions),
            "systems": self.systems(one),
            "items": list(one.items),
            "since": clock(one.valid_from),
            "until": clock(one.valid_until) if one.valid_until else None,
        }

    def mandates(
        self,
        visitor: Visitor,
        several: Iterable[NamedMandate],
        decisions: Mapping[str, Collection[str]] | None = None,
        *,
        to_agent: bool = False,
    ) -> list[dict[str, object]]:
        """Several; `decisions` by their ids."""
        found = decisions or {}
        return [self.mandate(visitor, one, found.get(one.id, ()), to_agent=to_agent) for one in several]

    def systems(self, one: NamedMandate) -> list[str]:
        """The names of the systems that a mandate is for."""
        found = ((self._registry.find(client_id), client_id) for client_id in one.systems)
        return [client.client_name if client else client_id for client, client_id in found]

    def choices(self, fields: Mapping[str, str]) -> list[tuple[str, str, bool]]:
        """The check boxes of systems: field, name, whether it is ticked."""
        return [
            (
                f"{SYSTEM}{one.client.client_id}",
                one.client.client_name,
                f"{SYSTEM}{one.client.client_id}" in fields,
            )
            for one in self._registry.all()
            if not one.disabled and one.client.redirect_uris  # people can enter it
        ]


def invitation(fields: dict[str, str]) -> Invitation:
    """What a form asks for; raises Refused."""
    return Invitation(
        name=fields.get("name", ""),
        phone=fields.get("phone", ""),
        code=fields.get("unified_social_credit_code", ""),
        role=Role.ADMINISTRATOR if fields.get("role") == Role.ADMINISTRATOR else Role.AGENT,
        scope=Scope(
            tuple(name.removeprefix(SYSTEM) for name in fields if name.startswith(SYSTEM)),
            typed.words(fields.get("items", "")),
            last_instant(fields.get("valid_until", "")),
        ),
    )


def last_instant(text: str) -> float | None:
    """The end of a day, in China; raises Refused."""
    plain = typed.day(text)
    if not plain:
        return None
    try:
        day = datetime.strptime(plain, "%Y-%m-%d").replace(tzinfo=BEIJING)
    except ValueError as error:
        raise MandateRefused(MandateRefusalReason.DATES) from error
    return day.timestamp() + DAY

"""What a person reads when a login by an upstream platform did not come about: plain words for each reason."""

from collections.abc import Mapping
from dataclasses import dataclass

from idp.federation.linking.outcomes import ArrivalRefusalReason, ArrivalRefused
from idp.federation.model import Failure, LoginFailureReason
from idp.infrastructure.translations import mark as _


@dataclass(frozen=True, slots=True)
class Told:
    """Title and text; `again` offers the same way once more."""

    title: str
    text: str
    status: int = 400
    again: bool = True


_FAILED = _("登录没有成功")
_AWAY = _("%(platform)s暂时连不上")
_OURS = _("这是我们和%(platform)s之间的设置问题，不是您的错。我们已经记录，请先用别的方式登录。")
_LATER = _("不是您的错。请稍后再试，或者现在就用下面的方式登录。有些事项要等它恢复后才能办。")

FAILURES: Mapping[LoginFailureReason, Told] = {
    LoginFailureReason.TICKET_EXPIRED: Told(
        _FAILED, _("从%(platform)s回来用的时间太长，凭证已过期。请重新登录。")
    ),
    LoginFailureReason.TICKET_USED: Told(_FAILED, _("这次登录已经用过了，不能再用一次。请重新登录。"), 409),
    LoginFailureReason.WRONG_APP: Told(_FAILED, _OURS, 502, again=False),
    LoginFailureReason.WRONG_SIGNATURE: Told(_FAILED, _OURS, 502, again=False),
    LoginFailureReason.CLOCK: Told(_FAILED, _OURS, 502, again=False),
    LoginFailureReason.CONFIGURATION: Told(_FAILED, _OURS, 502, again=False),
    LoginFailureReason.REFUSED: Told(
        _FAILED, _("%(platform)s没有同意这次登录。如果是您自己取消的，可以重新登录。"), 403
    ),
    LoginFailureReason.CANCELLED: Told(
        _("那里的账号已注销"),
        _("您在%(platform)s的账号已经注销，不能再从那里登录。在本系统的账号仍然可以用，请用别的方式登录。"),
        403,
        again=False,
    ),
    LoginFailureReason.NO_TICKET: Told(_FAILED, _("%(platform)s没有带回登录信息。请重新登录。")),
    LoginFailureReason.UNAVAILABLE: Told(_AWAY, _LATER, 503),
    LoginFailureReason.MALFORMED: Told(_AWAY, _LATER, 503),
    LoginFailureReason.INCOMPLETE: Told(
        _FAILED, _("%(platform)s没有给出足够的信息，认不出您是谁。请用别的方式登录。"), 502, again=False
    ),
}

REFUSALS: Mapping[ArrivalRefusalReason, Told] = {
    ArrivalRefusalReason.CLOSED: Told(
        _("账号现在不能用"),
        _("与%(platform)s关联的账号已被冻结或关闭。请带证件到窗口，或联系服务台。"),
        403,
        again=False,
    ),
    ArrivalRefusalReason.HELD: Told(
        _("请先用本人账号登录一次"),
        _("您的证件在本系统的另一个账号上登记过。请先用%(platform)s的个人账号登录，确认那个账号是不是您的，再以企业身份登录。"),
        409,
        again=False,
    ),
    ArrivalRefusalReason.CONFLICT: Told(
        _("信息对不上，需要核实"),
        _("%(platform)s给出的信息和本系统登记的不一致，为了您的账号安全，这次没有让您进入。"
          "工作人员会核实。您也可以带证件到窗口，或先用别的方式登录。"),
        409,
        again=False,
    ),
    ArrivalRefusalReason.CHILD: Told(
        _("需要监护人先办理"), _("未满 14 岁的人开通账号，要由监护人同意。请和监护人一起到窗口办理。"), 403,
        again=False,
    ),
    ArrivalRefusalReason.LEVEL: Told(
        _("那里的认证等级不够"),
        _("您的企业账号在%(platform)s的认证等级不够，不能用来办事。请先在那里完成认证，再回来登录。"),
        403,
    ),
    ArrivalRefusalReason.NO_CODE: Told(
        _("没有统一社会信用代码"),
        _("%(platform)s没有给出这家单位的统一社会信用代码。请先换发新执照，或到窗口办理。"),
        409,
        again=False,
    ),
    ArrivalRefusalReason.ORGANIZATION: Told(
        _("这家单位不能办事"), _("登记信息显示这家单位已经注销。如有疑问，请到窗口咨询。"), 403, again=False
    ),
    ArrivalRefusalReason.AGENT: Told(
        _("认不出经办人"),
        _("%(platform)s没有说清楚是谁在为这家单位办事，或者授权已经暂停。请在那里补全经办人的姓名、证件和期限。"),
        403,
    ),
    ArrivalRefusalReason.AGENT_EXPIRED: Told(
        _("经办授权已到期"), _("您为这家单位办事的授权已到期。请让法定代表人在%(platform)s续期，再重新登录。"), 403
    ),
    ArrivalRefusalReason.LAPSED: Told(_FAILED, _("这个页面已过期，或者已经用过。请重新登录。")),
    ArrivalRefusalReason.BROWSER: Told(
        _FAILED,
        _("登录要在同一个浏览器里开始和完成。请在这个浏览器里重新登录。如果不是您自己打开的链接，请关闭页面。"),
        403,
    ),
}  # fmt: skip

NOT_FROM_THERE = Told(
    _("请先从%(platform)s登录"), _("要带着登录状态去那里的应用，请先用%(platform)s的账号登录。"), 403
)
NO_TARGET = Told(_("没有这个应用"), _("没有登记这个应用。请检查链接，或联系服务台。"), 404, again=False)


def told(why: ArrivalRefused | Failure) -> Told:
    """The words for a refusal."""
    return FAILURES[why.reason] if isinstance(why, Failure) else REFUSALS[why.why]

"""Level 3: the national network identity (网号/网证), confirmed in its app with a face or a password.

Published: the modes, `bizSeq` of 32 letters and digits used once, the client's fields and its answer (official WeChat
guide of 2026-04-28); the server call is the one that a province exposes. Assumption: that name and number are compared
in that call, and the names of these two fields and of what is answered. Of the answer only the result, the time, the
mode and a keyed hash of the application identifier are kept; a picture is neither taken nor sent.
"""

from enum import StrEnum

from idp.accounts.real_names.authority import Authority, AuthorityUnavailable
from idp.accounts.real_names.certificates import CertificateType
from idp.accounts.real_names.proof import Proof
from idp.accounts.verifiers.interface import IdentityClaim, VerifierPage
from idp.infrastructure.translations import mark as _

SERVICE, PATH = "networkIdentity.check", "/nationalCertification/userInfoCheck"
APP_NAME = "湛河统一身份认证"
SUCCESS = "C0000000"
NOT_INSTALLED = "C0412002"


class Mode(StrEnum):
    """What the person does in the app."""

    CREDENTIAL = "R01"
    CREDENTIAL_PASSWORD = "R02"  # noqa: S105
    CREDENTIAL_FACE = "R03"
    CREDENTIAL_PASSWORD_FACE = "R04"  # noqa: S105


CLIENT_TYPES = {
    Mode.CREDENTIAL: "0",
    Mode.CREDENTIAL_PASSWORD: "1",
    Mode.CREDENTIAL_FACE: "0",
    Mode.CREDENTIAL_PASSWORD_FACE: "1",
}
"""`type` of the client's call."""


def client_call(authority: Authority, biz_seq: str, mode: Mode) -> dict[str, str]:
    """What the app is called with."""
    return {
        "orgID": authority.access.org_id,
        "appID": authority.access.app_id,
        "bizSeq": biz_seq,
        "type": CLIENT_TYPES[mode],
    }


class NetworkIdentity:
    """See `Verifier`."""

    method = "network_identity"
    level = 3
    types = frozenset(
        {
            CertificateType.RESIDENT_ID,
            CertificateType.HK_MACAU_TAIWAN_RESIDENCE,
            CertificateType.FOREIGNER_PERMANENT_RESIDENCE,
            CertificateType.HONG_KONG_MACAU_TRAVEL_PERMIT,
            CertificateType.TAIWAN_TRAVEL_PERMIT,
            CertificateType.PASSPORT,
        }
    )
    needs_phone = False
    page: VerifierPage | None = VerifierPage(
        segment="network",
        title=_("国家网络身份认证"),
        about=_("在国家网络身份认证 App 里刷脸或输入口令。我们不采集人脸照片。完成后为 3 级。"),
        through_app=True,
    )

    async def check(self, claim: IdentityClaim, authority: Authority) -> Proof | None:
        """See `Verifier.check`."""
        mode = Mode(claim.answer["authMode"])
        data = await authority.ask(
            SERVICE,
            PATH,
            {
                "orgCode": authority.access.org_id,
                "appId": authority.access.app_id,
                "appName": APP_NAME,
                "bizSeq": claim.answer["bizSeq"],
                "authMode": mode.value,
                "idCardAuthData": claim.answer["idCardAuthData"],
                "certPwdData": claim.answer.get("certPwdData", ""),
                "name": claim.name,
                "certificateNum": claim.certificate_number,
            },
        )
        if data.get("authResult") == "不通过":
            return None
        if data.get("authResult") != "通过" or not isinstance(data.get("applicationIdentifier"), str):
            raise AuthorityUnavailable(authority.name)
        return Proof(
            level=1 if mode is Mode.CREDENTIAL else self.level,
            method=self.method,
            source=f"{authority.name}:{mode.value}",
            evidence_reference=authority.digest(data["applicationIdentifier"]),
            name=claim.name,
            certificate_type=claim.certificate_type,
            certificate_number=claim.certificate_number,
        )


VERIFIER = NetworkIdentity()

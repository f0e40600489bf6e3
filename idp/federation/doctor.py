"""`idp doctor` on the platforms by which people log in."""

from collections.abc import Iterator

from idp.federation.profiles.check import weaknesses
from idp.federation.profiles.installation import BadInstallation, InstallationSettings, upstreams
from idp.federation.profiles.model import Status
from idp.infrastructure.findings import Checks, Finding

_RESTS_ON = {
    Status.STANDARD: "a published standard",
    Status.OBSERVED: "published client code, not on the platform's own document",
    Status.ASSUMPTION: "assumptions: compare it with the platform's own document (idp upstream check)",
}


def platforms(settings: InstallationSettings) -> Iterator[Finding]:
    """The platforms by which people log in: on what each profile rests, and where it is weaker than our own rules."""
    try:
        installed = upstreams(settings)
    except BadInstallation as error:
        yield Finding("upstream", False, str(error))
        return
    for name, one in installed.items():
        says = [f"{name} rests on {_RESTS_ON[one.profile.status]}", *weaknesses(one.profile)]
        yield Finding("upstream", True, ", ".join(says))


CHECKS = Checks(of_settings=platforms)

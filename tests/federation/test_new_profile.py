"""A platform nobody foresaw, described in TOML alone, against the simulator."""

from pathlib import Path

import pytest

from idp.federation.model import Failure, LoginFailureReason
from idp.federation.profiles.check import problems
from idp.federation.profiles.model import read_profile
from tests.federation.conftest import Away
from tests.support.upstream import somebody

pytestmark = pytest.mark.anyio

COUNTY = """
title = "某县统一身份认证"
title_en = "A county"
status = "assumption"
sources = "县里的文档"
unknown = ["注销"]
[variables]
host = "https://province.test/henan_via_pingdingshan"
[secrets]
required = ["client_id", "client_secret"]
[authorize]
callback_state = "query"
user_types = { person = "1" }
[authorize.channels.pc]
url = "{host}/oauth2/authorize"
query = { client_id = "{client_id}", redirect_uri = "{callback}", state = "{state}" }
[callback]
ticket = "code"
[[steps]]
name = "swap"
url = "{host}/oauth2/token"
single_use = true
success = [{ at = "/access_token", present = true }]
error_at = "/error_description"
errors = { "used" = "ticket_used" }
extract = { token = "/access_token" }
[steps.form]
grant_type = "authorization_code"
code = "{ticket}"
client_id = "{client_id}"
client_secret = "{client_secret}"
redirect_uri = "{callback}"
[[steps]]
name = "who"
method = "GET"
url = "{host}/oauth2/userinfo"
headers = { authorization = "Bearer {token}" }
success = [{ at = "/code", equals = 0 }]
[map.person]
from = "who"
fields = { subject = "/data/userCode", name = "/data/name", level = "/data/realNameLevel" }
[values.level]
3 = "2"
"""


async def test_a_platform_nobody_foresaw_takes_a_file_and_no_line_of_python(
    away: Away, tmp_path: Path
) -> None:
    trip = away("henan_via_pingdingshan")
    path = tmp_path / "county.toml"
    path.write_text(COUNTY, "utf-8")
    trip.profile = read_profile(path)
    assert problems(trip.profile, trip.engine.signers, trip.engine.transforms) == []
    parameters = await trip.walked("hui")
    assert parameters["state"] == "state-1"
    found = somebody(await trip.completed(parameters))
    assert (found.profile, found.person.name, found.level) == ("county", "阿卜杜拉·买买提", 0)
    again = await trip.completed(parameters)
    assert isinstance(again, Failure)
    assert again.reason is LoginFailureReason.TICKET_USED
    assert somebody(await trip.login("zhangsan")).level == 2

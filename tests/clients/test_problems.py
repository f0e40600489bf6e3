import pytest

from clients.sdk.core.errors import Refused
from clients.sdk.problems import problem_of
from tests.clients.stage import stage

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        ("access_denied", 403, "没有同意"),
        ("unmet_authentication_requirements", 403, "实名认证"),
        ("login_required", 401, "重新登录"),
        ("interaction_required", 401, "重新登录"),
        ("consent_required", 401, "同意"),
        ("temporarily_unavailable", 503, "稍等片刻"),
        ("server_error", 503, "稍等片刻"),
        ("invalid_scope", 502, "管理员"),
        ("unauthorized_client", 502, "管理员"),
        ("<script>alert(1)</script>", 502, "管理员"),
    ],
)
async def test_a_refusal_is_a_page_with_a_way_on(error: str, status: int, words: str) -> None:
    async with stage() as on:
        on.provider.error = error
        page = await on.visit("/me")
        assert page.status_code == status
        assert words in page.text
        assert 'href="/login?next=%2Fme"' in page.text
        assert 'href="/"' in page.text
        assert "<script" not in page.text
        assert page.headers["cache-control"] == "no-store"
        on.provider.error = None
        assert (await on.visit("/login?next=/me")).text.startswith("张三")


@pytest.mark.parametrize(
    ("status", "error", "shown"),
    [
        (400, "invalid_grant", 400),
        (401, "invalid_client", 502),
        (503, "temporarily_unavailable", 503),
        (500, "", 503),
    ],
)
async def test_trouble_with_the_code_is_a_page_with_a_way_on(status: int, error: str, shown: int) -> None:
    async with stage() as on:
        on.provider.error_at_token = (status, error)
        page = await on.visit("/me")
    assert page.status_code == shown
    assert 'href="/login?next=%2Fme"' in page.text


async def test_a_provider_that_is_down_is_a_page_that_says_when_to_come_back() -> None:
    async with stage() as on:
        on.provider.down = True
        page = await on.visit("/me")
        assert page.status_code == 503
        assert int(page.headers["retry-after"]) > 0
        assert "不是您的操作有误" in page.text
        assert (await on.visit("/login")).status_code == 503
        on.provider.down = False
        on.clock.pass_by(2)
        assert (await on.visit("/me")).status_code == 200


async def test_nobody_is_sent_to_a_provider_that_has_gone_down() -> None:
    async with stage() as on:
        assert (await on.step("/login")).status_code == 303
        on.provider.down = True
        on.clock.pass_by(60)
        assert (await on.step("/login")).status_code == 503
        on.provider.down = False
        on.clock.pass_by(2)
        assert (await on.step("/login")).status_code == 303


async def test_a_provider_that_goes_down_during_the_login_is_a_page_too() -> None:
    async with stage() as on:
        begun = await on.step("/login?next=/me")
        callback = (await on.browser.get(begun.headers["location"])).headers["location"]
        on.provider.down = True
        page = await on.browser.get(callback)
    assert page.status_code == 503
    assert 'href="/login?next=%2Fme"' in page.text


async def test_userinfo_about_somebody_else_is_not_taken() -> None:
    async with stage() as on:
        on.provider.changed_claims = {"sub": "person-2"}
        page = await on.visit("/me")
    assert page.status_code == 502


async def test_nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with stage() as on:
        await on.visit("/me")
        on.clock.pass_by(300)
        await on.step("/me")
        on.provider.error_at_token = (400, "invalid_grant")
        on.clock.pass_by(300)
        await on.step("/me")
        session_id = on.browser.cookies["credit-session"]
    ours = [record for record in caplog.records if record.name.startswith(("zhanhe", "authlib"))]
    said = "\n".join(record.getMessage() for record in ours)
    assert "refresh, session ended" in said
    for secret in ("zrt_", "zac_", "zcs_", "access_", session_id):
        assert secret not in said


def test_a_description_cannot_write_lines_of_its_own() -> None:
    problem = problem_of(Refused("a\nb", "c"))
    assert problem.reference == "refused"

"""What a stranger's request may cost: no rule sees a text of any length, no picture is drawn twice or without limit."""

import re
import unicodedata
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import segno

from idp.accounts.invalid import InvalidAccount
from idp.accounts.model import identifier_key
from idp.accounts.names import normalized_name
from idp.authentication.phone.codes import Purpose
from idp.authentication.phone.proofs import PhoneProof, Proofs
from idp.authentication.throttle import Limit
from idp.infrastructure import typed
from idp.infrastructure.typed import MOST_CHARACTERS
from tests.resilience.conftest import Storage
from tests.support.inprocess import ISSUER, Clock, Provider, provider
from tests.support.visits import CSRF_COOKIE

pytestmark = pytest.mark.anyio

PHONE = "13800000001"
HEAPS = {
    "marks": "a" + "\u0301\u0323" * 3000,  # NFC sorts them in quadratic time
    "dots": "·" * 6000,
    "blanks": "张" + " ·" * 3000,
    "hyphens": "1" + "-" * 6000,
}
NORMALIZERS: dict[str, Callable[[str], str]] = {
    "certificate number": typed.certificate_number,
    "credit code": typed.credit_code,
    "identifier": identifier_key,
}


@pytest.fixture
def longest(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of all texts that were brought into a normal form."""
    seen: list[int] = [0]
    real = unicodedata.normalize

    def normalize(form: Any, text: str) -> str:
        seen.append(len(text))
        return real(form, text)

    monkeypatch.setattr(unicodedata, "normalize", normalize)
    return seen


@pytest.fixture
async def house(storage: Storage, tmp_path: Path) -> AsyncIterator[Provider]:
    """A worker on each storage."""
    urls: dict[str, Any] = {"database_url": storage.database_url, "key_value_url": storage.key_value_url}
    async with provider(tmp_path, twice=False, clock=Clock(), message_sink=True, **urls) as running:
        yield running


@pytest.mark.parametrize("heap", HEAPS)
def test_no_rule_for_names_and_numbers_sees_a_text_of_any_length(heap: str, longest: list[int]) -> None:
    text = HEAPS[heap]
    with pytest.raises(InvalidAccount):
        normalized_name(text)
    for name, normalized in NORMALIZERS.items():
        assert normalized(text) == "", name
    assert max(longest) <= MOST_CHARACTERS
    assert normalized_name("e\u0301" * 50) == "é" * 50  # what is right in the end is long before


@pytest.mark.parametrize("heap", HEAPS)
async def test_nor_does_one_behind_a_form(house: Provider, heap: str, longest: list[int]) -> None:
    await house.open_account(
        phone=PHONE, phone_verified=True, certificate_type="414", certificate_number="E12345678"
    )
    async with house.browser() as browser:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await browser.get("/login")).text)
        assert found is not None
        name = house.worker.base.vault.token_hash("browser", browser.cookies[CSRF_COOKIE]).hex()
        text = HEAPS[heap]

        async def post(path: str, purpose: Purpose, proved: str, **fields: str) -> httpx2.Response:
            token = await Proofs(house.worker.base).put(PhoneProof(purpose, proved), name)
            browser.cookies.set("__Host-zhanhe-phone", token, domain="id.test", path="/")
            data = {"csrf": found[1], **fields}
            return await browser.post(path, data=data, headers={"origin": ISSUER})

        password = {"new_password": "horse battery 7 staple"}
        answers = [
            await post(
                "/recover/details",
                Purpose.RECOVER,
                PHONE,
                name=text,
                certificate_number="E12345678",
                **password,
            ),
            await post("/register/details", Purpose.LOGIN, "13900000001", name=text, terms="x", **password),
            await post("/login", Purpose.LOGIN, PHONE, username=text, password="x"),
            await post(
                "/recover/phone", Purpose.LOGIN, PHONE, username=text, password="x", otp="1", phone=text
            ),
        ]
    assert {answer.status_code for answer in answers} <= {400, 401}
    assert max(longest) <= MOST_CHARACTERS


def test_who_brings_text_into_a_normal_form_is_named_here() -> None:
    """A new place belongs into the tests above, and bounds what it is given."""
    root = Path(__file__).parents[2]
    found = {
        str(path.relative_to(root))
        for path in (root / "idp").rglob("*.py")
        if "unicodedata.normalize(" in path.read_text("utf-8")
    }
    assert found == {"idp/infrastructure/typed.py"}


async def test_a_picture_is_drawn_once_and_pages_of_strangers_have_an_end(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    real = segno.make

    def make(content: str, **options: Any) -> Any:
        drawn.append(content)
        return real(content, **options)

    monkeypatch.setattr(segno, "make", make)
    limits = replace(house.worker.throttle._limits, address=Limit(3, 900))
    monkeypatch.setattr(house.worker.throttle, "_limits", limits)
    async with house.browser("203.0.113.9") as browser:
        statuses = [(await browser.get("/login/qr")).status_code for _ in range(40)]
        assert statuses == [200] * 30 + [429] * 10
        assert len(drawn) == 1
        assert (await browser.get("/login/qr?again=1")).status_code == 429
        assert (await browser.get("/login/passkey")).status_code == 429
    assert len(drawn) == 1
    async with house.browser("203.0.113.10") as other:
        passkeys = [await other.get("/login/passkey") for _ in range(31)]
        assert [answer.status_code for answer in passkeys] == [200] * 30 + [429]
        assert int(passkeys[-1].headers["retry-after"]) == 900

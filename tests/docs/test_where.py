"""Twenty-one questions of somebody who is new here: the documents lead to the file, and the file is there."""

import re

import pytest

from tests.architecture.sources import ROOT
from tests.docs.reading import text

QUESTIONS = {
    "add a grant of the token endpoint": ("a grant", "idp/oauth/grants"),
    "add a second factor": ("a second factor", "idp/authentication/methods"),
    "attach a province": ("an upstream platform", "config/upstreams"),
    "sign as a platform wants it": ("a signature or cipher that a platform wants", "idp/federation/signers"),
    "verify people with another authority": ("a way to verify a person", "idp/accounts/verifiers"),
    "ask another register of companies": ("a registry of legal persons", "idp/organizations/registries"),
    "refuse an authorization request": ("a check of /authorize", "idp/oauth/authorization_checks.py"),
    "ask a person for one more thing before a system": (
        "a step between the wish of a system and its being served",
        "idp/sign_on/steps.py",
    ),
    "speak another protocol": ("another protocol that systems are entered by", "idp/sign_on/protocols.py"),
    "release another claim": ("a claim or scope", "idp/oauth/userinfo_claims.py"),
    "name a scope to people": ("a claim or scope", "idp/sign_on/scope_texts.py"),
    "demand a stronger login of a page": (
        "who may see a page, and after what login",
        "idp/authentication/guard.py",
    ),
    "translate a page": ("a page", "idp/infrastructure/locale/en"),
    "add a command": ("a command", "idp/keys/commands.py"),
    "add a setting": ("a setting", "idp/settings.py"),
    "refuse to start where something is unsafe": ("a reason not to go live", "idp/server/safety.py"),
    "change the schema": ("a table or column", "migrations/versions"),
    "accept another spelling of a telephone": (
        "another spelling of what people type",
        "idp/infrastructure/typed.py",
    ),
    "record another event": ("an event worth recording", "idp/audit/model.py"),
    "let staff do one more thing for a person": ("what staff do for a person present", "idp/counter"),
    "offer JSON of the own account": ("a JSON interface", "idp/selfservice/api"),
}


def rows(document: str) -> dict[str, str]:
    """The rows of all tables of a document, by their first column."""
    lines = text(f"docs/{document}").splitlines()
    found = [line.strip("| ").split(" | ", 1) for line in lines if line.startswith("| ")]
    return {row[0]: row[1] for row in found if len(row) == 2}


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_documents_lead_to_the_file(question: str) -> None:
    row, path = QUESTIONS[question]
    answer = rows("architecture.md")[row]
    assert (ROOT / path).exists()
    named = re.findall(r"`([^`]+)`", answer)
    assert any(path.endswith(name.partition("<")[0].rstrip("/")) and len(name) > 3 for name in named), answer


def test_every_class_of_the_glossary_is_there() -> None:
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "idp").rglob("*.py"))
    names = set(re.findall(r"`([A-Z][A-Za-z]+|[A-Z_]{4,})`", text("docs/glossary.md")))
    missing = {name for name in names if not re.search(rf"\b(class {name}\b|{name} =)", sources)}
    assert names
    assert missing == set()

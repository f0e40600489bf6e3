"""npm openid-client, a certified relying party library, against a running provider."""

import json
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.conformance.conftest import Provider
from tests.conformance.registered import (
    ALGS,
    METHODS,
    POST_LOGOUT_REDIRECT_URI,
    REDIRECT_URI,
)
from tests.support.node import executable, install

FOLDER = Path(__file__).parent / "node"
PATIENCE = 60


class Play(Protocol):
    """Runs a scenario for a client of one kind and gives what it saw."""

    def __call__(
        self, scenario: str, method: str = ..., alg: str = ..., **settings: Any
    ) -> dict[str, Any]: ...


@pytest.fixture(scope="module")
def play(provider: Provider) -> Play:
    """The runner in Node.js."""
    install(FOLDER)

    def run(
        scenario: str, method: str = "client_secret_basic", alg: str = "ES256", **settings: Any
    ) -> dict[str, Any]:
        given = asdict(provider.clients[method, alg]) | {
            "issuer": provider.issuer,
            "redirect_uri": REDIRECT_URI,
            "post_logout_redirect_uri": POST_LOGOUT_REDIRECT_URI,
            "account": asdict(provider.account),
            **settings,
        }
        done = subprocess.run(
            [executable("node"), "run.mjs", scenario],
            cwd=FOLDER,
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{scenario}: {done.stdout}{done.stderr}"
        seen: dict[str, Any] = json.loads(done.stdout)
        return seen

    return run


@pytest.mark.parametrize("document", ["oidc", "oauth2"])
def test_both_metadata_documents_are_discovered(play: Play, document: str) -> None:
    seen = play("discovery", discovery=document)
    assert seen["pkce"] is True
    assert seen["metadata"]["authorization_response_iss_parameter_supported"] is True
    assert set(METHODS) <= set(seen["metadata"]["token_endpoint_auth_methods_supported"])


@pytest.mark.parametrize("method", METHODS)
def test_the_code_flow_works_with_each_authentication_method(
    play: Play, provider: Provider, method: str
) -> None:
    seen = play("code", method)
    assert seen["claims"]["sub"] == seen["userinfo"]["sub"] == provider.account.account_id
    assert seen["userinfo"]["preferred_username"] == provider.account.username
    assert seen["rotated"] is True
    assert seen["same_userinfo"] is True
    assert seen["token_type"] == "bearer"
    assert {"auth_time", "sid", "acr", "amr", "nonce", "at_hash"} <= seen["claims"].keys()


@pytest.mark.parametrize("alg", ALGS)
def test_the_id_token_is_signed_with_the_algorithm_of_the_client(
    play: Play, provider: Provider, alg: str
) -> None:
    seen = play("code", alg=alg)
    assert seen["claims"]["sub"] == provider.account.account_id


def test_userinfo_of_another_subject_is_noticed(play: Play) -> None:
    assert play("code")["stranger"] is not None


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "private_key_jwt"])
def test_tokens_are_introspected_and_revoked(play: Play, provider: Provider, method: str) -> None:
    seen = play("introspectionAndRevocation", method)
    assert seen["before"]["active"] is True
    assert seen["before"]["sub"] == provider.account.account_id
    assert seen["before"]["client_id"] == provider.clients[method, "ES256"].client_id
    assert seen["refresh_before"]["active"] is True
    assert seen["access_after"] == {"active": False}
    assert seen["refresh_after"] == {"active": False}
    assert seen["refreshing"] == "invalid_grant"
    assert seen["userinfo"] is not None
    assert seen["unknown"] is None


def test_a_public_client_revokes_its_own_token(play: Play) -> None:
    seen = play("publicRevocation", "none")
    assert seen["refreshing"] == "invalid_grant"


def test_the_answer_comes_by_form_post_where_asked(play: Play) -> None:
    assert play("formPost")["method"] == "POST"


def test_a_client_gets_a_token_for_itself(play: Play, provider: Provider) -> None:
    seen = play("clientCredentials")
    assert seen["about"]["active"] is True
    assert seen["about"]["client_id"] == provider.clients["client_secret_basic", "ES256"].client_id
    assert seen["refresh_token"] is None


def test_a_silent_login_works_until_the_person_logs_out(play: Play) -> None:
    seen = play("singleSignOnAndLogout")
    assert seen["same_session"]
    assert seen["same_login"]
    assert seen["returned_to"] == f"{POST_LOGOUT_REDIRECT_URI}?state={seen['state']}"
    assert seen["silent_after"] == "login_required"
    assert seen["userinfo_after"] is not None


def test_offline_access_outlives_the_session(play: Play) -> None:
    seen = play("singleSignOnAndLogout", scope="openid offline_access")
    assert seen["silent_after"] == "login_required"
    assert seen["refresh_after"] is None


def test_what_must_be_refused_is_refused(play: Play) -> None:
    seen = play("refusals")
    assert seen["wrong_verifier"] == "invalid_grant"
    assert seen["replay"] == "invalid_grant"
    assert seen["family_after_replay"] == "invalid_grant"
    assert seen["nonce"] is not None
    assert seen["wrong_secret"] == "invalid_client"

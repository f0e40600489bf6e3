"""Pages speak to a visitor whom the guard let in: none takes a request, reads a form or looks for a session itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import ROOT, name, python_files, tree

ROOMS = ("authentication", "sign_on", "counter", "selfservice")
OF_REQUESTS = ("idp/authentication/visitor.py", "idp/authentication/passkeys/apps.py", "idp/selfservice/api/")
"""What makes the visitor, and what machines ask."""
GUARD = "idp/authentication/guard.py"
ASKS_AGAIN = "idp/selfservice/representation/mandate_routes.py"
"""How strong a login is wanted is known there when the form was read."""


def _pages() -> list[Path]:
    return [
        path for path in python_files() if any(path.is_relative_to(ROOT / "idp" / room) for room in ROOMS)
    ]


def _calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def _takes_requests(path: Path) -> bool:
    annotations = [node.annotation for node in ast.walk(tree(path)) if isinstance(node, ast.arg)]
    return any(isinstance(one, ast.Name) and one.id == "Request" for one in annotations)


def test_no_page_takes_a_request() -> None:
    found = {name(path) for path in _pages() if _takes_requests(path)}
    assert {path for path in found if not path.startswith(OF_REQUESTS)} == set()


def test_forms_are_read_by_the_guard() -> None:
    def reads(call: ast.Call) -> bool:
        return isinstance(call.func, ast.Attribute) and call.func.attr == "form"

    found = {name(path) for path in _pages() if any(map(reads, _calls(path)))}
    assert found == {GUARD, "idp/authentication/visitor.py"}


def test_an_answer_instead_of_a_visitor_is_the_guards_business() -> None:
    def looks(call: ast.Call) -> bool:
        return ast.unparse(call.func) == "isinstance" and ast.unparse(call.args[1]) == "Response"

    found = {name(path) for path in _pages() if any(map(looks, _calls(path)))}
    assert found == {GUARD, ASKS_AGAIN}

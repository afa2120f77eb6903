"""Rules of the HTTP client that no tool can express."""

import ast

from support.source_code import TESTS, find, refuse


def test_no_redirect_is_followed() -> None:
    """A redirect could lead to an address inside the network."""
    found = (
        (module, node)
        for module, node in find(ast.keyword)
        if node.arg == "follow_redirects" and ast.unparse(node.value) != "False"
    )

    refuse(found, "Pass `follow_redirects=False`, and call the new address if you trust it.")


def test_httpx2_is_not_patched() -> None:
    """A transport runs the client's own code; a patch replaces it."""
    found = (
        (module, node)
        for module, node in find(ast.Call, TESTS)
        if ast.unparse(node.func).rpartition(".")[2] in {"object", "patch", "setattr"}
        and node.args
        and ast.unparse(node.args[0]).strip("'\"").partition(".")[0] == "httpx2"
    )

    refuse(found, "Give the client an `httpx2.MockTransport`.")

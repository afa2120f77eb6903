"""Rules of money that neither ruff nor import-linter can express."""

import ast

from support.source_code import Module, find, refuse

MONEY = ("amount", "balance")


def test_money_is_no_float() -> None:
    """Money is counted in whole minor units, because a float loses cents."""
    annotated: list[tuple[Module, ast.AnnAssign | ast.arg]] = [*find(ast.AnnAssign), *find(ast.arg)]
    found = (
        (module, node)
        for module, node in annotated
        if node.annotation is not None
        and any(word in ast.unparse(node).partition(":")[0] for word in MONEY)
        and "float" in ast.unparse(node.annotation).lower()
    )

    refuse(found, "Use an integer of minor units.")

"""Secrets: fields that hold one don't show it."""

import ast

from support.source_code import PACKAGE, modules, refuse


def test_secret_fields_are_secret() -> None:
    """A password, token or key is SecretStr, so that no repr and no log shows it."""
    found = (
        (module, field)
        for module in modules(PACKAGE)
        for owner in module.nodes
        if isinstance(owner, ast.ClassDef)
        for field in owner.body
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and any(word in field.target.id for word in ("password", "secret", "token", "api_key"))
        and "str" in ast.unparse(field.annotation).replace("SecretStr", "")
        and not module.is_allowed(field)
    )

    refuse(found, "Declare the field as `SecretStr`.")

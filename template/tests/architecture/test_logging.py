"""Rules of logging that no tool can express."""

from support.source_code import calls, refuse


def test_one_module_adds_log_handlers() -> None:
    """A second handler would write records twice, without the redaction of the first."""
    refuse(
        calls(".addHandler", owner="core/logging/__init__.py"),
        "Log by `logging.getLogger(__name__)`.",
    )

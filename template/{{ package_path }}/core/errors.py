"""The errors of this project."""

from typing import ClassVar


class AppError(Exception):
    """Base class of the errors; users see the message.

    Subclass one of its subclasses, with a `code` of its own where programs must tell errors apart.
    """

    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFoundError(AppError):
    """The resource does not exist."""

    code = "not_found"


class ConflictError(AppError):
    """The operation conflicts with what is there, such as a name that is taken."""

    code = "conflict"


class PreconditionFailedError(AppError):
    """The stored version is not the one that the caller has seen."""

    code = "precondition_failed"


class InvalidInputError(AppError):
    """The input violates a rule."""

    code = "invalid_input"


class UnauthorizedError(AppError):
    """The caller has not authenticated."""

    code = "unauthorized"


class ForbiddenError(AppError):
    """The caller may not do this."""

    code = "forbidden"


class UnavailableError(AppError):
    """A dependency is unavailable; the same call may succeed later."""

    code = "unavailable"


class InvalidSettingsError(Exception):
    """The settings can't be used. The message has a line for each bad value, and shows none."""

"""The errors that this project raises. What they mean in HTTP is api/errors.py's business."""

from typing import ClassVar


class AppError(Exception):
    """Every error of ours; the message is shown to the caller.

    Subclass a leaf and give it a `code` of its own where callers must tell errors apart.
    """

    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFoundError(AppError):
    """What was asked for does not exist."""

    code = "not_found"


class ConflictError(AppError):
    """The request contradicts what is stored."""

    code = "conflict"


class PreconditionFailedError(AppError):
    """What is stored is not what the caller takes it for."""

    code = "precondition_failed"


class InvalidInputError(AppError):
    """The request is well formed but breaks a rule."""

    code = "invalid_input"


class UnauthorizedError(AppError):
    """The caller has not shown who they are."""

    code = "unauthorized"


class ForbiddenError(AppError):
    """The caller may not do this."""

    code = "forbidden"


class UnavailableError(AppError):
    """Something that the request needs can't serve right now; the same request may pass later."""

    code = "unavailable"

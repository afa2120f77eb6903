"""Errors that callers can catch."""

__all__ = ["Error"]


class Error(Exception):
    """Base class of every error that this library raises on purpose."""

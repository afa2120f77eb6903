"""Background jobs."""

from typing import Annotated

from fastapi import Depends

from {{ package_name }}.core.jobs.{{ jobs_module }} import (
    Jobs,
    JobsSettings,
    component,
)
from {{ package_name }}.core.services import provide

__all__ = ["Jobs", "JobsDep", "JobsSettings", "component"]

JobsDep = Annotated[Jobs, Depends(provide(Jobs))]
"""The jobs, as a parameter of a route."""

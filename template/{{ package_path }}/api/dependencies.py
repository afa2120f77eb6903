"""The services that routes use."""

from typing import Annotated

from fastapi import Depends

from {{ package_name }}.core.services import provide
from {{ package_name }}.services.dashboard import DashboardService
from {{ package_name }}.services.post_service import PostService
from {{ package_name }}.services.transfer_service import TransferService
from {{ package_name }}.services.user_service import UserService

UserServiceDep = Annotated[UserService, Depends(provide(UserService))]
PostServiceDep = Annotated[PostService, Depends(provide(PostService))]
TransferServiceDep = Annotated[TransferService, Depends(provide(TransferService))]
DashboardServiceDep = Annotated[DashboardService, Depends(provide(DashboardService))]

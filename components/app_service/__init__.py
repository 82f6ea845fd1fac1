from components.app_service.component import AppService
from components.app_service.spec import AppServiceSpec

__all__ = ["AppService", "AppServiceSpec"]

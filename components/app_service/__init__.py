from components.app_service.component import AppService
from components.app_service.kinds import AnyAppServiceSpec, StatefulSpec, WebSpec, WorkerSpec
from components.app_service.spec import AppServiceSpec

__all__ = ["AnyAppServiceSpec", "AppService", "AppServiceSpec", "StatefulSpec", "WebSpec", "WorkerSpec"]

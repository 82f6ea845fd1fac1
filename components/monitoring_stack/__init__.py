from components.monitoring_stack.component import MonitoringStack
from components.monitoring_stack.spec import MonitoringSpec

__all__ = ["MonitoringSpec", "MonitoringStack"]

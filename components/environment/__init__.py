from components.environment.component import Environment
from components.environment.spec import EnvironmentSpec

__all__ = ["Environment", "EnvironmentSpec"]

from components.edge_gateway.component import EdgeGateway
from components.edge_gateway.spec import EdgeGatewaySpec

__all__ = ["EdgeGateway", "EdgeGatewaySpec"]

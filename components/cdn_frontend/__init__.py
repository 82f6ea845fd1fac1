from components.cdn_frontend.component import CDNFrontend
from components.cdn_frontend.spec import CdnFrontendSpec

__all__ = ["CDNFrontend", "CdnFrontendSpec"]

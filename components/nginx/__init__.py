"""What EdgeGateway (on Docker) and CDNFrontend render alike for nginx: templates, and filling them in."""

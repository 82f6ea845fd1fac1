"""How the programs that Slipway runs are had: pins, downloads, builds. Standard library only."""

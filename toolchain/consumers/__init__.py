"""The real programs that read what Slipway generates, at the versions it deploys. Standard library only.

`python3 -m toolchain.consumers setup` gets what this machine can have; only that command installs packages.
"""

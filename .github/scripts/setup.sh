#!/bin/sh
# The project's own environment and engine, first on PATH for the steps that follow.
set -eu
python3 -m toolchain.virtual_environment
engine=$(python3 -m toolchain.engine)
printf '%s\n' "$engine" "$PWD/.venv/bin" >> "$GITHUB_PATH" # the last one is looked at first

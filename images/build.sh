#!/bin/sh
# Builds the demo images that Pulumi.dev.yaml names: tiny stand-ins with BlockSight's ports, probes and variables.
set -eu
cd "$(dirname "$0")"
command -v docker >/dev/null || { echo "images: needs the docker command; https://docs.docker.com/engine/install/" >&2; exit 1; }
for image in api web; do
    echo "images: building blocksight/$image:dev" >&2
    docker build --quiet --tag "blocksight/$image:dev" "$image"
done

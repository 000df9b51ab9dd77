#!/usr/bin/env bash
# Prints a folder with moto, a server that answers as S3 does, fetched from PyPI once: FOLDER/venv/bin/moto_server.
#
#   install-moto.sh VERSION
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/machine.sh"
version=${1:?VERSION}

fill() {
  make_venv "$1/venv"
  note "Fetching moto $version from PyPI ..."
  "$1/venv/bin/python" -m pip install --quiet --disable-pip-version-check "moto[s3,server]==$version"
}

once "moto-$version" fill

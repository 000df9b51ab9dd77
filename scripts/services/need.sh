#!/usr/bin/env bash
# Installs Debian packages when a command is missing.
#
#   need.sh COMMAND PACKAGE...
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/machine.sh"
need "$@"

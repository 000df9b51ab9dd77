#!/usr/bin/env bash
# Installs Debian packages.
#
#   install-packages.sh PACKAGE...
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/machine.sh"
install_packages "$@"

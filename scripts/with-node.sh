#!/usr/bin/env bash
# Runs a script of ours on the Node that Spot needs; on a fresh clone it installs the packages first.
#
#   scripts/with-node.sh FILE [ARG ...]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

if [ ! -e "$root/node_modules/.package-lock.json" ] || [ "$root/package-lock.json" -nt "$root/node_modules/.package-lock.json" ]; then
  echo "Installing the packages (npm ci), this happens once ..." >&2
  (cd "$root" && npm ci --no-audit --no-fund --loglevel=error >&2)
fi
node=$root/node_modules/.bin/node
[ -x "$node" ] || node=node
case ${1:-} in
  /*) exec "$node" "$@" ;;
  *) file=$1; shift; exec "$node" "$root/$file" "$@" ;;
esac

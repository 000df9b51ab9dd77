# Sourced by the install scripts: what is on this machine, and how to get what is not.
# shellcheck shell=bash

# Downloads and unpacked services; kept between runs and shared by runs at the same time.
cache=${SPOT_TEST_CACHE:-${TMPDIR:-/tmp}/spot-test-cache}

note() { echo "  $*" >&2; }
die() { echo "$(basename "$0"): $*" >&2; exit 1; }

# once NAME COMMAND...: prints the folder NAME of the cache; `COMMAND... FOLDER` fills it when it is not there.
# The lock makes a second run wait for the first; the mark is set last, so a half-filled folder never counts.
once() {
  local folder=$cache/$1
  shift
  mkdir -p "$cache"
  exec 9>"$cache/.$(basename "$folder").lock"
  flock 9
  if [ ! -e "$folder/.complete" ]; then
    rm -rf "$folder"
    mkdir "$folder"
    # Not `... || die`: there bash would ignore every failure inside but the last command's.
    local status
    set +e
    (set -e; "$@" "$folder") >&2 9>&-
    status=$?
    set -e
    [ "$status" = 0 ] || { rm -rf "$folder"; die "could not make $folder"; }
    # Elasticsearch runs as another user when we are root, and reads its program from here.
    chmod -R a+rX "$folder"
    touch "$folder/.complete"
  fi
  exec 9>&-
  echo "$folder"
}

# need COMMAND PACKAGE...: installs Debian packages when COMMAND is missing.
need() {
  command -v "$1" >/dev/null || install_packages "${@:2}"
  command -v "$1" >/dev/null || die "$1 is missing and could not be installed"
}

can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

install_packages() {
  can_install || die "please install: $* (only root on Debian or Ubuntu can be helped automatically)"
  note "Installing $* (apt-get) ..."
  mkdir -p "$cache"
  exec 8>"$cache/.apt.lock"
  flock 8
  DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 8>&- || true
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" >/dev/null 8>&- ||
    die "apt-get could not install $*"
  exec 8>&-
}

# Debian splits venv and pip from Python itself; a half-working venv shows only when it is made.
make_venv() {
  need python3 python3
  python3 -m venv "$1" 2>/dev/null || { rm -rf "$1"; install_packages python3-venv; python3 -m venv "$1"; }
}

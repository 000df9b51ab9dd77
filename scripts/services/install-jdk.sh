#!/usr/bin/env bash
# Prints the home of the newest JDK between two major versions; installs one when there is none and we may.
#
#   install-jdk.sh MIN MAX
#
# SPOT_TEST_JDKS (homes, separated by blanks) are looked at besides /usr/lib/jvm and JAVA_HOME.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/machine.sh"
min=${1:?MIN} max=${2:?MAX}

newest_installed() {
  local home version best='' best_version=0
  for home in ${SPOT_TEST_JDKS:-} ${JAVA_HOME:-} /usr/lib/jvm/*; do
    [ -x "$home/bin/javac" ] || continue # the shim and Spark's own tools want a compiler, not only a runtime
    version=$("$home/bin/javac" -version 2>&1 | sed -nE 's/^javac ([0-9]+).*/\1/p')
    if [ "${version:-0}" -ge "$min" ] && [ "$version" -le "$max" ] && [ "$version" -gt "$best_version" ]; then
      best=$home best_version=$version
    fi
  done
  [ -n "$best" ] && readlink -f "$best"
}

newest_package() {
  apt-cache pkgnames openjdk- | sed -nE 's/^openjdk-([0-9]+)-jdk-headless$/\1/p' | sort -rn |
    awk -v min="$min" -v max="$max" '$1 >= min && $1 <= max { print "openjdk-" $1 "-jdk-headless"; exit }'
}

newest_installed && exit
can_install || die "no JDK from $min to $max is installed"
package=$(newest_package)
if [ -z "$package" ]; then
  apt-get update -qq >&2 || true
  package=$(newest_package)
fi
[ -n "$package" ] || die "no JDK from $min to $max is installed, and this system's package manager has none"
install_packages "$package"
newest_installed || die "$package is installed but no JDK from $min to $max was found"

#!/usr/bin/env bash
# Prints the home of an unpacked Elasticsearch, fetched from Maven Central once.
#
#   install-elasticsearch.sh VERSION JDK_HOME [--shim]
#
# It is the distribution that Elasticsearch builds for its own integration tests: the real server with the modules
# transport-netty4, x-pack-core and x-pack-security, and no other. --shim adds our plugin (elasticsearch-shim/).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/machine.sh"
version=${1:?VERSION} jdk=${2:?JDK_HOME} shim=${3:-}
group=org.elasticsearch.distribution.integ-test-zip

fetch() {
  need mvn maven
  need unzip unzip
  note "Fetching Elasticsearch $version from Maven Central ..."
  JAVA_HOME=$jdk mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact="$group:elasticsearch:$version:zip" -DoutputDirectory="$1" -Dmdep.useBaseVersion=true \
    >"$1/mvn.log" 2>&1 || { cat "$1/mvn.log"; return 1; } # Maven on a new JDK warns about itself
  rm "$1/mvn.log"
  unzip -q "$1/elasticsearch-$version.zip" -d "$1"
  rm "$1/elasticsearch-$version.zip"
  mv "$1/elasticsearch-$version"/* "$1"
  rmdir "$1/elasticsearch-$version"
}

# Hard links, so a second home costs a few megabytes.
add_shim() {
  cp -al "$plain/." "$1" 2>/dev/null || cp -a "$plain/." "$1"
  rm -f "$1/.complete"
  bash "$here/elasticsearch-shim/build.sh" "$1" "$version" "$jdk"
}

plain=$(once "elasticsearch-$version" fetch)
if [ "$shim" = --shim ]; then once "elasticsearch-$version-shim" add_shim; else echo "$plain"; fi

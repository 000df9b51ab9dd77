#!/usr/bin/env bash
# Compiles ElasticsearchShim.java against a server's own jars and installs it there.
#
#   build.sh ELASTICSEARCH_HOME VERSION JDK_HOME
#
# Three signatures differ between the versions; javap tells which ones this server has.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=${1:?ELASTICSEARCH_HOME} version=${2:?VERSION} jdk=${3:?JDK_HOME}/bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Into variables: grep -q on a pipe would stop javap half-way, which pipefail takes for a failure.
actions=$("$jdk/javap" -cp "$home/lib/*" org.elasticsearch.plugins.ActionPlugin)
filters=$("$jdk/javap" -cp "$home/lib/*" org.elasticsearch.index.analysis.AbstractTokenFilterFactory)

case $actions in
  *RestHandlersServices*) rest='ActionPlugin.RestHandlersServices services,' ;;
  *) rest='Settings settings, org.elasticsearch.common.io.stream.NamedWriteableRegistry writeables, org.elasticsearch.rest.RestController controller, org.elasticsearch.common.settings.ClusterSettings clusterSettings, org.elasticsearch.common.settings.IndexScopedSettings indexSettings, org.elasticsearch.common.settings.SettingsFilter settingsFilter, org.elasticsearch.cluster.metadata.IndexNameExpressionResolver resolver,' ;;
esac
case $filters in
  *'AbstractTokenFilterFactory(java.lang.String);'*) filter_arguments='n' tokenizer_arguments='n' ;;
  *) filter_arguments='n, s' tokenizer_arguments='i, s, n' ;;
esac

sed -e "s|/\*REST_PARAMS\*/|$rest|" -e "s|/\*FILTER_ARGS\*/|$filter_arguments|" -e "s|/\*TOKENIZER_ARGS\*/|$tokenizer_arguments|" \
  "$here/ElasticsearchShim.java" >"$work/ElasticsearchShim.java"
release=$(sed -n 's/^java.version=//p' "$home/modules/x-pack-core/plugin-descriptor.properties")
"$jdk/javac" -nowarn -proc:none --release "$release" -cp "$home/lib/*" -d "$work/classes" "$work/ElasticsearchShim.java" >"$work/log" 2>&1 ||
  { cat "$work/log" >&2; exit 1; }

plugin=$home/plugins/spot-test-shim
mkdir -p "$plugin"
"$jdk/jar" cf "$plugin/spot-test-shim.jar" -C "$work/classes" .
cat >"$plugin/plugin-descriptor.properties" <<DESCRIPTOR
description=what the integration-test distribution lacks and our tests need
version=$version
name=spot-test-shim
classname=spot.test.ElasticsearchShim
java.version=$release
elasticsearch.version=$version
DESCRIPTOR

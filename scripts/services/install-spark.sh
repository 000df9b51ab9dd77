#!/usr/bin/env bash
# Prints a folder with a whole Spark distribution, fetched from PyPI once: its SPARK_HOME is FOLDER/home, and
# FOLDER/venv/bin/python runs PySpark programs on it.
#
#   install-spark.sh VERSION
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/machine.sh"
version=${1:?VERSION}

fill() {
  make_venv "$1/venv"
  note "Fetching Spark $version from PyPI ..."
  "$1/venv/bin/python" -m pip install --quiet --disable-pip-version-check "pyspark==$version"
  ln -s "$(echo "$1"/venv/lib/python3*/site-packages/pyspark)" "$1/home"
}

once "spark-$version" fill

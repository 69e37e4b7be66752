#!/bin/sh
# The case store is tested on a real PostgreSQL server, which the tests start themselves. Where none is found, Debian's
# package `postgresql` is installed without a server of its own being set up or started, which needs root; elsewhere
# install PostgreSQL by hand. The tests do not run it as root but as the package's user, or as nobody.
set -eu
if command -v initdb >/dev/null 2>&1; then exit 0; fi
for folder in /usr/lib/postgresql/*/bin; do
  if [ -x "$folder/initdb" ]; then exit 0; fi
done
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  echo "Installing the system package postgresql (for the tests of the case store)"
  export DEBIAN_FRONTEND=noninteractive
  mkdir -p /etc/postgresql-common
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
  fi
  apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql >/dev/null
else
  echo "No PostgreSQL found: install it, or run 'make setup' as root on Debian or Ubuntu." >&2
  exit 1
fi

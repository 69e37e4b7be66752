#!/bin/sh
# The page is tested in a real Chromium. Where none is found, Debian's packages `chromium` and `fonts-dejavu-core` are
# installed, which needs root; elsewhere install Chromium or Chrome by hand.
set -eu
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  echo "Installing the system packages chromium and fonts-dejavu-core (for the tests of the page)"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
  echo "No Chromium found: install Chromium or Chrome, or run 'make setup' as root on Debian or Ubuntu." >&2
  exit 1
fi

#!/usr/bin/env bash
# Installs the servers and the browser that the tests use, where that is possible; otherwise says what is left out.
# Never fails: the tests name at their end what they could not try.
set -u

wanted=()
[ -n "$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" ] || command -v initdb >/dev/null || wanted+=(postgresql)
command -v redis-server >/dev/null || wanted+=(redis-server)
found=no
for browser in chromium-headless-shell chromium chromium-browser google-chrome; do
  command -v "$browser" >/dev/null && found=yes
done
[ "$found" = yes ] || wanted+=(chromium-headless-shell)  # the same browser without windows: half the work
command -v faketime >/dev/null || wanted+=(faketime)
[ ${#wanted[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "Installing for the tests: ${wanted[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # No service may start by itself: the tests start their own servers.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  bring() { apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$1" >/dev/null 2>&1; }
  apt-get -o DPkg::Lock::Timeout=300 update -qq >/dev/null 2>&1
  for package in "${wanted[@]}"; do
    bring "$package" || { [ "$package" = chromium-headless-shell ] && bring chromium; } \
      || echo "!!! LEFT OUT: $package could not be installed; tests that need it are left out."
  done
else
  echo "!!! LEFT OUT: ${wanted[*]} (not installed, and only root can install); tests that need them are left out."
fi
exit 0

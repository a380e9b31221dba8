#!/usr/bin/env bash
# Sets this machine up to build weft: Debian packages, and CAF in a cached prefix.
#
#   scripts/setup.sh [release|asan|tsan ...]     (release when nothing is named)
#
# Does nothing when everything is there. The cache is $WEFT_CACHE_DIR, or weft/ in the user's cache
# folder. Needs root or sudo only to install packages.
set -euo pipefail
weft_source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$weft_source/scripts/console.sh"
source "$weft_source/scripts/packages.sh"
source "$weft_source/scripts/caf.sh"

[[ $# -gt 0 ]] || set -- release
install_packages
for flavour in "$@"; do
  provide_caf "$flavour"
done

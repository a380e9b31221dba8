# Installs the Debian packages that weft is built from. Sourced, never run.

weft_packages=(
  g++ cmake ninja-build ccache git ca-certificates python3
  # Not libboost1.81-dev, which takes libmsgpack-cxx-dev away.
  libboost-dev libhiredis-dev # The client of Redis, and channels to worker processes.
  libssl-dev libmsgpack-cxx-dev libspdlog-dev libsqlite3-dev libcli11-dev
  nlohmann-json3-dev libtomlplusplus-dev libyaml-cpp-dev libxxhash-dev
  libgtest-dev libgmock-dev libbenchmark-dev
  redis-server # The tests start their own.
  libpng-dev # The image pipeline example reads and writes its pictures with it.
  python3-jsonschema python3-yaml # The schema of pipelines is held against the examples.
  valgrind # Counts the instructions of a task in tests/performance.
  bible-kjv # Its text is what the text analysis example reads.
)

missing_packages() {
  local package
  for package in "${weft_packages[@]}"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      printf '%s\n' "$package"
  done
}

as_root() {
  if [[ $EUID -eq 0 ]]; then
    env "$@"
  else
    sudo env "$@"
  fi
}

# Calls apt only when something is missing, and fetches the package lists only when they are needed.
install_packages() {
  command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    die "this machine has no apt; install what scripts/packages.sh lists by hand, then use the CMake presets."
  local missing
  mapfile -t missing < <(missing_packages)
  if [[ ${#missing[@]} -eq 0 ]]; then
    return 0
  fi
  [[ $EUID -eq 0 ]] || command -v sudo >/dev/null ||
    die "packages are missing (${missing[*]}); install them as root, or install sudo, and run this again."
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  local log
  log=$(mktemp)
  local install=(as_root DEBIAN_FRONTEND=noninteractive apt-get -q -y
    -o DPkg::Lock::Timeout=600 install --no-install-recommends "${missing[@]}")
  if ! "${install[@]}" >"$log" 2>&1; then
    # The lists may be absent (a fresh image) or too old to name packages that still exist.
    quietly "$log" as_root apt-get -q -o DPkg::Lock::Timeout=600 update ||
      die "apt-get update failed (above); check the machine's package sources and its network."
    quietly "$log" "${install[@]}" ||
      die "apt-get could not install the packages (above); install them by hand and run this again."
  fi
  rm -f "$log"
}

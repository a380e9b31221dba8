# Configures and builds one preset. Sourced, never run.

# One compilation per core, as long as each finds 1.5 GiB: the largest units need about one.
build_jobs() {
  local cores memory_kib by_memory
  cores=$(nproc)
  memory_kib=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
  by_memory=$((memory_kib / (1536 * 1024)))
  if ((by_memory < 1)); then by_memory=1; fi
  printf '%d\n' $((cores < by_memory ? cores : by_memory))
}

# weft_build <preset> [target...]: everything when no target is named.
weft_build() {
  local preset=$1 log
  shift
  log=$(mktemp)
  say "configuring and building build/$preset${*:+ ($*)}"
  (cd "$weft_source" && quietly "$log" cmake --preset "$preset") ||
    die "CMake could not configure build/$preset (above); remove that folder and run this again."
  rm -f "$log"
  (cd "$weft_source" && cmake --build --preset "$preset" --parallel "$(build_jobs)" \
    ${1:+--target "$@"}) ||
    die "build/$preset could not be built; the first error above says why."
}

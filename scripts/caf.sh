# Obtains CAF 0.18.7 and builds it once per flavour into a cached prefix. Sourced, never run.
#
# Debian 12 carries 0.17.6, whose interfaces are too old. The tarball of 0.18.7 comes from Debian's
# `experimental` suite, read through a private apt configuration so that the machine's own stays as
# it is, or from the upstream release. Both are the same file, byte for byte.

caf_version=0.18.7
caf_sha256=d5c3abe8fd67a729aab1baeece10367637d903ba335f4c79378bcadfbcd34552
caf_release=https://github.com/actor-framework/actor-framework/archive/$caf_version.tar.gz

caf_prefix() { printf '%s/caf-%s-%s\n' "$(weft_cache_dir)" "$caf_version" "$1"; }

# The compiler flags of a flavour; CAF carries the same sanitizer as weft, or races are misreported.
caf_flags() {
  case $1 in
    release) printf '%s' '-O3' ;;
    asan) printf '%s' '-O1 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined' ;;
    tsan) printf '%s' '-O1 -g1 -fno-omit-frame-pointer -fsanitize=thread' ;;
    *) die "unknown CAF flavour '$1'; choose release, asan or tsan." ;;
  esac
}

# -- the tarball ---------------------------------------------------------------------------------

is_caf_tarball() { [[ -f $1 ]] && sha256sum --status -c - <<<"$caf_sha256  $1"; }

# Writes one private source list per entry of the machine that may mirror Debian's main archive:
# the entry itself with its type and suite changed. Prints the files, in order.
derive_source_lists() {
  local directory=$1 file number=0 out entry
  # deb [options] URI suite ... main ...
  entry='^[[:space:]]*deb(-src)?[[:space:]]+((\[[^]]*\][[:space:]]+)?[^[:space:]]+)'
  entry+='[[:space:]]+[^[:space:]]+[[:space:]]+(.*[[:space:]])?main([[:space:]].*)?$'
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ -f $file ]] || continue
    local line
    while IFS= read -r line; do
      out=$directory/$((number += 1)).list
      printf '%s\n' "$line" >"$out"
      printf '%s\n' "$out"
    done < <(sed -nE "s,$entry,deb-src \\2 experimental main,p" "$file" | sort -u)
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    [[ -f $file ]] || continue
    awk -v directory="$directory" -v number="$number" '
      function keep(line) { text = text line "\n" }
      function finish() {
        if (enabled && has_main && text != "") {
          out = directory "/" ++number ".sources"
          printf "Types: deb-src\nSuites: experimental\nComponents: main\n%s", text > out
          close(out); print out
        }
        text = ""; enabled = 1; has_main = 0
      }
      BEGIN { enabled = 1 }
      /^#/ { next }
      /^[[:space:]]*$/ { finish(); next }
      /^[^[:space:]]/ { field = tolower($0); sub(/:.*/, "", field) }
      field == "components" { if ((" " $0 " ") ~ /[ \t]main[ \t]/) has_main = 1; next }
      field == "enabled" { if (tolower($0) ~ /no|false/) enabled = 0; next }
      field == "types" || field == "suites" || field == "architectures" { next }
      { keep($0) }
      END { finish() }' "$file" >"$directory/written"
    number=$((number + $(wc -l <"$directory/written")))
    cat "$directory/written"
  done
}

# apt-get that reads one private source list and keeps its lists and cache to itself. The archive
# may be a frozen snapshot, so an old date is no fault: the checksum decides.
private_apt() {
  local directory=$1 list=$2
  shift 2
  mkdir -p "$directory/lists/partial" "$directory/cache/archives/partial"
  apt-get -q -o Dir::Etc::sourcelist="$list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::State::lists="$directory/lists" -o Dir::Cache="$directory/cache" \
    -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false \
    -o Acquire::Retries=2 "$@"
}

caf_from_debian() {
  local directory=$1 list lists
  mapfile -t lists < <(derive_source_lists "$directory")
  for list in "${lists[@]}"; do
    rm -rf "$directory/lists"
    if private_apt "$directory" "$list" update >>"$directory/apt.log" 2>&1 &&
      (cd "$directory" && private_apt "$directory" "$list" source --download-only --tar-only \
        --only-source "actor-framework=$caf_version-1~exp1") >>"$directory/apt.log" 2>&1 &&
      is_caf_tarball "$directory/actor-framework_$caf_version.orig.tar.gz"; then
      mv "$directory/actor-framework_$caf_version.orig.tar.gz" "$directory/caf.tar.gz"
      return 0
    fi
  done
  return 1
}

caf_from_upstream() {
  local directory=$1
  cat >"$directory/download.cmake" <<CMAKE
file(DOWNLOAD "$caf_release" "$directory/caf.tar.gz" TIMEOUT 300 INACTIVITY_TIMEOUT 30 STATUS status)
list(GET status 0 code)
if(code)
  message(FATAL_ERROR "\${status}")
endif()
CMAKE
  cmake -P "$directory/download.cmake" >>"$directory/upstream.log" 2>&1
}

# Leaves the tarball in the cache, so that every flavour is built from one download.
obtain_caf_tarball() {
  local tarball
  tarball=$(weft_cache_dir)/caf-$caf_version.tar.gz
  is_caf_tarball "$tarball" && return 0
  local directory
  directory=$(mktemp -d "$(weft_cache_dir)/download.XXXXXX")
  say "obtaining CAF $caf_version from Debian's experimental suite (private apt configuration)"
  if ! caf_from_debian "$directory"; then
    say "not there; obtaining CAF $caf_version from its upstream release"
    caf_from_upstream "$directory" || {
      tail -n 5 "$directory"/*.log >&2
      rm -rf "$directory"
      die "CAF $caf_version could not be downloaded (above); put its release tarball at $tarball and run this again."
    }
  fi
  is_caf_tarball "$directory/caf.tar.gz" ||
    die "the CAF tarball has the wrong SHA-256; put the $caf_version release tarball at $tarball and run this again."
  mv "$directory/caf.tar.gz" "$tarball"
  rm -rf "$directory"
}

# -- the build -----------------------------------------------------------------------------------

# What a cached prefix was built from: another compiler or recipe means another build.
caf_recipe() {
  printf '%s %s %s %s\n' "$caf_sha256" "$(c++ -dumpfullversion)" "$(caf_flags "$1")" \
    "$(sha256sum <"$weft_source/cmake/caf/CMakeLists.txt" | cut -c1-16)"
}

is_caf_built() { [[ $(cat "$(caf_prefix "$1")/.recipe" 2>/dev/null) == "$(caf_recipe "$1")" ]]; }

# A CAF that CMake finds by itself (the user's own, or from a package manager) serves the release
# flavour. Sanitizer flavours always have their own build.
is_caf_provided() {
  local directory found=1
  directory=$(mktemp -d)
  cmake -S "$weft_source/cmake/caf/probe" -B "$directory" -G Ninja \
    -DWEFT_CAF_VERSION="$caf_version" >/dev/null 2>&1 || found=0
  rm -rf "$directory"
  [[ $found -eq 1 ]]
}

# Builds in a scratch directory and moves the result into place as the last step, so that a prefix
# that exists is complete.
build_caf() {
  local flavour=$1 prefix scratch
  prefix=$(caf_prefix "$flavour")
  obtain_caf_tarball
  rm -rf "$(weft_cache_dir)/build-$flavour."* # What an interrupted build left: the lock is ours.
  scratch=$(mktemp -d "$(weft_cache_dir)/build-$flavour.XXXXXX")
  mkdir "$scratch/source"
  tar -xzf "$(weft_cache_dir)/caf-$caf_version.tar.gz" -C "$scratch/source" --strip-components=1
  say "building CAF $caf_version ($flavour) once into $prefix; this takes a minute or two"
  quietly "$scratch/configure.log" cmake -S "$weft_source/cmake/caf" -B "$scratch/build" -G Ninja \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE="$(caf_flags "$flavour") -DNDEBUG" \
    -DCAF_SOURCE="$scratch/source" -DCMAKE_INSTALL_PREFIX="$prefix" &&
    quietly "$scratch/build.log" cmake --build "$scratch/build" &&
    DESTDIR="$scratch/stage" quietly "$scratch/install.log" cmake --install "$scratch/build" ||
    die "CAF $caf_version ($flavour) could not be built (above); its logs are in $scratch."
  caf_recipe "$flavour" >"$scratch/stage$prefix/.recipe"
  rm -rf "$prefix"
  mv "$scratch/stage$prefix" "$prefix"
  rm -rf "$scratch"
}

# Makes sure that a flavour of CAF is there. Concurrent calls wait for one another.
provide_caf() {
  local flavour=$1
  caf_flags "$flavour" >/dev/null
  is_caf_built "$flavour" && return 0
  mkdir -p "$(weft_cache_dir)"
  exec {caf_lock}>"$(weft_cache_dir)/caf-$flavour.lock"
  flock "$caf_lock"
  if ! is_caf_built "$flavour" && ! { [[ $flavour == release ]] && is_caf_provided; }; then
    build_caf "$flavour"
  fi
  exec {caf_lock}>&-
}

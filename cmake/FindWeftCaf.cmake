# Finds CAF 0.18.7: the user's own first, else the prefix that scripts/setup.sh cached.
#
# A sanitizer build takes only the cached prefix of its flavour: a CAF without the sanitizer makes
# it report races that are none.

if(DEFINED ENV{WEFT_CACHE_DIR})
  set(weft_cache_dir $ENV{WEFT_CACHE_DIR})
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(weft_cache_dir $ENV{XDG_CACHE_HOME}/weft)
else()
  set(weft_cache_dir $ENV{HOME}/.cache/weft)
endif()

if(WEFT_SANITIZE)
  set(weft_cached_caf ${weft_cache_dir}/caf-0.18.7-${WEFT_SANITIZE})
  find_package(CAF 0.18.7 QUIET COMPONENTS core io openssl
    PATHS ${weft_cached_caf} NO_DEFAULT_PATH)
else()
  set(weft_cached_caf ${weft_cache_dir}/caf-0.18.7-release)
  find_package(CAF 0.18.7 QUIET COMPONENTS core io openssl)
  if(NOT CAF_FOUND)
    find_package(CAF 0.18.7 QUIET COMPONENTS core io openssl
      PATHS ${weft_cached_caf} NO_DEFAULT_PATH)
  endif()
endif()
if(NOT CAF_FOUND)
  message(FATAL_ERROR "CAF 0.18.7 was not found (also not in ${weft_cached_caf}); "
    "run scripts/setup.sh ${WEFT_SANITIZE} or name your own with -DCAF_ROOT=<prefix>.")
endif()
message(STATUS "CAF ${CAF_VERSION} in ${CAF_DIR}")

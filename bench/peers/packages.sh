# What weft is compared with, beside what it is built from. Sourced after scripts/packages.sh.

weft_packages+=(
  libtbb-dev
  python3-dask python3-distributed python3-numpy
)

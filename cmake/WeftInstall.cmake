# `cmake --install`: libraries, public headers, and what `find_package(weft)` reads.

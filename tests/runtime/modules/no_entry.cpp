// A library with the build id of a module, without its entry point.

#include "weft/workflow/module_entry.hpp"

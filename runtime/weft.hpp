#pragma once

// Everything that an application needs to write and run workflows.

#include "weft/runtime/engine.hpp"
#include "weft/runtime/harness.hpp"
#include "weft/workflow/workflow.hpp"

#pragma once

// Everything that an application needs to write and run workflows.

#include "weft/runtime/engine.hpp"
#include "weft/runtime/harness.hpp"
#include "weft/runtime/module.hpp"
#include "weft/runtime/requirement_check.hpp"
#include "weft/workflow/workflow.hpp"

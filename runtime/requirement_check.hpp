#pragma once

#include "weft/workflow/registry.hpp"
#include "weft/workflow/requirements.hpp"

namespace weft {

/// Looks whether all that a workflow needs is here: modules and functions in the registry, files
/// below `requirements.folder`, programs on PATH. It only looks: nothing is fetched, loaded or
/// started.
///
/// Fails with `plan_infeasible`, whose causes name every missing thing, where it was looked for and
/// what to do. Any thread may call it while nobody changes the registry or the environment.
[[nodiscard]] Result<void> check_requirements(const Requirements& requirements,
                                              const Registry& registry);

}  // namespace weft

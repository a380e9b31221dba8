#include "weft/workflow/importers/pipeline.hpp"

namespace weft {

const std::map<std::string, std::vector<std::string>, std::less<>>& pipeline_keys() {
  static const std::map<std::string, std::vector<std::string>, std::less<>> keys{
    {"", {"version", "name", "description", "sla", "defaults", "params", "requires", "tasks"}},
    {"sla", {"deadline", "percentile"}},
    {"defaults", {"retries", "timeout", "resources", "env"}},
    {"params.*", {"type", "default", "choices", "description"}},
    {"requires", {"modules", "functions", "files", "programs"}},
    {"tasks.*",
     {"description", "foreach", "max_items", "run", "shell", "function", "arguments", "in", "out",
      "env", "stdin", "stdout", "after", "exit_codes", "retries", "timeout", "resources", "purity",
      "expected_time"}},
    {"tasks.*.out.*", {"type", "path", "pattern", "suffix"}},
    {"retries", {"attempts", "backoff", "factor", "max_backoff"}},
    {"resources", {"cpus", "memory"}},
  };
  return keys;
}

}  // namespace weft

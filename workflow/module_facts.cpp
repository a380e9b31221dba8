#include "weft/workflow/module_facts.hpp"

#include <fmt/format.h>

namespace weft {

Result<ModuleName> parse_module_name(std::string_view text) {
  auto parsed = parse_function_name(text);
  if (!parsed) {
    return Error{.code = Errc::invalid_argument,
                 .message = in_quotes(text) + " is not the name of a module",
                 .hint =
                   "write name@version; a name is 1 to 128 letters, digits or any of _.-, a "
                   "version a whole number from 1 on"};
  }
  return ModuleName{.name = std::move(parsed->name), .version = parsed->version};
}

std::string to_string(const ModuleName& name) {
  return fmt::format("{}@{}", name.name, name.version);
}

}  // namespace weft

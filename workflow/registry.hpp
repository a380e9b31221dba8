#pragma once

#include <map>
#include <memory>
#include <vector>

#include "weft/workflow/function.hpp"
#include "weft/workflow/module_facts.hpp"

namespace weft {

/// The functions that a process can run, by `name@version`. Filled explicitly, the same in every
/// process that takes part in a run; weft's own functions (`weft.*`) are always there.
///
/// A plain value. Not thread-safe while it is filled; const use is.
class Registry {
public:
  Registry();

  /// Adds a function. Throws `Exception` when another one has its name and version.
  template <class Callable>
  Registry& add(const Function<Callable>& function) {
    return add(function.definition());
  }
  Registry& add(std::shared_ptr<const FunctionDefinition> definition);

  /// The function, or `function_unknown` with the nearest names as a hint.
  [[nodiscard]] Result<std::shared_ptr<const FunctionDefinition>> find(
    const FunctionName& name) const;

  /// In the order of their names.
  [[nodiscard]] std::vector<FunctionName> names() const;

  /// Adds what a module has registered with `functions`: all of it or, where a function or a module
  /// of one of the names is there already, nothing. Adding one module again changes nothing. Fails
  /// with `invalid_argument`, whose causes name every clash.
  /// @param facts without its functions, which are counted here
  /// @return what there is to know of the module now
  Result<ModuleFacts> add_module(ModuleFacts facts, const Registry& functions);

  /// The modules whose functions are here, in the order in which they were added.
  [[nodiscard]] const std::vector<ModuleFacts>& modules() const { return modules_; }

  /// The module that a function came with; nothing for those that the program added itself. Lives
  /// until the registry is changed.
  [[nodiscard]] const ModuleFacts* module_of(const FunctionName& name) const;

private:
  [[nodiscard]] std::vector<Error> clashes_with(const ModuleFacts& module) const;

  std::map<FunctionName, std::shared_ptr<const FunctionDefinition>> functions_;
  std::vector<ModuleFacts> modules_;
};

/// The names out of `known` that someone who typed `typed` may have meant, nearest first, at
/// most 3.
[[nodiscard]] std::vector<std::string> nearest_names(std::string_view typed,
                                                     const std::vector<std::string>& known);

/// Joins the elements of a list of any type: what `Workflow::gather` runs.
inline constexpr std::string_view collect_function = "weft.collect@1";

/// Keeps the elements of a list whose flag is set: what `Workflow::filter` runs.
inline constexpr std::string_view filter_function = "weft.filter@1";

}  // namespace weft

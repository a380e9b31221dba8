#include "weft/workflow/registry.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace weft {

namespace {

/// A list as its elements, whatever their type and whether they are objects or encoded.
Result<Shared<ValueList>> next_list(ArgumentReader& reader, std::string_view role) {
  auto list = reader.next_value().as<ValueList>();
  if (!list) return with_context(role, std::move(list).error());
  return list;
}

/// Functions of weft itself: they may run any number of times.
class BuiltIn : public FunctionDefinition {
public:
  explicit BuiltIn(std::string_view name)
    : FunctionDefinition(checked_name(name, {}), TaskOptions{.purity = Purity::pure}) {}
};

class Collect final : public BuiltIn {
public:
  Collect() : BuiltIn(collect_function) {}

  Result<Value> call(ArgumentReader& reader, TaskContext&) const override {
    const auto list = next_list(reader, "list to collect");
    if (!list) return list.error();
    return Value::of(ValueList{**list});
  }
};

class Filter final : public BuiltIn {
public:
  Filter() : BuiltIn(filter_function) {}

  Result<Value> call(ArgumentReader& reader, TaskContext&) const override {
    const auto list = next_list(reader, "list to filter");
    if (!list) return list.error();
    const auto flags = next_list(reader, "flags of the list to filter");
    if (!flags) return flags.error();
    return kept((*list)->items, (*flags)->items);
  }

private:
  static Result<Value> kept(const std::vector<Value>& items, const std::vector<Value>& flags) {
    if (items.size() != flags.size()) {
      return Error{.code = Errc::invalid_argument,
                   .message = fmt::format("a list of {} elements cannot be filtered by {} flags",
                                          items.size(), flags.size()),
                   .hint = "make one flag for each element"};
    }
    ValueList out;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto keep = flags[i].as<bool>();
      if (!keep) return with_context(fmt::format("flag {}", i), keep.error());
      if (**keep) out.items.push_back(items[i]);
    }
    return Value::of(std::move(out));
  }
};

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::string find_hint(const FunctionName& wanted, const std::vector<FunctionName>& known) {
  std::vector<std::string> texts;
  for (const FunctionName& name : known) texts.push_back(to_string(name));
  const auto nearest = nearest_names(to_string(wanted), texts);
  if (nearest.empty()) return "add it to the registry of every process that takes part in the run";
  return fmt::format("did you mean {}?", fmt::join(nearest, ", "));
}

}  // namespace

Registry::Registry() {
  add(std::make_shared<Collect>());
  add(std::make_shared<Filter>());
}

Registry& Registry::add(std::shared_ptr<const FunctionDefinition> definition) {
  check(definition != nullptr, "a registered function is defined");
  const auto [place, added] = functions_.try_emplace(definition->name(), definition);
  if (!added && place->second != definition) {
    throw Exception(
      Error{.code = Errc::invalid_argument,
            .message = "another function is registered as " + to_string(definition->name()),
            .hint = "give one of them another name or version"});
  }
  return *this;
}

Result<std::shared_ptr<const FunctionDefinition>> Registry::find(const FunctionName& name) const {
  if (const auto found = functions_.find(name); found != functions_.end()) return found->second;
  return Error{.code = Errc::function_unknown,
               .message = "function " + in_quotes(to_string(name)) + " is not registered",
               .hint = find_hint(name, names())};
}

std::vector<FunctionName> Registry::names() const {
  std::vector<FunctionName> names;
  names.reserve(functions_.size());
  for (const auto& [name, definition] : functions_) names.push_back(name);
  return names;
}

Result<ModuleFacts> Registry::add_module(ModuleFacts facts, const Registry& functions) {
  for (const ModuleFacts& known : modules_) {
    if (known.name == facts.name && known.entry == facts.entry) return known;
  }
  // Weft's own functions are in every registry, each with definitions of its own.
  const Registry own;
  for (const auto& [name, definition] : functions.functions_) {
    if (!own.functions_.contains(name)) facts.functions.push_back(name);
  }
  if (auto clashes = clashes_with(facts); !clashes.empty()) {
    return Error{.code = Errc::invalid_argument,
                 .message = fmt::format("module {} is not loaded: its names are taken ({})",
                                        in_quotes(to_string(facts.name)), facts.file),
                 .hint = "load one of the two, or give what differs another name or version",
                 .causes = std::move(clashes)};
  }
  for (const FunctionName& name : facts.functions) {
    functions_.emplace(name, functions.functions_.at(name));
  }
  return modules_.emplace_back(std::move(facts));
}

std::vector<Error> Registry::clashes_with(const ModuleFacts& module) const {
  std::vector<Error> clashes;
  const auto add = [&clashes](std::string message) {
    clashes.push_back({.code = Errc::invalid_argument, .message = std::move(message)});
  };
  for (const ModuleFacts& known : modules_) {
    if (known.name != module.name) continue;
    add(fmt::format("module {} is loaded already ({})", in_quotes(to_string(known.name)),
                    known.file));
  }
  for (const FunctionName& name : module.functions) {
    if (!functions_.contains(name)) continue;
    const ModuleFacts* owner = module_of(name);
    add(fmt::format(
      "function {} is there already: {}", in_quotes(to_string(name)),
      owner ? "it came with module " + in_quotes(to_string(owner->name)) : "the program added it"));
  }
  return clashes;
}

const ModuleFacts* Registry::module_of(const FunctionName& name) const {
  for (const ModuleFacts& module : modules_) {
    if (std::ranges::binary_search(module.functions, name)) return &module;
  }
  return nullptr;
}

std::vector<std::string> nearest_names(std::string_view typed,
                                       const std::vector<std::string>& known) {
  constexpr std::size_t max_names = 3;
  // Nobody mistypes a longer name, and the distance costs the square of it.
  constexpr std::size_t max_typed = 256;
  if (typed.size() > max_typed) return {};
  const std::size_t farthest = (typed.size() + 2) / 3;  // A third of it may be mistyped.
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const std::string& name : known) {
    if (name.size() > typed.size() + farthest || typed.size() > name.size() + farthest) continue;
    const std::size_t distance = edit_distance(typed, name);
    if (distance <= farthest) near.emplace_back(distance, name);
  }
  std::ranges::sort(near);
  near.resize(std::min(near.size(), max_names));
  std::vector<std::string> names;
  for (auto& [distance, name] : near) names.push_back(std::move(name));
  return names;
}

}  // namespace weft

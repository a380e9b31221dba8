#include "weft/runtime/commands/pipeline_functions.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weft {

namespace {

using Outputs = std::vector<Shared<CommandOutput>>;

Result<CommandItems> items_of(const CommandOutput& output, const std::string& name) {
  const auto found = output.outputs.find(name);
  if (found != output.outputs.end()) return found->second;
  return Error{.code = Errc::task_failed, .message = "there is no output " + in_quotes(name)};
}

Result<CommandItems> items_of_all(const Outputs& outputs, const std::string& name) {
  CommandItems all{.list = true, .items = {}};
  for (const auto& output : outputs) {
    auto items = items_of(*output, name);
    if (!items) return items;
    std::ranges::move(items->items, std::back_inserter(all.items));
  }
  return all;
}

/// Each item as the output without a name.
std::vector<CommandOutput> separate(CommandItems items) {
  std::vector<CommandOutput> out;
  out.reserve(items.items.size());
  for (CommandItem& item : items.items) {
    out.emplace_back().outputs[""] = {.list = false, .items = {std::move(item)}};
  }
  return out;
}

template <class Callable>
void add_once(Registry& registry, std::string_view name, Callable callable) {
  if (registry.find(*parse_function_name(name))) return;
  registry.add(Function{name, std::move(callable), TaskOptions{.purity = Purity::pure}});
}

CommandInputs inputs_of(const Outputs& whole, const std::vector<Outputs>& gathered) {
  CommandInputs inputs;
  for (const auto& output : whole) inputs.whole.push_back(&*output);
  for (const Outputs& list : gathered) {
    auto& all = inputs.gathered.emplace_back();
    all.reserve(list.size());
    for (const auto& output : list) all.push_back(&*output);
  }
  return inputs;
}

}  // namespace

void add_pipeline_functions(Registry& registry) {
  add_once(
    registry, items_function,
    [](const CommandOutput& output, const std::string& name) -> Result<std::vector<CommandOutput>> {
      auto items = items_of(output, name);
      if (!items) return std::move(items).error();
      return separate(std::move(*items));
    });
  add_once(
    registry, all_items_function,
    [](const Outputs& outputs, const std::string& name) -> Result<std::vector<CommandOutput>> {
      auto items = items_of_all(outputs, name);
      if (!items) return std::move(items).error();
      return separate(std::move(*items));
    });
  add_once(registry, list_function,
           [](const std::vector<std::string>& texts) -> std::vector<CommandOutput> {
             CommandItems items{.list = true, .items = {}};
             for (const std::string& text : texts) items.items.push_back({.text = text});
             return separate(std::move(items));
           });
  add_once(registry, plain_function,
           [](const CommandOutput& output, const std::string& name) -> Result<PlainOutput> {
             auto items = items_of(output, name);
             if (!items) return std::move(items).error();
             return PlainOutput{std::move(*items)};
           });
  add_once(registry, all_plain_function,
           [](const Outputs& outputs, const std::string& name) -> Result<PlainOutput> {
             auto items = items_of_all(outputs, name);
             if (!items) return std::move(items).error();
             return PlainOutput{std::move(*items)};
           });
}

std::shared_ptr<const FunctionDefinition> command_function(std::string_view name,
                                                           std::shared_ptr<const CommandTask> task,
                                                           CommandServicesPtr services) {
  // Who retries what is said by the task, not by its function.
  if (task->task.foreach) {
    return Function{name,
                    [task, services](TaskContext& context, const CommandOutput& item,
                                     const Outputs& whole, const std::vector<Outputs>& gathered) {
                      CommandInputs inputs = inputs_of(whole, gathered);
                      inputs.element = &item;
                      return run_command(*task, *services, context, inputs);
                    }}
      .definition();
  }
  return Function{name,
                  [task, services](TaskContext& context, const Outputs& whole,
                                   const std::vector<Outputs>& gathered) {
                    return run_command(*task, *services, context, inputs_of(whole, gathered));
                  }}
    .definition();
}

}  // namespace weft

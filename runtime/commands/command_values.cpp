#include "weft/runtime/commands/command_values.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weft/workflow/importers/pipeline_reader.hpp"

namespace weft {

namespace {

Error unusable_reference(const Reference& reference, std::string_view why) {
  return {.code = Errc::task_failed,
          .message = fmt::format("${{{}}} {}", to_string(reference), why),
          .hint = {}};
}

Result<CommandItems> output_of(const CommandOutput& output, const std::string& name,
                               const Reference& reference) {
  const auto found = output.outputs.find(name);
  if (found == output.outputs.end()) return unusable_reference(reference, "has no value");
  return found->second;
}

CommandItems one_text(std::string text) {
  return {.list = false, .items = {{.text = std::move(text)}}};
}

CommandItems texts(const std::vector<std::string>& list, bool is_list) {
  CommandItems out{.list = is_list, .items = {}};
  for (const std::string& text : list) out.items.push_back({.text = text});
  return out;
}

/// `12`, `-0.5`: what the shell's arithmetic takes as well.
bool is_plain_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0) return false;
  if (digits == text.size()) return true;
  const std::string_view rest = text.substr(digits + 1);
  return text[digits] == '.' && !rest.empty() &&
         rest.find_first_not_of("0123456789") == std::string_view::npos;
}

/// One word for `/bin/sh`, whatever is in it.
std::string quoted_for_shell(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string items_digest(const CommandItems& items) {
  std::string all;
  for (const CommandItem& item : items.items) {
    // Commands see what a file is called, too; not where it lies, which differs from run to run.
    all += item.file
             ? "f" + item.digest + digest_of(std::filesystem::path(item.text).filename().string())
             : "t" + digest_of(item.text);
    all += " ";
  }
  return items.items.size() == 1 ? all : digest_of(all);
}

/// A text with a zero byte would end there for the program.
Result<void> check_zero_bytes(const std::string& text) {
  if (text.find('\0') == std::string::npos) return {};
  return Error{.code = Errc::task_failed,
               .message = in_quotes(text) + " holds a zero byte",
               .hint = "pass it in a file"};
}

/// The command as the pipeline has it, all that says what it does.
std::string description(const PipelineTask& task) {
  std::string out = task.command()->shell ? "shell" : "run";
  // With its length, so that no text can look like two.
  const auto add = [&out](std::string_view what, const std::string& text) {
    out += fmt::format("\n{} ({}): {}", what, text.size(), text);
  };
  for (const TextTemplate& word : task.command()->words) add("word", to_string(word));
  for (const auto& [name, value] : task.environment) add("env " + name, to_string(value));
  if (task.standard_input) add("stdin", to_string(*task.standard_input));
  if (!task.standard_output.empty()) add("stdout", task.standard_output);
  add("exit codes", fmt::format("{}", fmt::join(task.exit_codes, " ")));
  for (const PipelineOutput& output : task.outputs) {
    add("out " + output.name, fmt::format("{} {} {}", static_cast<int>(output.kind),
                                          to_string(output.path), output.suffix));
  }
  return out;
}

}  // namespace

Result<void> CommandValues::read_inputs(FileDigests& digests) {
  for (const PipelineInput& input : task_.task.inputs) {
    if (!input.file) {
      const Reference* reference = input.value.only_reference();
      if (reference) {
        auto items = value(*reference);
        if (!items) return std::move(items).error();
        named_inputs_[input.name] = std::move(*items);
      } else {
        auto words = text(input.value);
        if (!words) return std::move(words).error();
        named_inputs_[input.name] = one_text(std::move(*words));
      }
      continue;
    }
    auto path = text(input.value);
    if (!path) return std::move(path).error();
    auto item = digests.describe((task_.folder / *path).lexically_normal());
    if (!item) return with_context("input " + in_quotes(input.name), std::move(item).error());
    named_inputs_[input.name] = {.list = false, .items = {std::move(*item)}};
  }
  const PipelineCommand& command = *task_.task.command();
  if (command.shell) return {};
  // A program of the pipeline's own is a part of what the command is.
  const auto name = words(command.words.front());
  if (!name || name->empty() || name->front().find('/') == std::string::npos) return {};
  auto program = digests.describe((task_.folder / name->front()).lexically_normal());
  if (program) program_ = program->digest;
  return {};
}

void CommandValues::set_output_path(const std::string& name, const std::filesystem::path& path) {
  output_paths_[name] = path.string();
}

Result<CommandItems> CommandValues::value(const Reference& reference) const {
  switch (reference.kind) {
    case Reference::Kind::parameter: {
      const auto found = task_.parameters->find(reference.name);
      if (found == task_.parameters->end()) return unusable_reference(reference, "has no value");
      return texts(found->second, found->second.size() != 1);
    }
    case Reference::Kind::input: {
      const auto found = named_inputs_.find(reference.name);
      if (found == named_inputs_.end()) return unusable_reference(reference, "has no value");
      return found->second;
    }
    case Reference::Kind::output: {
      const auto found = output_paths_.find(reference.name);
      if (found == output_paths_.end()) return unusable_reference(reference, "has no path");
      return one_text(found->second);
    }
    case Reference::Kind::index:
      return one_text(std::to_string(rows_.empty() ? 0 : rows_.back()));
    case Reference::Kind::item:
      return of_item(reference);
    case Reference::Kind::task:
      return of_task(reference);
  }
  return unusable_reference(reference, "has no value");
}

Result<CommandItems> CommandValues::of_item(const Reference& reference) const {
  if (!inputs_.element) return unusable_reference(reference, "has no value");
  const auto& outputs = inputs_.element->outputs;
  const bool part_of_name = reference.name == "name" || reference.name == "stem";
  const bool own_output = !reference.name.empty() && outputs.contains(reference.name);
  auto items =
    output_of(*inputs_.element, own_output ? reference.name : task_.element_output, reference);
  if (!items || !part_of_name || own_output) return items;
  CommandItems names{.list = items->list, .items = {}};
  for (const CommandItem& item : items->items) {
    const std::filesystem::path path{item.text};
    names.items.push_back({.text = reference.name == "name" ? path.filename() : path.stem()});
  }
  return names;
}

Result<CommandItems> CommandValues::of_task(const Reference& reference) const {
  if (!reference.every && reference.task == task_.element_task && inputs_.element) {
    return output_of(*inputs_.element, reference.name, reference);
  }
  const auto& names = reference.every ? task_.gathered : task_.whole;
  const auto at = std::ranges::find(names, reference.task);
  if (at == names.end()) return unusable_reference(reference, "is not read");
  const auto index = static_cast<std::size_t>(at - names.begin());
  if (!reference.every) return output_of(*inputs_.whole[index], reference.name, reference);
  CommandItems all{.list = true, .items = {}};
  for (const CommandOutput* output : inputs_.gathered[index]) {
    auto items = output_of(*output, reference.name, reference);
    if (!items) return items;
    std::ranges::move(items->items, std::back_inserter(all.items));
  }
  return all;
}

Result<std::string> CommandValues::text(const TextTemplate& text) const {
  std::string out;
  for (const TextTemplate::Part& part : text.parts) {
    if (const auto* words = std::get_if<std::string>(&part)) {
      out += *words;
      continue;
    }
    const auto& reference = std::get<Reference>(part);
    auto items = value(reference);
    if (!items) return std::move(items).error();
    if (items->items.size() != 1) {
      return unusable_reference(
        reference, fmt::format("has {} items where one text is needed", items->items.size()));
    }
    out += items->items.front().text;
  }
  if (auto whole = check_zero_bytes(out); !whole) return whole.error();
  return out;
}

Result<std::vector<std::string>> CommandValues::words(const TextTemplate& template_text) const {
  std::vector<std::string> out;
  if (const Reference* reference = template_text.only_reference()) {
    auto items = value(*reference);
    if (!items) return std::move(items).error();
    if (items->list || items->items.size() != 1) {
      for (CommandItem& item : items->items) {
        if (auto whole = check_zero_bytes(item.text); !whole) return whole.error();
        out.push_back(std::move(item.text));
      }
      return out;
    }
  }
  auto word = text(template_text);
  if (!word) return std::move(word).error();
  out.push_back(std::move(*word));
  return out;
}

Result<std::string> CommandValues::shell_text(const TextTemplate& text) const {
  const auto contexts = shell_contexts(text);
  std::size_t next = 0;
  std::string out;
  for (const TextTemplate::Part& part : text.parts) {
    if (const auto* words = std::get_if<std::string>(&part)) {
      out += *words;
      continue;
    }
    const auto& reference = std::get<Reference>(part);
    auto items = value(reference);
    if (!items) return std::move(items).error();
    const bool arithmetic = contexts[next++] == ShellContext::arithmetic;
    std::string separator;
    for (const CommandItem& item : items->items) {
      if (auto whole = check_zero_bytes(item.text); !whole) return whole.error();
      if (arithmetic && !is_plain_number(item.text)) {
        return unusable_reference(reference, "is no number: " + in_quotes(item.text));
      }
      out += separator + (arithmetic ? item.text : quoted_for_shell(item.text));
      separator = " ";
    }
  }
  return out;
}

Result<CommandUse> CommandValues::use() const {
  CommandUse use{.command = description(task_.task)};
  for (const auto& [name, items] : named_inputs_) use.inputs["in." + name] = items_digest(items);
  if (!program_.empty()) use.inputs["program"] = program_;
  // The list of foreach is not read as a whole: an item may stay the same when others change.
  const auto* over =
    task_.task.foreach ? std::get_if<Reference>(&task_.task.foreach->over) : nullptr;
  std::optional<Error> failure;
  each_reference(task_.task, [&](const Reference& reference) {
    if (&reference == over || failure) return;
    if (reference.kind == Reference::Kind::parameter) {
      const auto found = task_.parameters->find(reference.name);
      if (found != task_.parameters->end()) use.parameters[reference.name] = found->second;
    } else if (reference.kind == Reference::Kind::task || reference.kind == Reference::Kind::item) {
      auto items = value(reference);
      if (items) {
        use.inputs[to_string(reference)] = items_digest(*items);
      } else {
        failure = std::move(items).error();
      }
    }
  });
  if (failure) return std::move(*failure);
  return use;
}

}  // namespace weft

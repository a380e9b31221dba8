#include <algorithm>
#include <set>
#include <unordered_map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weft/workflow/importers/pipeline_reader.hpp"

namespace weft {

namespace {

using TaskIndex = std::unordered_map<std::string_view, const PipelineTask*>;

std::vector<std::string> names_of(const auto& things) {
  std::vector<std::string> names;
  for (const auto& thing : things) names.push_back(thing.name);
  return names;
}

/// Checks the references of one task.
class TaskReferences {
public:
  TaskReferences(const Pipeline& pipeline, const TaskIndex& tasks, const PipelineTask& task,
                 PipelineFields& fields)
    : pipeline_(pipeline), tasks_(tasks), task_(task), fields_(fields) {
    find_element_task();
  }

  void check() {
    if (task_.foreach) check_foreach();
    for (const PipelineInput& input : task_.inputs) {
      check_text(input.value, input.file ? Lists::refused : Lists::alone, Place::input);
    }
    if (const PipelineCommand* command = task_.command()) {
      const Lists lists = command->shell ? Lists::anywhere : Lists::alone;
      if (command->shell) check_quotes(command->words.front());
      for (const TextTemplate& word : command->words) check_text(word, lists, Place::command);
    }
    for (const PipelineArgument& argument : task_.arguments) check_argument(argument);
    for (const auto& [name, value] : task_.environment) {
      check_text(value, Lists::refused, Place::command);
    }
    if (task_.standard_input) check_text(*task_.standard_input, Lists::refused, Place::command);
    for (const PipelineOutput& output : task_.outputs) check_output(output);
    check_standard_output();
    for (const std::string& name : task_.after) check_after(name);
  }

private:
  /// Where a text stands, which decides what it may refer to.
  enum class Place : std::uint8_t { foreach, input, command, output };
  /// Whether a list may stand there.
  enum class Lists : std::uint8_t { refused, alone, anywhere };

  /// The task whose elements this one goes on with, if it goes on element by element.
  void find_element_task() {
    const auto* list = task_.foreach ? std::get_if<Reference>(&task_.foreach->over) : nullptr;
    if (!list || list->kind != Reference::Kind::task || !list->every) return;
    const auto found = tasks_.find(list->task);
    if (found == tasks_.end()) return;
    const PipelineOutput* output = found->second->output(list->name);
    if (!output || !output->is_list()) element_ = found->second;
  }

  void check_foreach() {
    if (const auto* list = std::get_if<Reference>(&task_.foreach->over)) {
      check_reference(*list, Place::foreach);
      if (!is_list(*list)) {
        fields_.problem(list->place,
                        fmt::format("foreach of task {} goes over {}, which is no list",
                                    in_quotes(task_.name), in_quotes(to_string(*list))),
                        "lists are outputs of type files and lines, list parameters, and "
                        "${TASK.*.OUTPUT} of a task that has foreach");
      }
    } else if (const auto* count = std::get_if<TextTemplate>(&task_.foreach->over)) {
      check_text(*count, Lists::refused, Place::foreach);
      check_known_before(*count);
      const auto constant = count->constant();
      if (constant && !whole_number(*constant)) {
        fields_.problem(count->place, in_quotes(*constant) + " is no whole number");
      }
    } else {
      for (const TextTemplate& text : std::get<std::vector<TextTemplate>>(task_.foreach->over)) {
        check_text(text, Lists::refused, Place::foreach);
        check_known_before(text);
      }
    }
  }

  /// A count, and the items of a list, are known when the run starts.
  void check_known_before(const TextTemplate& text) {
    text.each_reference([&](const Reference& reference) {
      if (reference.kind == Reference::Kind::parameter) return;
      fields_.problem(reference.place, "counts and lists that are written out take parameters only",
                      "go over an output with foreach: ${TASK.OUTPUT}");
    });
  }

  void check_text(const TextTemplate& text, Lists lists, Place place) {
    text.each_reference([&](const Reference& reference) {
      check_reference(reference, place);
      if (!is_list(reference) || lists == Lists::anywhere) return;
      if (lists == Lists::alone && text.only_reference()) return;
      fields_.problem(reference.place,
                      fmt::format("{} is a list and cannot be a part of a text",
                                  in_quotes("${" + to_string(reference) + "}")),
                      lists == Lists::alone ? "let it be an item of its own: each of its items "
                                              "becomes one"
                                            : "");
    });
  }

  void check_quotes(const TextTemplate& text) {
    const auto contexts = shell_contexts(text);
    std::size_t next = 0;
    text.each_reference([&](const Reference& reference) {
      if (contexts[next++] != ShellContext::quoted) return;
      fields_.problem(reference.place,
                      fmt::format("${{{}}} stands inside of quotes", to_string(reference)),
                      "take the quotes away: what it stands for stays one word without them");
    });
  }

  void check_argument(const PipelineArgument& argument) {
    if (const auto* text = std::get_if<TextTemplate>(&argument.node)) {
      check_text(*text, Lists::alone, Place::input);
      text->each_reference([&](const Reference& reference) {
        const bool whole = text->only_reference() && reference.kind != Reference::Kind::index &&
                           reference.name != "name" && reference.name != "stem";
        if (whole || reference.kind == Reference::Kind::parameter) return;
        fields_.problem(reference.place,
                        "an argument of a function is a whole item or output, or has none in it",
                        "put nothing around the reference; ${index} and names of files are for "
                        "commands");
      });
    } else if (const auto* list = std::get_if<PipelineArgument::List>(&argument.node)) {
      for (const PipelineArgument& item : *list) check_argument(item);
    } else if (const auto* map = std::get_if<PipelineArgument::Map>(&argument.node)) {
      for (const auto& [key, value] : *map) check_argument(value);
    }
  }

  void check_output(const PipelineOutput& output) {
    check_text(output.path, Lists::refused, Place::output);
    if (output.kind != PipelineOutput::Kind::file || output.path.empty() || !task_.foreach) return;
    bool distinct = false;
    output.path.each_reference([&](const Reference& reference) {
      distinct |=
        reference.kind == Reference::Kind::item || reference.kind == Reference::Kind::index;
    });
    if (distinct) return;
    fields_.problem(output.place,
                    fmt::format("every item of {} would write the same file {}",
                                in_quotes(task_.name), in_quotes(to_string(output.path))),
                    "put ${index} or ${item.stem} into the path");
  }

  void check_standard_output() {
    if (task_.standard_output.empty()) return;
    const PipelineOutput* output = task_.output(task_.standard_output);
    if (!output) {
      fields_.problem(task_.place, missing("output", task_.standard_output, task_),
                      suggestion(task_.standard_output, names_of(task_.outputs)));
    } else if (output->kind != PipelineOutput::Kind::file) {
      fields_.problem(output->place, fmt::format("the standard output of {} goes to {}, which has "
                                                 "to be of type file",
                                                 in_quotes(task_.name), in_quotes(output->name)));
    }
  }

  void check_after(const std::string& name) {
    if (name == task_.name) {
      fields_.problem(task_.place, fmt::format("task {} is after itself", in_quotes(name)));
    } else if (!tasks_.contains(name)) {
      fields_.problem(task_.place,
                      fmt::format("task {} is after {}, which is no task", in_quotes(task_.name),
                                  in_quotes(name)),
                      suggestion(name, names_of(pipeline_.tasks)));
    }
  }

  void check_reference(const Reference& reference, Place place) {
    switch (reference.kind) {
      case Reference::Kind::parameter:
        if (!pipeline_.parameter(reference.name)) {
          fields_.problem(reference.place, "there is no parameter " + in_quotes(reference.name),
                          suggestion(reference.name, names_of(pipeline_.parameters)));
        }
        return;
      case Reference::Kind::input:
        check_input(reference, place);
        return;
      case Reference::Kind::output:
        check_own_output(reference, place);
        return;
      case Reference::Kind::item:
      case Reference::Kind::index:
        check_item(reference, place);
        return;
      case Reference::Kind::task:
        check_task(reference, place);
        return;
    }
  }

  void check_input(const Reference& reference, Place place) {
    const auto names = names_of(task_.inputs);
    if (std::ranges::find(names, reference.name) == names.end()) {
      fields_.problem(reference.place, missing("input", reference.name, task_),
                      names.empty() ? "add it under in:" : suggestion(reference.name, names));
    } else if (place != Place::command) {
      fields_.problem(reference.place, "${in.NAME} is for commands and their environment",
                      "refer to what the input is");
    }
  }

  void check_own_output(const Reference& reference, Place place) {
    const PipelineOutput* output = task_.output(reference.name);
    if (!output) {
      fields_.problem(reference.place, missing("output", reference.name, task_),
                      task_.outputs.empty() ? "add it under out:"
                                            : suggestion(reference.name, names_of(task_.outputs)));
    } else if (output->kind != PipelineOutput::Kind::file) {
      fields_.problem(reference.place,
                      fmt::format("output {} is not written to a path: it is of type {}",
                                  in_quotes(reference.name), kind_name(output->kind)),
                      "only outputs of type file have one");
    } else if (place != Place::command) {
      fields_.problem(reference.place, "${out.NAME} is for commands and their environment");
    }
  }

  void check_item(const Reference& reference, Place place) {
    const std::string text = "${" + to_string(reference) + "}";
    if (!task_.foreach || place == Place::foreach) {
      fields_.problem(reference.place, fmt::format("{} is for tasks with foreach", text),
                      "add foreach: to the task");
      return;
    }
    if (reference.name.empty() || reference.name == "name" || reference.name == "stem") return;
    std::vector<std::string> parts{"name", "stem"};
    if (element_) std::ranges::copy(names_of(element_->outputs), std::back_inserter(parts));
    if (std::ranges::find(parts, reference.name) != parts.end()) return;
    fields_.problem(reference.place,
                    fmt::format("an item has no part {}", in_quotes(reference.name)),
                    suggestion(reference.name, parts));
  }

  void check_task(const Reference& reference, Place place) {
    const auto found = tasks_.find(reference.task);
    if (found == tasks_.end()) {
      fields_.problem(reference.place,
                      fmt::format("there is no task {}", in_quotes(reference.task)),
                      suggestion(reference.task, names_of(pipeline_.tasks)));
      return;
    }
    const PipelineTask& other = *found->second;
    if (place == Place::output) {
      fields_.problem(reference.place, "the path of an output cannot depend on another task",
                      "use ${item}, ${index} and parameters");
      return;
    }
    check_part(reference, other);
    if (reference.every && !other.foreach) {
      fields_.problem(
        reference.place,
        fmt::format("task {} has no foreach: there is only one of it", in_quotes(other.name)),
        "leave the * out");
    }
    if (!reference.every && other.foreach && (&other != element_ || place == Place::foreach)) {
      fields_.problem(reference.place,
                      fmt::format("task {} is there once for each item", in_quotes(other.name)),
                      fmt::format("write ${{{}.*{}}} for all of them", other.name,
                                  reference.name.empty() ? "" : "." + reference.name));
    }
  }

  void check_part(const Reference& reference, const PipelineTask& other) {
    if (!other.command()) {
      if (reference.name.empty()) return;
      fields_.problem(reference.place,
                      fmt::format("task {} calls a function: it has one output without a name",
                                  in_quotes(other.name)),
                      fmt::format("write ${{{}}}", other.name));
    } else if (reference.name.empty()) {
      fields_.problem(reference.place,
                      fmt::format("which output of task {}?", in_quotes(other.name)),
                      suggestion("", names_of(other.outputs)));
    } else if (!other.output(reference.name)) {
      fields_.problem(reference.place, missing("output", reference.name, other),
                      suggestion(reference.name, names_of(other.outputs)));
    }
  }

  bool is_list(const Reference& reference) const {
    if (reference.kind == Reference::Kind::parameter) {
      const PipelineParameter* parameter = pipeline_.parameter(reference.name);
      return parameter && parameter->list;
    }
    if (reference.kind == Reference::Kind::input) {
      const auto input = std::ranges::find(task_.inputs, reference.name, &PipelineInput::name);
      if (input == task_.inputs.end() || input->file) return false;
      const Reference* value = input->value.only_reference();
      return value && value->kind != Reference::Kind::input && is_list(*value);
    }
    if (reference.kind == Reference::Kind::item && element_ && !reference.name.empty()) {
      const PipelineOutput* output = element_->output(reference.name);
      return output && output->is_list();
    }
    if (reference.kind != Reference::Kind::task) return false;
    if (reference.every) return true;
    const auto found = tasks_.find(reference.task);
    if (found == tasks_.end()) return false;
    // What a function returns is known only when it has; foreach finds out.
    if (!found->second->command()) return task_.foreach && is_over(reference);
    const PipelineOutput* output = found->second->output(reference.name);
    return output && output->is_list();
  }

  bool is_over(const Reference& reference) const {
    const auto* list = std::get_if<Reference>(&task_.foreach->over);
    return list == &reference;
  }

  static std::string missing(std::string_view what, std::string_view name,
                             const PipelineTask& task) {
    return fmt::format("task {} has no {} {}", in_quotes(task.name), what, in_quotes(name));
  }

  static std::string_view kind_name(PipelineOutput::Kind kind) {
    switch (kind) {
      case PipelineOutput::Kind::file:
        return "file";
      case PipelineOutput::Kind::files:
        return "files";
      case PipelineOutput::Kind::text:
        return "text";
      case PipelineOutput::Kind::lines:
        return "lines";
      case PipelineOutput::Kind::number:
        return "number";
      case PipelineOutput::Kind::numbers:
        return "numbers";
    }
    return {};
  }

  const Pipeline& pipeline_;
  const TaskIndex& tasks_;
  const PipelineTask& task_;
  PipelineFields& fields_;
  const PipelineTask* element_ = nullptr;
};

/// Two tasks that write one file would overwrite each other.
void check_published_paths(const Pipeline& pipeline, PipelineFields& fields) {
  std::map<std::string, const PipelineTask*> writers;
  for (const PipelineTask& task : pipeline.tasks) {
    for (const PipelineOutput& output : task.outputs) {
      if (output.kind != PipelineOutput::Kind::file || output.path.empty()) continue;
      const std::string path = to_string(output.path);
      const auto [entry, fresh] = writers.try_emplace(path, &task);
      if (fresh) continue;
      fields.problem(output.place,
                     fmt::format("tasks {} and {} both write {}", in_quotes(entry->second->name),
                                 in_quotes(task.name), in_quotes(path)),
                     "let each write a file of its own");
    }
  }
}

/// A file that another task writes has to come from that task, or it is read before it is there.
void check_read_paths(const Pipeline& pipeline, PipelineFields& fields) {
  std::map<std::string, std::pair<const PipelineTask*, const PipelineOutput*>> writers;
  for (const PipelineTask& task : pipeline.tasks) {
    for (const PipelineOutput& output : task.outputs) {
      if (output.kind == PipelineOutput::Kind::file && !output.path.empty()) {
        writers[to_string(output.path)] = {&task, &output};
      }
    }
  }
  for (const PipelineTask& task : pipeline.tasks) {
    for (const PipelineInput& input : task.inputs) {
      const auto found = input.file ? writers.find(to_string(input.value)) : writers.end();
      if (found == writers.end()) continue;
      const auto& [writer, output] = found->second;
      if (std::ranges::find(task.after, writer->name) != task.after.end()) continue;
      fields.problem(
        input.value.place,
        fmt::format("task {} reads {}, which task {} writes", in_quotes(task.name),
                    in_quotes(to_string(input.value)), in_quotes(writer->name)),
        fmt::format("write ${{{}.{}}}, so that it waits for it", writer->name, output->name));
    }
  }
}

/// Names the tasks of one cycle, if there is one.
void check_cycles(const Pipeline& pipeline, const TaskIndex& tasks, PipelineFields& fields) {
  enum class State : std::uint8_t { unseen, open, done };
  std::unordered_map<const PipelineTask*, State> states;
  std::unordered_map<const PipelineTask*, std::vector<const PipelineTask*>> needs;
  for (const PipelineTask& task : pipeline.tasks) {
    auto& list = needs[&task];
    const auto add = [&](std::string_view name) {
      if (const auto found = tasks.find(name); found != tasks.end()) list.push_back(found->second);
    };
    each_reference(task, [&](const Reference& reference) {
      if (reference.kind == Reference::Kind::task) add(reference.task);
    });
    for (const std::string& name : task.after) add(name);
  }
  struct Visit {
    const PipelineTask* task;
    std::size_t next = 0;
  };
  for (const PipelineTask& root : pipeline.tasks) {
    if (states[&root] != State::unseen) continue;
    std::vector<Visit> path{{&root}};
    states[&root] = State::open;
    while (!path.empty()) {
      Visit& visit = path.back();
      const auto& list = needs[visit.task];
      if (visit.next == list.size()) {
        states[visit.task] = State::done;
        path.pop_back();
        continue;
      }
      const PipelineTask* next = list[visit.next++];
      if (states[next] == State::unseen) {
        states[next] = State::open;
        path.push_back({next});
      } else if (states[next] == State::open) {
        const auto begin = std::ranges::find(path, next, &Visit::task);
        std::string names;
        for (auto at = begin; at != path.end(); ++at) names += in_quotes(at->task->name) + " -> ";
        fields.problem(next->place, "tasks wait for one another: " + names + in_quotes(next->name),
                       "take one of these references out");
        return;
      }
    }
  }
}

}  // namespace

void check_references(const Pipeline& pipeline, PipelineFields& fields) {
  TaskIndex tasks;
  for (const PipelineTask& task : pipeline.tasks) tasks.emplace(task.name, &task);
  for (const PipelineTask& task : pipeline.tasks) {
    TaskReferences{pipeline, tasks, task, fields}.check();
    if (fields.full()) return;  // Nobody reads more, and hints take time.
  }
  check_published_paths(pipeline, fields);
  check_read_paths(pipeline, fields);
  check_cycles(pipeline, tasks, fields);
}

}  // namespace weft

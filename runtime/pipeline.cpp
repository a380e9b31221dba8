#include "weft/runtime/pipeline.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "weft/runtime/commands/pipeline_functions.hpp"
#include "weft/workflow/importers/pipeline_fields.hpp"
#include "weft/workflow/importers/pipeline_reader.hpp"

namespace weft {

namespace {

using Parameters = std::map<std::string, std::vector<std::string>>;

/// The tasks in an order in which each comes after those that it refers to.
std::vector<const PipelineTask*> in_order(const Pipeline& pipeline) {
  std::unordered_map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < pipeline.tasks.size(); ++i) index[pipeline.tasks[i].name] = i;
  std::vector<std::vector<std::size_t>> readers(pipeline.tasks.size());
  std::vector<std::size_t> waits(pipeline.tasks.size());
  for (std::size_t i = 0; i < pipeline.tasks.size(); ++i) {
    const auto add = [&](const std::string& name) {
      readers[index.at(name)].push_back(i);
      ++waits[i];
    };
    each_reference(pipeline.tasks[i], [&](const Reference& reference) {
      if (reference.kind == Reference::Kind::task) add(reference.task);
    });
    for (const std::string& name : pipeline.tasks[i].after) add(name);
  }
  std::vector<const PipelineTask*> order;
  std::vector<std::size_t> ready;
  for (std::size_t i = waits.size(); i-- > 0;) {
    if (waits[i] == 0) ready.push_back(i);
  }
  while (!ready.empty()) {
    const std::size_t next = ready.back();
    ready.pop_back();
    order.push_back(&pipeline.tasks[next]);
    for (const std::size_t reader : readers[next]) {
      if (--waits[reader] == 0) ready.push_back(reader);
    }
  }
  return order;
}

/// Adds the tasks of one pipeline to a workflow.
class PipelineBuilder {
public:
  PipelineBuilder(const Pipeline& pipeline, Parameters parameters, Registry& registry,
                  CommandServicesPtr services)
    : pipeline_(pipeline),
      parameters_(std::make_shared<const Parameters>(std::move(parameters))),
      registry_(registry),
      services_(std::move(services)),
      workflow_(pipeline.name) {}

  Workflow build() {
    add_pipeline_functions(registry_);
    for (const PipelineTask* task : in_order(pipeline_)) add(*task);
    add_requirements();
    return std::move(workflow_);
  }

private:
  /// A task of the pipeline in the workflow.
  struct Built {
    AnyFuture output;  ///< Of each item, when it has foreach.
    bool command = false;
    bool each = false;
  };

  /// A task while it is added.
  struct Adding {
    const PipelineTask& task;
    const Reference* chain = nullptr;  ///< The task with foreach that it goes on with.
    std::optional<AnyFuture> element;
    bool plain_element = false;  ///< A value of a function, not of a command.
  };

  using Spec = ArgumentSpec;

  static Spec future(const AnyFuture& output) {
    Spec spec;
    spec.node = output;
    return spec;
  }
  static Spec constant(Value value) {
    Spec spec;
    spec.node = std::move(value);
    return spec;
  }
  static Spec list(Spec::List items) {
    Spec spec;
    spec.node = std::move(items);
    return spec;
  }

  /// Beside what the pipeline names: the programs that it runs and the files that it reads, as far
  /// as they are known before it runs.
  void add_requirements() {
    Requirements& needed = workflow_.requirements();
    needed = pipeline_.requirements;
    std::set<std::string> programs{needed.programs.begin(), needed.programs.end()};
    std::set<std::string> files{needed.files.begin(), needed.files.end()};
    std::set<std::string> made;
    for (const PipelineTask& task : pipeline_.tasks) {
      for (const PipelineOutput& output : task.outputs) made.insert(to_string(output.path));
    }
    for (const PipelineTask& task : pipeline_.tasks) {
      const PipelineCommand* command = task.command();
      // A task with a PATH of its own is looked after when it runs.
      if (command && !command->shell && !task.environment.contains("PATH")) {
        add_constant(command->words.front(), programs, needed.programs);
      }
      for (const PipelineInput& input : task.inputs) {
        if (input.file && !made.contains(to_string(input.value))) {
          add_constant(input.value, files, needed.files);
        }
      }
    }
  }

  void add_constant(const TextTemplate& text, std::set<std::string>& known,
                    std::vector<std::string>& list) const {
    bool constant = true;
    text.each_reference([&](const Reference& reference) {
      constant &=
        reference.kind == Reference::Kind::parameter && !pipeline_.parameter(reference.name)->list;
    });
    if (!constant || known.size() >= max_requirements) return;
    std::string name = constant_text(text);
    if (known.insert(name).second) list.push_back(std::move(name));
  }

  void add(const PipelineTask& task) {
    Adding adding{.task = task};
    AnyFuture output;
    const auto body = [&](const Future<CommandOutput>& item) {
      adding.element = item;
      return Future<CommandOutput>{workflow_.tag(), add_one(adding).task(),
                                   AnyFuture::Kind::output};
    };
    if (!task.foreach) {
      output = add_one(adding);
    } else if (adding.chain = chain_of(task); adding.chain != nullptr) {
      const Built& before = built_.at(adding.chain->task);
      adding.plain_element = !before.command;
      output = workflow_.for_each(
        Mapped<CommandOutput>{workflow_.tag(), before.output.task(), AnyFuture::Kind::mapped},
        body);
    } else {
      const AnyFuture items = list_of(task, adding);
      AnyFuture map;
      output = workflow_.for_each(
        Future<std::vector<CommandOutput>>{workflow_.tag(), items.task(), AnyFuture::Kind::output},
        [&](const Future<CommandOutput>& item) {
          map = {workflow_.tag(), item.task(), AnyFuture::Kind::output};
          return body(item);
        });
      workflow_.name(map, task.name + ".each");
      if (task.options.max_items) {
        workflow_.map_options(output).max_items = task.options.max_items;
      }
    }
    built_[task.name] = {
      .output = output, .command = task.command() != nullptr, .each = task.foreach.has_value()};
    for (const std::string& name : task.after)
      workflow_.after(output, whole(built_.at(name), name));
  }

  /// The reference of foreach if its items are the elements of another foreach, one by one.
  const Reference* chain_of(const PipelineTask& task) const {
    const auto* over = std::get_if<Reference>(&task.foreach->over);
    if (!over || over->kind != Reference::Kind::task || !over->every) return nullptr;
    const PipelineOutput* output = pipeline_.task(over->task)->output(over->name);
    return output && output->is_list() ? nullptr : over;
  }

  /// The list that foreach goes over.
  AnyFuture list_of(const PipelineTask& task, Adding& adding) {
    const std::string name = task.name + ".items";
    if (const auto* over = std::get_if<Reference>(&task.foreach->over);
        over && over->kind == Reference::Kind::task) {
      const Built& before = built_.at(over->task);
      if (!before.command && !over->every) {
        adding.plain_element = true;
        return before.output;
      }
      return add_step(name, over->every ? all_items_function : items_function,
                      {future(before.output), constant(Value::of(over->name))});
    }
    return add_step(name, list_function, {constant(Value::of(texts_of(*task.foreach)))});
  }

  std::vector<std::string> texts_of(const PipelineForeach& foreach) const {
    if (const auto* over = std::get_if<Reference>(&foreach.over))
      return parameters_->at(over->name);
    std::vector<std::string> out;
    if (const auto* texts = std::get_if<std::vector<TextTemplate>>(&foreach.over)) {
      for (const TextTemplate& text : *texts) out.push_back(constant_text(text));
      return out;
    }
    const std::string text = constant_text(std::get<TextTemplate>(foreach.over));
    const auto count = whole_number(text);
    if (!count || *count < 0 || *count > default_max_items) {
      throw Exception(
        Error{.code = Errc::invalid_argument,
              .message = fmt::format("{}:{}: foreach cannot count to {}", pipeline_.origin,
                                     to_string(foreach.place), in_quotes(text)),
              .hint = fmt::format("a count is a whole number from 0 to {}", default_max_items)});
    }
    for (std::int64_t i = 0; i < *count; ++i) out.push_back(std::to_string(i));
    return out;
  }

  /// @pre its references are parameters
  std::string constant_text(const TextTemplate& text) const {
    std::string out;
    for (const TextTemplate::Part& part : text.parts) {
      if (const auto* words = std::get_if<std::string>(&part)) {
        out += *words;
      } else {
        out += parameters_->at(std::get<Reference>(part).name).front();
      }
    }
    return out;
  }

  AnyFuture add_step(const std::string& name, std::string_view function, Spec::List arguments) {
    const TaskId id = workflow_.add({.name = name,
                                     .function = *parse_function_name(function),
                                     .arguments = std::move(arguments)});
    return {workflow_.tag(), id, AnyFuture::Kind::output};
  }

  /// All of a task: with foreach, the list of its outputs.
  AnyFuture whole(const Built& built, const std::string& name) {
    if (!built.each) return built.output;
    const auto found = gathered_.find(name);
    if (found != gathered_.end()) return found->second;
    const AnyFuture all = workflow_.gather(
      Mapped<CommandOutput>{workflow_.tag(), built.output.task(), AnyFuture::Kind::mapped});
    return gathered_[name] = all;
  }

  // -- one task -----------------------------------------------------------------------------------

  AnyFuture add_one(const Adding& adding) {
    TaskSpec spec{.name = adding.task.name, .options = adding.task.options};
    spec.options.max_items.reset();
    if (adding.task.command()) {
      fill_command(adding, spec);
    } else {
      spec.function = std::get<FunctionName>(adding.task.work);
      for (const PipelineArgument& argument : adding.task.arguments) {
        spec.arguments.push_back(argument_of(adding, argument));
      }
    }
    return {workflow_.tag(), workflow_.add(std::move(spec)), AnyFuture::Kind::output};
  }

  void fill_command(const Adding& adding, TaskSpec& spec) {
    auto command = std::make_shared<CommandTask>();
    command->task = adding.task;
    command->folder = pipeline_.folder;
    command->parameters = parameters_;
    if (adding.chain) {
      command->element_task = adding.chain->task;
      command->element_output = adding.chain->name;
    }
    Spec::List whole;
    Spec::List gathered;
    const auto* over =
      adding.task.foreach ? std::get_if<Reference>(&adding.task.foreach->over) : nullptr;
    each_reference(adding.task, [&](const Reference& reference) {
      // What foreach goes over is not read as a whole, unless it is referred to elsewhere, too.
      if (reference.kind != Reference::Kind::task || &reference == over) return;
      if (!reference.every && reference.task == command->element_task) return;
      auto& names = reference.every ? command->gathered : command->whole;
      if (std::ranges::find(names, reference.task) != names.end()) return;
      names.push_back(reference.task);
      (reference.every ? gathered : whole).push_back(future(built_.at(reference.task).output));
    });
    std::string name = pipeline_.name + "." + adding.task.name;
    // A module may have a function of that name.
    while (registry_.find({.name = name})) name += "_";
    spec.function = {.name = name};
    if (adding.element) spec.arguments.push_back(future(*adding.element));
    spec.arguments.push_back(list(std::move(whole)));
    spec.arguments.push_back(list(std::move(gathered)));
    registry_.add(command_function(name, std::move(command), services_));
  }

  // -- arguments of functions ---------------------------------------------------------------------

  Spec argument_of(const Adding& adding, const PipelineArgument& argument) {
    return std::visit([&](const auto& node) { return argument_of_node(adding, node); },
                      argument.node);
  }

  Spec argument_of_node(const Adding&, std::monostate) { return constant(Value::nothing()); }
  Spec argument_of_node(const Adding&, bool node) { return constant(Value::of(node)); }
  Spec argument_of_node(const Adding&, std::int64_t node) { return constant(Value::of(node)); }
  Spec argument_of_node(const Adding&, double node) { return constant(Value::of(node)); }
  Spec argument_of_node(const Adding& adding, const TextTemplate& node) {
    const Reference* reference = node.only_reference();
    return reference ? argument_of_reference(adding, *reference)
                     : constant(Value::of(constant_text(node)));
  }
  Spec argument_of_node(const Adding& adding, const PipelineArgument::List& node) {
    Spec::List items;
    for (const PipelineArgument& item : node) items.push_back(argument_of(adding, item));
    return list(std::move(items));
  }
  Spec argument_of_node(const Adding& adding, const PipelineArgument::Map& node) {
    Spec spec;
    auto& map = spec.node.emplace<Spec::Map>();
    for (const auto& [key, value] : node) map.emplace_back(key, argument_of(adding, value));
    return spec;
  }

  Spec argument_of_reference(const Adding& adding, const Reference& reference) {
    if (reference.kind == Reference::Kind::parameter) return parameter_argument(reference);
    const bool own_element =
      reference.kind == Reference::Kind::item ||
      (adding.chain && !reference.every && reference.task == adding.chain->task);
    if (own_element) {
      if (adding.plain_element) return future(*adding.element);
      std::string name = reference.name;
      if (name.empty() && adding.chain) name = adding.chain->name;
      return future(plain(adding, *adding.element, name, plain_function));
    }
    const Built& other = built_.at(reference.task);
    if (other.command) {
      return future(plain(adding, other.output, reference.name,
                          other.each ? all_plain_function : plain_function));
    }
    return future(other.output);
  }

  AnyFuture plain(const Adding& adding, const AnyFuture& output, const std::string& name,
                  std::string_view function) {
    return add_step(fmt::format("{}.argument-{}", adding.task.name, ++steps_), function,
                    {future(output), constant(Value::of(name))});
  }

  Spec parameter_argument(const Reference& reference) {
    const PipelineParameter& parameter = *pipeline_.parameter(reference.name);
    Spec::List items;
    for (const std::string& text : parameters_->at(reference.name)) {
      items.push_back(constant(parameter_value(parameter.type, text)));
    }
    return parameter.list ? list(std::move(items)) : std::move(items.front());
  }

  static Value parameter_value(PipelineParameter::Type type, const std::string& text) {
    switch (type) {
      case PipelineParameter::Type::text:
        return Value::of(text);
      case PipelineParameter::Type::integer:
        return Value::of(*whole_number(text));
      case PipelineParameter::Type::number:
        return Value::of(*real_number(text));
      case PipelineParameter::Type::boolean:
        return Value::of(text == "true");
    }
    return {};
  }

  const Pipeline& pipeline_;
  std::shared_ptr<const Parameters> parameters_;
  Registry& registry_;
  CommandServicesPtr services_;
  Workflow workflow_;
  std::unordered_map<std::string, Built> built_;
  std::unordered_map<std::string, AnyFuture> gathered_;
  std::size_t steps_ = 0;
};

Result<std::optional<RunFolder>> previous_run(const Pipeline& pipeline,
                                              const CommandOptions& options) {
  if (options.from_run.empty()) return std::optional<RunFolder>();
  auto folder = find_run_folder(options.work, options.from_run);
  if (!folder) return std::move(folder).error();
  const std::string before = pipeline_of(*folder);
  if (before == pipeline.name) return std::optional(std::move(*folder));
  return Error{.code = Errc::invalid_argument,
               .message = fmt::format("run {} was of pipeline {}, and this is {}", folder->run(),
                                      in_quotes(before), in_quotes(pipeline.name)),
               .hint = "name a run of the same pipeline"};
}

}  // namespace

Result<Workflow> make_workflow(const Pipeline& pipeline,
                               const std::vector<std::pair<std::string, std::string>>& parameters,
                               Registry& registry, const CommandOptions& options) {
  auto values = parameter_values(pipeline, parameters);
  if (!values) return std::move(values).error();
  auto previous = previous_run(pipeline, options);
  if (!previous) return std::move(previous).error();
  CommandOptions absolute = options;
  absolute.work = std::filesystem::absolute(options.work).lexically_normal();
  auto services =
    std::make_shared<CommandServices>(std::move(absolute), pipeline.name, std::move(*previous));
  try {
    return PipelineBuilder{pipeline, std::move(*values), registry, std::move(services)}.build();
  } catch (const Exception& refused) {
    return refused.error();
  }
}

}  // namespace weft

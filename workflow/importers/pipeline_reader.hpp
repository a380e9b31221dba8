#pragma once

#include "weft/workflow/importers/pipeline.hpp"
#include "weft/workflow/importers/pipeline_fields.hpp"

namespace weft {

/// Makes a pipeline out of a parsed document. What is wrong becomes a problem; what can be read is
/// read all the same, so that further problems are found.
[[nodiscard]] Pipeline read_pipeline(const YamlNode& document, PipelineFields& fields);

/// Reads one task.
/// @param defaults what the pipeline sets for all of its tasks; nothing: none
[[nodiscard]] PipelineTask read_pipeline_task(const YamlEntry& entry, const YamlNode* defaults,
                                              PipelineFields& fields);

/// Finds what each reference of the pipeline refers to. Those that refer to nothing, or to what
/// cannot be had there, are problems, as are tasks that wait for one another.
void check_references(const Pipeline& pipeline, PipelineFields& fields);

/// Calls `visit(reference)` for each reference of the task, wherever it stands.
template <class Visit>
void each_reference(const PipelineTask& task, Visit&& visit);

// -- implementation of the template ---------------------------------------------------------------

namespace pipeline_detail {

template <class Visit>
void each_reference(const PipelineArgument& argument, Visit& visit) {
  if (const auto* text = std::get_if<TextTemplate>(&argument.node)) text->each_reference(visit);
  if (const auto* list = std::get_if<PipelineArgument::List>(&argument.node)) {
    for (const PipelineArgument& item : *list) each_reference(item, visit);
  }
  if (const auto* map = std::get_if<PipelineArgument::Map>(&argument.node)) {
    for (const auto& [key, value] : *map) each_reference(value, visit);
  }
}

template <class Visit>
void each_reference(const PipelineForeach& foreach, Visit& visit) {
  if (const auto* list = std::get_if<Reference>(&foreach.over)) visit(*list);
  if (const auto* count = std::get_if<TextTemplate>(&foreach.over)) count->each_reference(visit);
  if (const auto* texts = std::get_if<std::vector<TextTemplate>>(&foreach.over)) {
    for (const TextTemplate& text : *texts) text.each_reference(visit);
  }
}

}  // namespace pipeline_detail

template <class Visit>
void each_reference(const PipelineTask& task, Visit&& visit) {
  if (const PipelineCommand* command = task.command()) {
    for (const TextTemplate& word : command->words) word.each_reference(visit);
  }
  for (const PipelineArgument& argument : task.arguments) {
    pipeline_detail::each_reference(argument, visit);
  }
  for (const PipelineInput& input : task.inputs) input.value.each_reference(visit);
  for (const PipelineOutput& output : task.outputs) output.path.each_reference(visit);
  for (const auto& [name, value] : task.environment) value.each_reference(visit);
  if (task.standard_input) task.standard_input->each_reference(visit);
  if (task.foreach) pipeline_detail::each_reference(*task.foreach, visit);
}

}  // namespace weft

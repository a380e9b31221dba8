#include <limits>

#include <fmt/format.h>

#include "weft/apps/weft/output_file.hpp"
#include "weft/apps/weft/program_version.hpp"
#include "weft/apps/weft/text_table.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"
#include "weft/workflow/exporters/wfformat_writer.hpp"
#include "weft/workflow/generators/generator.hpp"
#include "weft/workflow/importers/wfformat.hpp"

namespace weft::cli {

namespace {

struct GenerateFlags {
  std::string shape;
  std::uint32_t tasks = 0;  ///< 0: as many as are usual for the shape.
  std::uint64_t seed = 1;
  std::string name;
  std::string output;
  bool list = false;
};

ExitCode list_shapes(Console& console) {
  TextTable table{{{"shape"}, {"least", Align::right}, {"usual", Align::right}, {"what it is"}}};
  for (const GeneratedShape& shape : generated_shapes()) {
    table.add({std::string(shape.name), std::to_string(shape.least), std::to_string(shape.usual),
               std::string(shape.summary)});
  }
  console.print(table.text(console.out_style()));
  return ExitCode::success;
}

Trace made_trace(const GenerateFlags& flags) {
  GeneratorOptions options{
    .shape = flags.shape, .tasks = {}, .seed = flags.seed, .name = flags.name};
  if (flags.tasks > 0) options.tasks = flags.tasks;
  auto trace = generate(options);
  if (trace) return std::move(*trace);
  Error error = std::move(trace).error();
  error.hint += " (weft generate --list says what there is)";
  throw Exception(std::move(error));
}

WfFormatOptions document_of(const Trace& trace, const GenerateFlags& flags) {
  return {.description = fmt::format("Made up, never executed: shape {}, {} tasks, seed {}.",
                                     flags.shape, trace.tasks.size(), flags.seed),
          .created_at = {},
          .system = TraceSystem{.name = "weft generate",
                                .version = std::string(program_version().version),
                                .url = {}},
          .execution = {}};
}

ExitCode generate_file(Session& session, const GenerateFlags& flags) {
  const Trace trace = made_trace(flags);
  const WfFormatOptions document = document_of(trace, flags);
  std::size_t bytes = 0;
  write_output(flags.output, session.console, [&](const TextSink& sink) {
    write_wfformat(trace, document, [&](std::string_view text) {
      bytes += text.size();
      sink(text);
    }).value();
  });
  if (flags.output.empty() || flags.output == "-") return ExitCode::success;
  session.console.note(fmt::format("{}: {}, {} tasks, {} edges, {} files\n", flags.output,
                                   trace.name, trace.tasks.size(), trace.edge_count(),
                                   trace.files.size()));
  if (const std::size_t most = TraceLimits{}.bytes; bytes > most) {
    session.console.note(fmt::format("it has {}; weft run reads files of up to {}\n",
                                     format_bytes({bytes}), format_bytes({most})));
  }
  return ExitCode::success;
}

ExitCode generate_or_list(Session& session, const GenerateFlags& flags) {
  if (flags.list) return list_shapes(session.console);
  if (flags.shape.empty()) {
    throw Exception(Error{.code = Errc::invalid_argument,
                          .message = "weft generate needs SHAPE",
                          .hint = "weft generate --list says which there are"});
  }
  return generate_file(session, flags);
}

std::string shape_lines() {
  std::string lines;
  for (const GeneratedShape& shape : generated_shapes()) {
    lines += fmt::format("\n  {}: {}", shape.name, shape.summary);
  }
  return lines;
}

/// `blast|bwa|...`, from which completion knows what there is.
std::string shape_choices() {
  std::string choices;
  for (const GeneratedShape& shape : generated_shapes()) {
    choices += (choices.empty() ? "" : "|") + std::string(shape.name);
  }
  return choices;
}

}  // namespace

void add_generate(CommandLine& line) {
  auto flags = std::make_shared<GenerateFlags>();
  CLI::App& verb = line.add(
    {.name = "generate",
     .summary = "make up a workflow of a published shape",
     .details = "Writes WfFormat JSON, version 1.5, as if the workflow had been recorded: to be "
                "run, planned and drawn. The same seed makes the same workflow.\n\nshapes:" +
                shape_lines(),
     .examples = "  weft generate montage --tasks 1000 -O montage.json\n"
                 "  weft run montage.json --time-scale 0.001 --data-scale 0.001\n"
                 "  weft generate --list\n"},
    [flags](Session& session) { return generate_or_list(session, *flags); },
    {.needs = Needs::nothing, .formats = Formats::own});
  verb.add_option("SHAPE", flags->shape, "The shape of the workflow.")->type_name(shape_choices());
  add_count(verb, "--tasks", flags->tasks, {.most = max_generated_tasks},
            "About so many tasks; as many as are usual for the shape when not given.");
  add_count(verb, "--seed", flags->seed,
            {.least = 0, .most = std::numeric_limits<std::uint64_t>::max()},
            "Chooses among workflows of the shape; 1 when not given.");
  verb.add_option("--name", flags->name, "The workflow's name; SHAPE-N when not given.")
    ->type_name("NAME")
    ->take_last();
  verb.add_flag("--list", flags->list, "List the shapes, with the sizes that they can have.");
  add_output_file(verb, flags->output);
}

}  // namespace weft::cli

#include "weft/apps/weft/output_file.hpp"
#include "weft/apps/weft/pipeline_schema.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"

namespace weft::cli {

void add_schema(CommandLine& line) {
  auto output = std::make_shared<std::string>();
  CLI::App& verb =
    line.add({.name = "schema",
              .summary = "print the JSON Schema of pipelines",
              .details = "For editors that check and complete YAML while it is written.",
              .examples = "  weft schema -O pipeline.schema.json\n"
                          "      then begin a pipeline with\n"
                          "      # yaml-language-server: $schema=pipeline.schema.json\n"},
             [output](Session& session) {
               write_output(*output, session.console,
                            [](const TextSink& sink) { sink(std::string(pipeline_schema())); });
               return ExitCode::success;
             },
             {.needs = Needs::nothing, .formats = Formats::own});
  add_output_file(verb, *output);
}

}  // namespace weft::cli

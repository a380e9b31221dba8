#include <fmt/format.h>

#include "weft/apps/weft/graph_view.hpp"
#include "weft/apps/weft/output_file.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"

namespace weft::cli {

namespace {

struct GraphFlags {
  WorkflowSource workflow;
  std::string format = "svg";
  std::string by = "auto";
  std::string output;
};

/// The layout takes time that grows with the square of what it draws.
constexpr std::size_t max_svg_nodes = 3000;

std::string text_as(const std::string& format, const GraphView& view) {
  if (format == "dot") return dot_text(view);
  if (format == "mermaid") return mermaid_text(view);
  if (view.nodes.size() > max_svg_nodes) {
    throw Exception(Error{.code = Errc::invalid_argument,
                          .message = fmt::format("a picture of {} nodes is not readable; the most "
                                                 "is {}",
                                                 view.nodes.size(), max_svg_nodes),
                          .hint = "use --by function, or --format dot"});
  }
  return svg_text(view);
}

ExitCode graph(Session& session, const GraphFlags& flags) {
  const auto loaded =
    load_workflow(flags.workflow, session.configuration, ReplayOptions::Purpose::look).value();
  std::optional<GraphGrouping> grouping;
  if (flags.by == "task") grouping = GraphGrouping::tasks;
  if (flags.by == "function") grouping = GraphGrouping::functions;
  const GraphView view = view_of(*loaded.graph, grouping);
  const std::string text = text_as(flags.format, view);
  write_output(flags.output, session.console, [&text](const TextSink& sink) { sink(text); });
  if (!grouping && view.grouping == GraphGrouping::functions) {
    session.console.note(
      fmt::format("{} tasks are grouped by function; --by task draws each\n", view.tasks));
  }
  if (!flags.output.empty() && flags.output != "-") {
    session.console.note("written to " + flags.output + "\n");
  }
  return ExitCode::success;
}

}  // namespace

void add_graph(CommandLine& line) {
  auto flags = std::make_shared<GraphFlags>();
  CLI::App& verb = line.add(
    {.name = "graph",
     .summary = "draw a workflow",
     .details =
       "SVG needs nothing else to be looked at; DOT is for Graphviz, Mermaid for documents. "
       "Workflows of more than 200 tasks are drawn by function, with counts.",
     .examples = "  weft graph mosaic.json -O mosaic.svg\n"
                 "  weft graph mosaic.json --format dot | dot -Tpdf -o mosaic.pdf\n"},
    [flags](Session& session) { return graph(session, *flags); }, {.formats = Formats::own});
  add_workflow(verb, flags->workflow);
  add_choice(verb, "--format", flags->format, {"dot", "mermaid", "svg"},
             "What to write; svg when not given.");
  add_choice(verb, "--by", flags->by, {"auto", "task", "function"}, "What a node stands for.");
  add_output_file(verb, flags->output);
}

}  // namespace weft::cli

#include "weft/apps/weft/chaos_nodes.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "weft/apps/weft/chaos_node.hpp"

namespace weft::cli {

namespace {

ChildRequest request_of(const ChaosNodeSetup& setup) {
  ChildRequest request{.arguments = chaos_node_arguments(setup.seed, setup.url),
                       .variables = setup.variables,
                       .folder = setup.folder,
                       .log = setup.log,
                       .speaks = true};
  request.arguments.insert(request.arguments.begin(), own_program());
  return request;
}

}  // namespace

ChaosNodeProcess::ChaosNodeProcess(const ChaosNodeSetup& setup) : child(request_of(setup)) {}

ChaosNodeProcess& ChaosNodes::start() {
  nodes_.push_back(std::make_unique<ChaosNodeProcess>(setup_));
  return *nodes_.back();
}

void ChaosNodes::listen() {
  // Those that a line makes start listen next time.
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    ChaosNodeProcess& node = *nodes_[i];
    for (const std::string& line : node.child.lines()) {
      const Json json = Json::parse(line, nullptr, false);
      if (json.is_object()) on_line_(node, json);
    }
  }
}

ChaosNodeProcess* ChaosNodes::usable(const ChaosNodeProcess* but) {
  const auto found =
    std::ranges::find_if(nodes_, [&](auto& node) { return node.get() != but && node->usable(); });
  return found == nodes_.end() ? nullptr : found->get();
}

bool ChaosNodes::starting() {
  return std::ranges::any_of(nodes_,
                             [](auto& node) { return !node->ready && node->child.running(); });
}

std::vector<pid_t> ChaosNodes::workers(const std::string& mark) {
  const auto marked = marked_processes(mark);
  std::vector<pid_t> found;
  for (const auto& node : nodes_) {
    for (const MarkedProcess& worker : workers_of(node->child.process(), marked)) {
      found.push_back(worker.process);
    }
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace weft::cli

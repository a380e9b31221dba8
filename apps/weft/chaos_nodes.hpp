#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "weft/apps/weft/chaos_processes.hpp"
#include "weft/apps/weft/json_text.hpp"
#include "weft/workflow/units.hpp"

namespace weft::cli {

/// What all nodes of a schedule are started with.
struct ChaosNodeSetup {
  std::uint64_t seed = 0;
  std::string url;                     ///< Of the store.
  std::vector<std::string> variables;  ///< Of their environment.
  std::filesystem::path folder;        ///< Where they run, and make their temporary files.
  std::filesystem::path log;
};

/// A node process, seen by who has started it.
struct ChaosNodeProcess {
  explicit ChaosNodeProcess(const ChaosNodeSetup& setup);

  [[nodiscard]] bool usable() { return ready && child.running(); }

  ChildProcess child;
  bool ready = false;
  bool killed = false;   ///< By a fault.
  bool excused = false;  ///< It said why it could not start.
  bool gone = false;     ///< Its end was noticed.
};

/// The nodes of a schedule. Not thread-safe.
class ChaosNodes {
public:
  using OnLine = std::function<void(ChaosNodeProcess&, const nlohmann::ordered_json&)>;

  ChaosNodes(ChaosNodeSetup setup, OnLine on_line)
    : setup_(std::move(setup)), on_line_(std::move(on_line)) {}

  ChaosNodeProcess& start();

  /// Hands on what the nodes have said. Lines that are no JSON are left out.
  void listen();

  /// One that can be told something, but not this one; nothing when there is none.
  [[nodiscard]] ChaosNodeProcess* usable(const ChaosNodeProcess* but = nullptr);

  /// Whether one is on its way up.
  [[nodiscard]] bool starting();

  [[nodiscard]] std::vector<std::unique_ptr<ChaosNodeProcess>>& all() { return nodes_; }

  /// Their worker processes, the oldest first.
  [[nodiscard]] std::vector<pid_t> workers(const std::string& mark);

private:
  ChaosNodeSetup setup_;
  OnLine on_line_;
  std::vector<std::unique_ptr<ChaosNodeProcess>> nodes_;
};

}  // namespace weft::cli

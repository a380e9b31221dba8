#pragma once

#include <string>

#include "weft/workflow/ids.hpp"

namespace weft::redis {

/// Every key and channel that weft uses in Redis. All keys of one run carry the hash tag `{run}`,
/// so a Redis Cluster keeps them together; what is in each is told in run_protocol/run.lua.
class RunKeys {
public:
  RunKeys(const std::string& prefix, RunId run) : base_(prefix + ":{" + run.text() + "}:") {}

  [[nodiscard]] std::string states() const { return base_ + "s"; }
  [[nodiscard]] std::string fixed() const { return base_ + "m"; }
  [[nodiscard]] std::string graph() const { return base_ + "g"; }
  [[nodiscard]] std::string events() const { return base_ + "e"; }
  [[nodiscard]] std::string leases() const { return base_ + "l"; }
  [[nodiscard]] std::string expansions() const { return base_ + "p"; }
  [[nodiscard]] std::string chunk(TaskId task, Fence fence, std::uint32_t index) const {
    return base_ + "c:" + std::to_string(task.number()) + ":" + std::to_string(fence.number()) +
           ":" + std::to_string(index);
  }
  /// Channel: something about the run is new.
  [[nodiscard]] std::string news() const { return base_ + "n"; }
  /// Channel: what was claimed for a worker.
  [[nodiscard]] std::string worker(WorkerId worker) const {
    return base_ + "w:" + std::to_string(worker.number());
  }

private:
  std::string base_;
};

/// The runs of a store, by when a sweep has to look at them next (microseconds).
[[nodiscard]] inline std::string index_key(const std::string& prefix) {
  return prefix + ":runs";
}

/// Who sweeps.
[[nodiscard]] inline std::string sweeper_key(const std::string& prefix) {
  return prefix + ":sweeper";
}

/// The keys of the history of past runs. All carry the hash tag `{history}`, so a Redis Cluster
/// keeps them together; what is in each is told in history_scripts.cpp.
class HistoryKeys {
public:
  explicit HistoryKeys(const std::string& prefix) : base_(prefix + ":{history}:") {}

  /// What all of them begin with: the scripts, which have to drop runs that nobody named, append
  /// the rest themselves.
  [[nodiscard]] const std::string& base() const { return base_; }

  [[nodiscard]] std::string runs() const { return base_ + "runs"; }
  [[nodiscard]] std::string records() const { return base_ + "records"; }
  [[nodiscard]] std::string total() const { return base_ + "total"; }
  [[nodiscard]] std::string workflow(const std::string& name) const { return base_ + "w:" + name; }
  [[nodiscard]] std::string graph(RunId run) const { return base_ + "g:" + run.text(); }
  [[nodiscard]] std::string tasks(RunId run) const { return base_ + "t:" + run.text(); }
  [[nodiscard]] std::string slots(RunId run) const { return base_ + "l:" + run.text(); }
  /// @param function `name@version`
  [[nodiscard]] std::string function(const std::string& function) const {
    return base_ + "f:" + function;
  }
  /// @param worker_class as `class_text` spells it; has no colon at its beginning
  [[nodiscard]] std::string samples(const std::string& function,
                                    const std::string& worker_class) const {
    return base_ + "s:" + worker_class + ":" + function;
  }
  [[nodiscard]] std::string writer(const std::string& token) const { return base_ + "a:" + token; }

private:
  std::string base_;
};

}  // namespace weft::redis

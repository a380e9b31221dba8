#pragma once

#include <optional>
#include <string>
#include <vector>

#include "weft/actors/messages.hpp"
#include "weft/actors/services.hpp"
#include "weft/runtime/engine_options.hpp"
#include "weft/runtime/pools/process/frame.hpp"

namespace weft {

// What a node and a worker process say to each other, besides what the processes say themselves.

enum class NodeFrame : std::uint16_t {
  // Node to worker.
  setup = static_cast<std::uint16_t>(FrameKind::first_of_caller),  ///< Once: `SetupFrame`.
  invoke,                                                          ///< `InvokeFrame`
  tasks,                                                           ///< `TasksFrame`
  park,                                                            ///< Nothing: end when you can.
  stop,                                                            ///< Nothing: end now.
  // Worker to node.
  ready,      ///< Nothing: the setup is done.
  refused,    ///< An `Error`: it cannot host anything.
  hand_over,  ///< `HandOverFrame`
  metrics,    ///< `MetricsBatch`
  over,       ///< `OverFrame`
};

/// What a worker process is told before all else: how to reach the store, and what it is of.
struct SetupFrame {
  std::string url, password_file, tls_authorities, tls_certificate, tls_key, prefix, source;
  bool allow_plaintext = false;
  Nanos lease{}, patience{};
  std::uint32_t replicas = 0;  ///< That must have taken a step; 0: durability does not ask for it.
  std::uint8_t record_when = 0;
  std::uint64_t record_count = 0;
  Nanos record_period{};
  std::string running_page;  ///< A file that says what it is calling.

  template <class Inspector>
  friend bool inspect(Inspector& f, SetupFrame& x) {
    return f.object(x).fields(
      f.field("url", x.url), f.field("password_file", x.password_file),
      f.field("tls_authorities", x.tls_authorities), f.field("tls_certificate", x.tls_certificate),
      f.field("tls_key", x.tls_key), f.field("prefix", x.prefix), f.field("source", x.source),
      f.field("allow_plaintext", x.allow_plaintext), f.field("lease", x.lease),
      f.field("patience", x.patience), f.field("replicas", x.replicas),
      f.field("record_when", x.record_when), f.field("record_count", x.record_count),
      f.field("record_period", x.record_period), f.field("running_page", x.running_page));
  }
};

/// Be a worker of a run.
struct InvokeFrame {
  RunId run;
  WorkerId worker;
  std::string holder;
  Nanos lease{};
  std::int64_t submitted = 0;       ///< On the machine's monotonic clock, nanoseconds.
  std::int64_t submitted_wall = 0;  ///< Nanoseconds since 1970.
  std::vector<TaskId> kept;
  std::vector<ReadyTask> tasks;
  Blob slice;          ///< Its part of the graph and the plan; empty: it is read from the store.
  std::string source;  ///< Of the run's functions; empty: that of the setup.

  template <class Inspector>
  friend bool inspect(Inspector& f, InvokeFrame& x) {
    return f.object(x).fields(
      f.field("run", x.run), f.field("worker", x.worker), f.field("holder", x.holder),
      f.field("lease", x.lease), f.field("submitted", x.submitted),
      f.field("submitted_wall", x.submitted_wall), f.field("kept", x.kept),
      f.field("tasks", x.tasks), f.field("slice", x.slice), f.field("source", x.source));
  }
};

/// Tasks that are ready for the worker that the process hosts.
struct TasksFrame {
  RunId run;
  std::vector<ReadyTask> tasks;

  template <class Inspector>
  friend bool inspect(Inspector& f, TasksFrame& x) {
    return f.object(x).fields(f.field("run", x.run), f.field("tasks", x.tasks));
  }
};

/// Tasks of another worker that does not live.
struct HandOverFrame {
  RunId run;
  WorkerId worker;
  std::vector<ReadyTask> tasks;

  template <class Inspector>
  friend bool inspect(Inspector& f, HandOverFrame& x) {
    return f.object(x).fields(f.field("run", x.run), f.field("worker", x.worker),
                              f.field("tasks", x.tasks));
  }
};

/// The worker has ended; the process is free.
struct OverFrame {
  RunId run;
  WorkerId worker;
  std::vector<ReadyTask> tasks;  ///< Ready, and without a worker now.
  std::optional<Error> refusal;  ///< Why it was no worker at all.

  template <class Inspector>
  friend bool inspect(Inspector& f, OverFrame& x) {
    return f.object(x).fields(f.field("run", x.run), f.field("worker", x.worker),
                              f.field("tasks", x.tasks), f.field("refusal", x.refusal));
  }
};

template <class T>
[[nodiscard]] Blob frame_payload(const T& message) {
  Blob bytes;
  encode(message, bytes);
  return bytes;
}

[[nodiscard]] inline FrameKind kind_of(NodeFrame frame) {
  return static_cast<FrameKind>(frame);
}

}  // namespace weft

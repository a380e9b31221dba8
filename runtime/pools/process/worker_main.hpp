#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "weft/runtime/pools/process/frame.hpp"
#include "weft/runtime/pools/process/start_times.hpp"

namespace weft {

/// What a worker process hears of its node. Called on the I/O thread of the process: they must
/// neither block nor throw; none is called twice at once.
struct NodeEvents {
  std::function<void(Frame)> on_frame;
  /// A frame that was refused may be sent again. May be empty.
  std::function<void()> on_room = {};
};

/// A worker process's side of the channel to its node. Thread-safe.
class NodeConnection {
public:
  NodeConnection(const NodeConnection&) = delete;
  NodeConnection& operator=(const NodeConnection&) = delete;
  ~NodeConnection();

  /// Sends a frame; see `FrameChannel::send`. @pre the kind is one of the caller's
  [[nodiscard]] Result<void> send(FrameKind kind, Payload payload);

  /// From now on frames go to these events; those that came before go first. Call once.
  void receive(NodeEvents events);

  /// Requested when the node, or anybody else, has told the process to end (SIGTERM). Then main
  /// has to return, and is killed when it takes too long.
  [[nodiscard]] std::stop_token stop_token() const;

  /// Waits until the process is told to end.
  void wait_for_stop() const;

  [[nodiscard]] const StartTimes& start_times() const;

private:
  friend class WorkerProcessMain;
  struct Inside;
  explicit NodeConnection(std::unique_ptr<Inside> inside);

  std::unique_ptr<Inside> inside_;
};

/// What a worker process does. Returns its exit code.
using WorkerMain = std::function<int(NodeConnection&)>;

/// Makes this process a worker if that is what its first argument asks for, and then answers its
/// exit code when `worker_main` has returned; otherwise answers nothing at once. Call it before all
/// else in `main`:
///
///     if (const auto code = weft::worker_process_main_if_asked(argc, argv, worker_main)) return
///     *code;
///
/// The process does not outlive its node: when the channel ends, the process and its group are
/// killed at once, whatever they are doing. What `worker_main` throws is told to the node, and ends
/// the process with exit code 70. Started by hand, such a process says so and ends with 2.
[[nodiscard]] std::optional<int> worker_process_main_if_asked(int argument_count, char** arguments,
                                                              const WorkerMain& worker_main);

}  // namespace weft

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "weft/apps/weft/chaos_schedule.hpp"

namespace weft::cli {

/// The arguments of a program that is to be a node of a chaos schedule: a process with an engine
/// that does what it is told in lines, and tells what happens in lines of JSON.
///
///     submit            -> {"event":"run","run":ID}, then as attach
///     attach ID         -> {"event":"ended",...} once the run has
///     resume ID         -> the same, and it works at the run
///     inspect ID        -> {"event":"inspected",...}: what the store holds of a run that has ended
///     acknowledge ID    -> {"event":"acknowledged"}
///     runs              -> {"event":"runs","runs":[ID,...]}
///
/// What cannot be done is answered with {"event":"refused",...}. Ends when its input does.
/// @param url of the store
[[nodiscard]] std::vector<std::string> chaos_node_arguments(std::uint64_t seed,
                                                            const std::string& url);

/// Makes this process such a node if its first argument asks for that, and then answers its exit
/// code; otherwise answers nothing at once.
[[nodiscard]] std::optional<int> run_chaos_node_if_asked(int argument_count, char** arguments);

/// What a node of the schedule runs with.
[[nodiscard]] EngineOptions chaos_engine_options(const ChaosSchedule& schedule,
                                                 const std::string& url);

}  // namespace weft::cli

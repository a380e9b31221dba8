#include "weft/apps/weft/chaos_report.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/text_table.hpp"

namespace weft::cli {

namespace {

/// By the nearest rank. @pre not empty
double percentile(std::vector<double> samples, std::uint64_t percent) {
  std::ranges::sort(samples);
  const std::size_t rank = (samples.size() * percent + 99) / 100;
  return samples[std::max<std::size_t>(rank, 1) - 1];
}

std::string replay_command(std::uint64_t seed) {
  return fmt::format("weft chaos --schedules 1 --seed {}", seed);
}

std::int64_t whole_milliseconds(Nanos duration) {
  return std::chrono::round<std::chrono::milliseconds>(duration).count();
}

}  // namespace

void ChaosTotals::add(const ChaosSchedule& schedule, const ChaosOutcome& outcome) {
  ++schedules_;
  if (!outcome.violations.empty()) ++violated_;
  tasks_ += schedule.work.calls();
  calls_ += outcome.calls;
  takeovers_ += outcome.takeovers;
  took_ += outcome.took;
  ++endings_[std::string(to_string(outcome.ending))];
  for (const auto& [name, count] : outcome.faults) faults_[name] += count;
  for (const auto& [name, times] : outcome.recoveries) {
    recoveries_[name].insert(recoveries_[name].end(), times.begin(), times.end());
  }
}

std::string ChaosTotals::text(const TextStyle& style) const {
  TextTable table{{{""}, {"", Align::right}}};
  table.add({"schedules", std::to_string(schedules_)});
  for (const auto& [name, count] : endings_) table.add({"  " + name, std::to_string(count)});
  table.add({"violated", std::to_string(violated_)});
  table.add({"tasks", std::to_string(tasks_)});
  table.add({"calls of functions", std::to_string(calls_)});
  std::uint64_t all = 0;
  for (const auto& [name, count] : faults_) all += count;
  table.add({"faults", std::to_string(all)});
  for (const auto& [name, count] : faults_) table.add({"  " + name, std::to_string(count)});
  table.add({"nodes that took over", std::to_string(takeovers_)});
  for (const auto& [name, times] : recoveries_) {
    table.add({"recovered from " + name, std::to_string(times.size())});
    table.add({"  p50", fmt::format("{:.0f}ms", percentile(times, 50))});
    table.add({"  p99", fmt::format("{:.0f}ms", percentile(times, 99))});
  }
  table.add({"time", fmt::format("{:.1f}s", std::chrono::duration<double>(took_).count())});
  return table.text(style);
}

Json ChaosTotals::json() const {
  Json json{{"event", "summary"}, {"schedules", schedules_}, {"violated", violated_},
            {"tasks", tasks_},    {"calls", calls_},         {"takeovers", takeovers_}};
  json["endings"] = endings_;
  json["faults"] = faults_;
  json["recoveries"] = Json::object();
  for (const auto& [name, times] : recoveries_) {
    json["recoveries"][name] = {{"count", times.size()},
                                {"p50_ms", percentile(times, 50)},
                                {"p99_ms", percentile(times, 99)}};
  }
  json["took_ms"] = whole_milliseconds(took_);
  return json;
}

std::string progress_line(const ChaosSchedule& schedule, const ChaosOutcome& outcome) {
  std::uint64_t faults = 0;
  for (const auto& [name, count] : outcome.faults) faults += count;
  return fmt::format("seed {}: {} of {} calls, {} of {} faults: {} in {:.1f}s{}\n", schedule.seed,
                     schedule.work.shape, schedule.work.calls(), faults, schedule.faults.size(),
                     to_string(outcome.ending), std::chrono::duration<double>(outcome.took).count(),
                     outcome.violations.empty() ? "" : " - VIOLATED");
}

std::string violation_text(const ChaosSchedule& schedule, const ChaosOutcome& outcome) {
  std::string text = to_string(schedule);
  text += "violated:\n";
  for (const std::string& what : outcome.violations) text += "  " + what + "\n";
  if (!outcome.folder.empty()) {
    text += "logs of the nodes and of Redis are in " + outcome.folder + "\n";
  }
  return text + "replay it with: " + replay_command(schedule.seed) + "\n";
}

Json json_of(const ChaosSchedule& schedule, const ChaosOutcome& outcome) {
  Json json{{"event", "schedule"}};
  json.update(json_of(schedule));
  json["ending"] = to_string(outcome.ending);
  json["met"] = outcome.faults;
  json["made_calls"] = outcome.calls;
  json["recoveries_ms"] = outcome.recoveries;
  json["took_ms"] = whole_milliseconds(outcome.took);
  json["violations"] = outcome.violations;
  if (!outcome.violations.empty()) {
    json["folder"] = outcome.folder;
    json["replay"] = replay_command(schedule.seed);
  }
  return json;
}

}  // namespace weft::cli

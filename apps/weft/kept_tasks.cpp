#include "weft/apps/weft/kept_tasks.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/text_style.hpp"

namespace weft::cli {

namespace {

/// `resize` of `resize[3]`.
std::string without_rows(const std::string& task) {
  return task.substr(0, task.find('['));
}

}  // namespace

void KeptTasks::add(const CommandDecision& decision) {
  const std::lock_guard lock{mutex_};
  decisions_.push_back(decision);
}

std::string KeptTasks::text(const std::string& from, bool all) const {
  constexpr std::size_t max_lines = 20;
  const std::lock_guard lock{mutex_};
  if (decisions_.empty()) return {};
  const auto kept = std::ranges::count_if(decisions_, &CommandDecision::kept);
  std::string out =
    fmt::format("kept {} of {} commands from run {}\n", kept, decisions_.size(), printable(from));
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> groups;
  for (const CommandDecision& decision : decisions_) {
    if (decision.kept) continue;
    groups[{without_rows(decision.task), decision.reason}].push_back(decision.task);
  }
  std::size_t lines = 0;
  for (const auto& [group, tasks] : groups) {
    if (!all && ++lines > max_lines) {
      out += fmt::format("  and {} more; -v lists all\n", groups.size() - max_lines);
      break;
    }
    const std::string who =
      tasks.size() == 1 ? tasks.front() : fmt::format("{} ({} items)", group.first, tasks.size());
    out += fmt::format("  ran {}: {}\n", printable(who), printable(group.second));
  }
  return out + "\n";
}

Json KeptTasks::json() const {
  const std::lock_guard lock{mutex_};
  Json list = Json::array();
  for (const CommandDecision& decision : decisions_) {
    Json line;
    line["task"] = decision.task;
    line["kept"] = decision.kept;
    if (!decision.kept) line["reason"] = decision.reason;
    list.push_back(std::move(line));
  }
  return list;
}

}  // namespace weft::cli

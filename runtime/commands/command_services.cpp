#include "weft/runtime/commands/command_services.hpp"

#include <fmt/format.h>

namespace weft {

Result<RunFolder> CommandServices::folder_of(RunId run) {
  const std::lock_guard lock{mutex_};
  const std::string id = run.text();
  if (const auto found = runs_.find(id); found != runs_.end()) return found->second.folder;
  const RunFolder folder{options_.work, id};
  auto held = RunFolderLock::take(folder, pipeline_);
  if (!held) return std::move(held).error();
  // A host may run one workflow again and again: the oldest have ended by then.
  constexpr std::size_t max_open = 64;
  if (runs_.size() >= max_open) runs_.erase(runs_.begin());
  runs_.emplace(id, Opened{folder, std::move(*held), {}});
  drop_old_run_folders(options_.work, options_.keep_runs, previous_ ? previous_->run() : "");
  return folder;
}

Result<void> CommandServices::claim_path(RunId run, const std::string& path,
                                         const std::string& task) {
  const std::lock_guard lock{mutex_};
  const auto found = runs_.find(run.text());
  if (found == runs_.end()) return {};
  const auto [entry, fresh] = found->second.writers.try_emplace(path, task);
  if (fresh || entry->second == task) return {};
  return Error{.code = Errc::task_failed,
               .message = fmt::format("tasks {} and {} both write {}", in_quotes(entry->second),
                                      in_quotes(task), in_quotes(path)),
               .hint = "let each write a file of its own, for example with ${index} in its path"};
}

}  // namespace weft

#include "weft/runtime/commands/command_services.hpp"

#include <fmt/format.h>

namespace weft {

Result<std::shared_ptr<const RunFolderLock>> CommandServices::folder_of(RunId run) {
  const std::lock_guard lock{mutex_};
  const std::string id = run.text();
  if (const auto found = runs_.find(id); found != runs_.end()) return use(found->second);
  auto held = RunFolderLock::take({options_.work, id}, pipeline_);
  if (!held) return std::move(held).error();
  // A host may run one workflow again and again.
  constexpr std::size_t max_open = 64;
  if (runs_.size() >= max_open) close_longest_unused();
  auto shared = std::make_shared<const RunFolderLock>(std::move(*held));
  Opened& opened = runs_.emplace(id, Opened{std::move(shared)}).first->second;
  drop_old_run_folders(options_.work, options_.keep_runs, previous_ ? previous_->run() : "");
  return use(opened);
}

std::shared_ptr<const RunFolderLock> CommandServices::use(Opened& opened) {
  opened.used = ++uses_;
  opened.lock->touch();
  return {opened.lock.get(), [lock = opened.lock](const RunFolderLock*) { lock->touch(); }};
}

void CommandServices::close_longest_unused() {
  auto longest = runs_.end();
  for (auto each = runs_.begin(); each != runs_.end(); ++each) {
    if (each->second.lock.use_count() > 1) continue;  // One of its commands runs.
    if (longest == runs_.end() || each->second.used < longest->second.used) longest = each;
  }
  if (longest != runs_.end()) runs_.erase(longest);
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

#include "weft/runtime/commands/run_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft {

namespace {

namespace fs = std::filesystem;

Error folder_refused(const fs::path& path, std::string_view what) {
  return {.code = Errc::io_failed,
          .message = fmt::format("{} cannot be written: {}", in_quotes(path.string()), what),
          .hint =
            "is there space on the disk, and may the folder be written to? --work-dir names "
            "another one"};
}

/// One that is asked after without taking it, unlike those of `flock`.
struct flock whole_file_lock() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

/// Nobody else's: all processes that work at a run write the same files.
fs::path name_beside(const fs::path& path) {
  std::random_device source;
  fs::path name = path;
  name += fmt::format(".new-{:08x}{:08x}", source(), source());
  return name;
}

Result<void> write_file(const fs::path& path, std::string_view text) {
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) return folder_refused(path, std::strerror(errno));
  return {};
}

}  // namespace

fs::path RunFolder::task(std::string_view name, std::span<const std::uint32_t> rows) const {
  fs::path path = path_ / "tasks" / name;
  for (const std::uint32_t row : rows) path /= std::to_string(row);
  return path;
}

bool RunFolder::running() const {
  const int lock = ::open((path_ / "lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (lock < 0) return false;
  struct flock asked = whole_file_lock();
  const bool held = ::fcntl(lock, F_OFD_GETLK, &asked) == 0 && asked.l_type != F_UNLCK;
  ::close(lock);
  return held;
}

bool RunFolder::may_go_on() const {
  // A night without a node is no reason to lose what the next command reads.
  constexpr auto longest_pause = std::chrono::hours{24};
  if (running()) return true;
  std::error_code failure;
  if (fs::exists(path_ / "ended", failure)) return false;
  const auto used = fs::last_write_time(path_ / "lock", failure);
  return !failure && fs::file_time_type::clock::now() - used < longest_pause;
}

void RunFolder::mark_ended() const {
  std::error_code failure;
  if (!fs::exists(path_ / "run.json", failure)) return;
  std::ofstream{path_ / "ended"};  // Should that fail, it is found out by its age.
}

Result<RunFolderLock> RunFolderLock::take(const RunFolder& folder, std::string_view pipeline) {
  std::error_code failure;
  fs::create_directories(folder.path() / "tasks", failure);
  if (failure) return folder_refused(folder.path(), failure.message());
  const fs::path path = folder.path() / "lock";
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) return folder_refused(path, std::strerror(errno));
  RunFolderLock held{folder, lock};
  struct flock asked = whole_file_lock();
  asked.l_type = F_RDLCK;  // All processes that work at the run hold it.
  if (::fcntl(lock, F_OFD_SETLK, &asked) != 0) return folder_refused(path, std::strerror(errno));
  const nlohmann::json facts{{"run", folder.run()}, {"pipeline", pipeline}};
  if (auto written = write_whole_file(folder.path() / "run.json", facts.dump() + "\n"); !written) {
    return written.error();
  }
  return held;
}

void RunFolderLock::touch() const {
  // Should that fail, its run is believed to rest for longer than it does.
  static_cast<void>(::futimens(descriptor_, nullptr));
}

RunFolderLock::~RunFolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::vector<RunFolder> run_folders(const fs::path& work) {
  std::vector<RunFolder> folders;
  std::error_code failure;
  for (fs::directory_iterator each(work / "runs", failure), end; !failure && each != end;
       each.increment(failure)) {
    std::error_code unseen;
    if (!fs::exists(each->path() / "run.json", unseen)) continue;  // Somebody else's.
    folders.emplace_back(work, each->path().filename().string());
  }
  // Ids of runs grow with time.
  std::ranges::sort(folders, {}, &RunFolder::run);
  return folders;
}

Result<RunFolder> find_run_folder(const fs::path& work, std::string_view reference) {
  const auto folders = run_folders(work);
  const auto unknown = [&](std::string_view what) {
    return Error{.code = Errc::run_unknown,
                 .message = fmt::format("{} in {}", what, in_quotes(work.string())),
                 .hint =
                   "only runs of pipelines leave files; --work-dir names the folder that they "
                   "were started with"};
  };
  if (folders.empty()) return unknown("there is no run");
  if (reference == "last") return folders.back();
  std::vector<RunFolder> matching;
  std::ranges::copy_if(folders, std::back_inserter(matching), [&](const RunFolder& folder) {
    return !reference.empty() && folder.run().starts_with(reference);
  });
  if (matching.size() == 1) return matching.front();
  return unknown((matching.empty() ? "there is no run " : "several runs begin with ") +
                 in_quotes(reference));
}

std::string pipeline_of(const RunFolder& folder) {
  std::ifstream file{folder.path() / "run.json"};
  const auto facts = nlohmann::json::parse(file, nullptr, false);
  if (!facts.is_object() || !facts.contains("pipeline")) return {};
  return facts["pipeline"].is_string() ? facts["pipeline"].get<std::string>() : std::string();
}

void drop_old_run_folders(const fs::path& work, std::size_t keep, std::string_view spared) {
  const auto folders = run_folders(work);
  if (folders.size() <= keep) return;
  for (std::size_t i = 0; i < folders.size() - keep; ++i) {
    if (folders[i].run() == spared || folders[i].may_go_on()) continue;
    std::error_code failure;  // What cannot be removed now is tried again by the next run.
    fs::remove_all(folders[i].path(), failure);
  }
}

Result<void> write_whole_file(const fs::path& path, std::string_view text) {
  const fs::path fresh = name_beside(path);
  std::error_code failure;
  if (auto written = write_file(fresh, text); !written) {
    fs::remove(fresh, failure);
    return written;
  }
  fs::rename(fresh, path, failure);
  if (!failure) return {};
  std::error_code ignored;
  fs::remove(fresh, ignored);
  return folder_refused(path, failure.message());
}

}  // namespace weft

#include "weft/runtime/pools/process/running_page.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace weft {

namespace {

constexpr std::size_t page_size = 4096;

Error refused(const std::string& what) {
  return {.code = Errc::io_failed, .message = what + ": " + std::strerror(errno)};
}

/// What lies at the beginning of the file, as long as somebody holds it.
Result<std::shared_ptr<RunningCalls>> map_calls(int descriptor) {
  void* const page = ::mmap(nullptr, page_size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (page == MAP_FAILED) return refused("a page cannot be shared with a worker process");
  auto* const calls = static_cast<RunningCalls*>(page);
  static_assert(std::atomic<std::uint32_t>::is_always_lock_free, "two processes share it");
  return std::shared_ptr<RunningCalls>{
    calls, [](RunningCalls* mapped) { ::munmap(static_cast<void*>(mapped), page_size); }};
}

}  // namespace

Result<RunningPage> RunningPage::create() {
  const int descriptor = ::memfd_create("weft-running", MFD_CLOEXEC);
  if (descriptor < 0) return refused("no memory to share with a worker process");
  if (::ftruncate(descriptor, page_size) != 0) {
    Error error = refused("no memory to share with a worker process");
    ::close(descriptor);
    return error;
  }
  auto calls = map_calls(descriptor);
  if (!calls) {
    ::close(descriptor);
    return std::move(calls).error();
  }
  return RunningPage{descriptor, std::move(*calls)};
}

RunningPage::~RunningPage() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

RunningPage::RunningPage(RunningPage&& other) noexcept
  : descriptor_(std::exchange(other.descriptor_, -1)), calls_(std::move(other.calls_)) {}

RunningPage& RunningPage::operator=(RunningPage&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(calls_, other.calls_);
  return *this;
}

std::string RunningPage::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(descriptor_);
}

Result<std::shared_ptr<RunningCalls>> open_running_page(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return refused(path + " cannot be opened");
  auto calls = map_calls(descriptor);
  ::close(descriptor);
  return calls;
}

}  // namespace weft

#include "weft/apps/weft/output_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::cli {

namespace {

[[noreturn]] void fail(const std::string& path) {
  const int reason = errno;
  const bool full = reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
  throw Exception(Error{
    .code = full ? Errc::io_failed : Errc::invalid_argument,
    .message = fmt::format("{} cannot be written: {}", in_quotes(path), std::strerror(reason)),
    .hint =
      full ? "free some space, or write elsewhere" : "give the path of a file that you may write"});
}

/// Devices and pipes are written in place: they cannot be replaced by a file.
bool written_in_place(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

}  // namespace

/// A file beside the final one, renamed when it is complete and removed otherwise.
class OutputFile::Pending {
public:
  explicit Pending(const std::string& path)
    : path_(path),
      pending_(written_in_place(path) ? path : fmt::format("{}.{}.part", path, ::getpid())),
      file_(std::fopen(pending_.c_str(), "wb")) {
    if (!file_) fail(path_);
  }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() {
    if (!file_) return;
    std::fclose(file_);
    remove();
  }

  void write(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) fail(path_);
  }

  void finish() {
    if (std::fflush(file_) != 0) fail(path_);
    std::FILE* file = std::exchange(file_, nullptr);
    const bool closed = std::fclose(file) == 0;
    if (closed && (pending_ == path_ || ::rename(pending_.c_str(), path_.c_str()) == 0)) return;
    const int reason = errno;
    remove();
    errno = reason;
    fail(path_);
  }

  void remove() const {
    if (pending_ != path_) ::unlink(pending_.c_str());
  }

private:
  std::string path_;
  std::string pending_;
  std::FILE* file_;
};

OutputFile::OutputFile(const std::string& path, Console& console) : console_(console) {
  if (!path.empty() && path != "-") file_ = std::make_unique<Pending>(path);
}

OutputFile::~OutputFile() = default;

void OutputFile::write(const std::function<void(const TextSink&)>& write) {
  if (file_) {
    write([this](std::string_view text) { file_->write(text); });
    file_->finish();
    return;
  }
  std::string buffer;
  constexpr std::size_t chunk = 1 << 16;
  write([&](std::string_view text) {
    buffer += text;
    if (buffer.size() < chunk) return;
    console_.print(buffer);
    buffer.clear();
  });
  console_.print(buffer);
}

void OutputFile::discard() const {
  if (file_) file_->remove();
}

void write_output(const std::string& path, Console& console,
                  const std::function<void(const TextSink&)>& write) {
  OutputFile{path, console}.write(write);
}

}  // namespace weft::cli

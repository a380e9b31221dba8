#pragma once

#include <unistd.h>

#include <utility>

namespace weft {

/// A file descriptor that is closed at the end. Moves, never copies.
class OwnedDescriptor {
public:
  OwnedDescriptor() = default;
  /// @param number below 0: none
  explicit OwnedDescriptor(int number) : number_(number) {}
  OwnedDescriptor(OwnedDescriptor&& other) noexcept : number_(other.release()) {}
  OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept {
    if (this != &other) {
      close();
      number_ = other.release();
    }
    return *this;
  }
  ~OwnedDescriptor() { close(); }

  explicit operator bool() const { return number_ >= 0; }
  [[nodiscard]] int number() const { return number_; }

  /// Whoever calls this closes it.
  [[nodiscard]] int release() { return std::exchange(number_, -1); }

  void close() {
    if (number_ >= 0) ::close(release());
  }

private:
  int number_ = -1;
};

}  // namespace weft

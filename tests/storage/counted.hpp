#pragma once

#include <atomic>

namespace weft {

/// A value that counts how many of its kind there are, so that tests see what a store still holds.
struct Counted {
  int number = 0;

  Counted() { ++alive; }
  explicit Counted(int the_number) : number(the_number) { ++alive; }
  Counted(const Counted& other) : number(other.number) { ++alive; }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --alive; }

  static inline std::atomic<int> alive = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Counted& x) {
    return f.object(x).fields(f.field("number", x.number));
  }
};

}  // namespace weft

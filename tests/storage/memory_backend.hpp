#pragma once

#include "storage/store_client.hpp"
#include "weft/storage/memory_run_store.hpp"

namespace weft {

/// The in-memory store: it answers before its calls return, so there is nothing to pump.
class MemoryBackend final : public StoreBackend {
public:
  static std::unique_ptr<StoreBackend> make() { return std::make_unique<MemoryBackend>(); }

  RunStore& store() override { return store_; }
  ManualClock& clock() override { return clock_; }
  void pump() override {}
  void settle() override {}
  [[nodiscard]] bool holds_objects() const override { return true; }

private:
  ManualClock clock_;
  MemoryRunStore store_{clock_};
};

}  // namespace weft

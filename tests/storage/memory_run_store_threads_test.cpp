#include "storage/contract/launched_threads.hpp"
#include "storage/contract/threads.hpp"
#include "storage/memory_backend.hpp"

namespace weft {
namespace {

INSTANTIATE_TEST_SUITE_P(Memory, RunStoreThreads,
                         testing::Values(MakeBackend{"memory", &MemoryBackend::make}));

}  // namespace
}  // namespace weft

#include "storage/memory_backend.hpp"
#include "storage/run_store_contract.hpp"

namespace weft {
namespace {

const auto memory = testing::Values(&MemoryBackend::make);

INSTANTIATE_TEST_SUITE_P(Memory, RunStoreContract, memory);
INSTANTIATE_TEST_SUITE_P(Memory, RunStoreChunks, memory);
INSTANTIATE_TEST_SUITE_P(Memory, RunStoreLiveness, memory);
INSTANTIATE_TEST_SUITE_P(Memory, RunStoreMaps, memory);

}  // namespace
}  // namespace weft

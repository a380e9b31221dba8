#include "storage/redis/redis_backend.hpp"
#include "storage/run_store_contract.hpp"

namespace weft {
namespace {

const auto in_redis = testing::Values(MakeBackend{"redis", &RedisBackend::make});

INSTANTIATE_TEST_SUITE_P(Redis, RunStoreContract, in_redis);
INSTANTIATE_TEST_SUITE_P(Redis, RunStoreChunks, in_redis);
INSTANTIATE_TEST_SUITE_P(Redis, RunStoreLiveness, in_redis);
INSTANTIATE_TEST_SUITE_P(Redis, RunStoreLostWorkers, in_redis);
INSTANTIATE_TEST_SUITE_P(Redis, RunStoreMaps, in_redis);
INSTANTIATE_TEST_SUITE_P(Redis, RunStoreWorkers, in_redis);
INSTANTIATE_TEST_SUITE_P(Redis, RunStoreToldClaims, in_redis);
INSTANTIATE_TEST_SUITE_P(Redis, RunStoreRandomRuns,
                         testing::Combine(in_redis,
                                          testing::Range(0, 100, RunStoreRandomRuns::runs)));

}  // namespace
}  // namespace weft

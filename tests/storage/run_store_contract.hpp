#pragma once

// What every run store must do, as tests. A backend that wants to be one writes a source file that
// includes this and says how it is made:
//
//     std::unique_ptr<weft::StoreBackend> make() { ... }
//     INSTANTIATE_TEST_SUITE_P(Mine, RunStoreContract, testing::Values(MakeBackend{"mine",
//     &make}));
//
// and the same for each of the other suites: RunStoreChunks, RunStoreLiveness, RunStoreLostWorkers,
// RunStoreMaps, RunStoreToldClaims, RunStoreWorkers, RunStoreRandomRuns (takes pairs of a backend and a seed) and, in a
// program of its own that runs under the thread sanitizer too, RunStoreThreads from
// contract/threads.hpp and contract/launched_threads.hpp.

#include "storage/contract/attempts.hpp"
#include "storage/contract/descriptions.hpp"
#include "storage/contract/failures.hpp"
#include "storage/contract/held_claims.hpp"
#include "storage/contract/liveness.hpp"
#include "storage/contract/lost_workers.hpp"
#include "storage/contract/maps.hpp"
#include "storage/contract/nested_maps.hpp"
#include "storage/contract/random_runs.hpp"
#include "storage/contract/told_claims.hpp"
#include "storage/contract/values.hpp"
#include "storage/contract/workers.hpp"

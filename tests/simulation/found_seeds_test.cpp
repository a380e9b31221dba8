// Seeds that have failed, each for what it has found.

#include <gtest/gtest.h>

#include "simulation/simulation.hpp"

namespace weft::test {

namespace {

void replay(std::uint64_t seed) {
  for (const std::string& failure : simulate(seed).failures) ADD_FAILURE() << failure;
}

TEST(FoundSeeds, AnAttachedClientHearsOfTheEndAfterEarlierNews) {
  replay(0);
}

TEST(FoundSeeds, ASlotIsKeptWhileInputsAreOnTheirWay) {
  replay(32);
}

TEST(FoundSeeds, WhatALostAnswerGrantedIsReadAgain) {
  replay(17);
}

TEST(FoundSeeds, ALateReadingBringsNothingThatHasEnded) {
  replay(21);
}

TEST(FoundSeeds, ALateAnswerBringsNothingThatWasReadBefore) {
  replay(83);
  replay(87);
}

TEST(FoundSeeds, ARetryThatWasReadBeforeItsAnswerRunsOnce) {
  replay(273);
}

TEST(FoundSeeds, TasksOfAWorkerThatIsLaunchedElsewhereAreToldToIt) {
  for (const std::uint64_t seed : {76, 239, 251, 373, 384}) replay(seed);
}

}  // namespace

}  // namespace weft::test

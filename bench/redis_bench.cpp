// What the client of Redis costs: a round trip, a call among many, large values. Needs a server
// that serves nobody else: WEFT_BENCH_STORE=unix:///run/redis.sock bin/bench/redis_bench

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <semaphore>
#include <string>

#include <benchmark/benchmark.h>

#include "weft/storage/redis/client.hpp"

namespace {

using weft::Result;
using weft::redis::Client;
using weft::redis::Command;
using weft::redis::Reply;

/// The one client of all measurements; nothing, with the reason shown, if there is no server.
Client* client(benchmark::State& state) {
  static const auto connected = [] {
    const char* url = std::getenv("WEFT_BENCH_STORE");
    auto endpoint = weft::redis::parse_endpoint(url == nullptr ? "redis://localhost" : url);
    if (!endpoint) return Result<std::unique_ptr<Client>>{endpoint.error()};
    return Client::connect(*endpoint);
  }();
  if (!connected) state.SkipWithError(to_string(connected.error()).c_str());
  return connected ? connected->get() : nullptr;
}

/// One call after the other, from a thread of the caller: two changes of thread each.
void round_trip(benchmark::State& state) {
  Client* const redis = client(state);
  std::binary_semaphore answered{0};
  for (auto _ : state) {
    redis->call(Command{"GET", "weft:bench"}, [&](const Result<Reply>&) { answered.release(); });
    answered.acquire();
  }
}
BENCHMARK(round_trip)->UseRealTime()->Unit(benchmark::kMicrosecond);

/// One call after the other, from the I/O thread.
void round_trip_on_io_thread(benchmark::State& state) {
  Client* const redis = client(state);
  constexpr int calls = 1000;
  for (auto _ : state) {
    int left = calls;
    std::binary_semaphore done{0};
    const std::function<void()> next = [&] {
      redis->call(Command{"GET", "weft:bench"}, [&](const Result<Reply>&) {
        if (--left == 0) {
          done.release();
        } else {
          next();
        }
      });
    };
    redis->post(next);
    done.acquire();
  }
  state.SetItemsProcessed(state.iterations() * calls);
}
BENCHMARK(round_trip_on_io_thread)->UseRealTime()->Unit(benchmark::kMillisecond);

/// Calls of one thread, as fast as it can make them.
void pipelined(benchmark::State& state) {
  Client* const redis = client(state);
  constexpr int calls = 100'000;
  const std::string value(32, 'x');
  for (auto _ : state) {
    std::atomic<int> left{calls};
    std::binary_semaphore done{0};
    for (int i = 0; i < calls; ++i) {
      redis->call(Command{"SET", "weft:bench", value}, [&](const Result<Reply>&) {
        if (--left == 0) done.release();
      });
    }
    done.acquire();
  }
  state.SetItemsProcessed(state.iterations() * calls);
}
BENCHMARK(pipelined)->UseRealTime()->Unit(benchmark::kMillisecond);

void ask(benchmark::State& state, const std::function<Command()>& command) {
  Client* const redis = client(state);
  std::binary_semaphore answered{0};
  for (auto _ : state) {
    redis->call(command(), [&](const Result<Reply>&) { answered.release(); });
    answered.acquire();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

/// A value that is sent from where it lies, one after the other.
void set_value(benchmark::State& state) {
  const auto value =
    std::make_shared<const std::string>(static_cast<std::size_t>(state.range(0)), 'x');
  ask(state, [&] {
    Command command{"SET", "weft:bench"};
    command.add_shared(value, *value);
    return command;
  });
}
BENCHMARK(set_value)->UseRealTime()->Range(1 << 10, 64 << 20)->Unit(benchmark::kMicrosecond);

/// A value of that size, into a new string each.
void get_value(benchmark::State& state) {
  Client* const redis = client(state);
  if (redis == nullptr) return;
  std::binary_semaphore is_set{0};
  redis->call(
    Command{"SET", "weft:bench", std::string(static_cast<std::size_t>(state.range(0)), 'x')},
    [&](const Result<Reply>&) { is_set.release(); });
  is_set.acquire();
  ask(state, [] { return Command{"GET", "weft:bench"}; });
}
BENCHMARK(get_value)->UseRealTime()->Range(1 << 10, 64 << 20)->Unit(benchmark::kMicrosecond);

}  // namespace

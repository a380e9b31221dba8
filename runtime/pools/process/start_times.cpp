#include "weft/runtime/pools/process/start_times.hpp"

#include <chrono>

#include <fmt/format.h>

namespace weft {

namespace {

std::string milliseconds(Nanos time) {
  return fmt::format("{:.2f}ms", std::chrono::duration<double, std::milli>(time).count());
}

}  // namespace

std::string to_string(const StartTimes& times) {
  std::string text =
    fmt::format("{}: {} until forked, {} until in main, {} until it said hello",
                milliseconds(times.cold_start()), milliseconds(times.forked - times.asked),
                milliseconds(times.main_entered - times.forked),
                milliseconds(times.hello_sent - times.main_entered));
  if (times.hello_received) {
    text += fmt::format(", {} until it was heard",
                        milliseconds(*times.hello_received - times.hello_sent));
  }
  if (times.hello_received && times.ready) {
    text +=
      fmt::format(", {} until it was ready", milliseconds(*times.ready - *times.hello_received));
  }
  return text;
}

}  // namespace weft

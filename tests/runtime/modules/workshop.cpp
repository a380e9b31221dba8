// A module that does everything a module may do.

#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "runtime/modules/parcel.hpp"
#include "weft/workflow/module_entry.hpp"

namespace {

using weft::Errc;
using weft::Error;
using weft::Exception;
using weft::Result;
using workshop::Parcel;
using workshop::Sealed;

Parcel pack(const std::string& label, const std::vector<double>& weights) {
  return {.label = label, .weights = weights, .stamps = {{"red", 2}}, .insured = 50};
}

Sealed seal(const std::vector<Parcel>& parcels) {
  return {parcels};
}

double weigh(const Sealed& sealed) {
  double total = 0;
  for (const Parcel& parcel : sealed.content) {
    for (const double weight : parcel.weights) total += weight;
  }
  return total;
}

int drop(int) {
  throw std::runtime_error{"it fell"};
}

int confiscate(int) {
  throw Exception{{.code = Errc::limit_exceeded,
                   .message = "too heavy",
                   .hint = "send two",
                   .causes = {{.code = Errc::decode_failed, .message = "unreadable scale"}}}};
}

Result<int> refuse(int number) {
  return Error{.code = Errc::invalid_argument, .message = "no parcel " + std::to_string(number)};
}

/// Returns when it is told to stop, and not before.
int wait_for_end(weft::TaskContext& context, int number) {
  context.report(0.5, "waiting");
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock{mutex};
  changed.wait(lock, context.stop_token(), [] { return false; });
  return number;
}

int oversleep(weft::TaskContext& context, int hours) {
  context.sleep_for(std::chrono::hours{hours});
  return hours;
}

Result<void> add_functions(weft::Registry& registry) {
  registry.add(weft::Function{"workshop.pack@1", pack})
    .add(weft::Function{"workshop.seal@1", seal})
    .add(weft::Function{"workshop.weigh@1", weigh})
    .add(weft::Function{"workshop.drop@1", drop})
    .add(weft::Function{"workshop.confiscate@1", confiscate})
    .add(weft::Function{"workshop.refuse@1", refuse})
    .add(weft::Function{"workshop.wait_for_end@1", wait_for_end})
    .add(weft::Function{"workshop.oversleep@2",
                        oversleep,
                        {.timeout = std::chrono::hours{5}, .purity = weft::Purity::pure}});
  return {};
}

}  // namespace

const weft::ModuleEntry* weft_module() {
  static constexpr weft::ModuleEntry entry{.name = "workshop@1", .add_functions = add_functions};
  return &entry;
}

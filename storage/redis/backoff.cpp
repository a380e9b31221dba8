#include "weft/storage/redis/backoff.hpp"

#include <algorithm>

namespace weft::redis {

Nanos backoff(const ClientOptions& options, std::uint32_t failures, double share) {
  constexpr std::uint32_t doublings_max = 40;  // Beyond every wait; keeps the product finite.
  const auto doublings = std::min(failures == 0 ? 0 : failures - 1, doublings_max);
  const double wait = static_cast<double>(options.backoff_min.count()) *
                      static_cast<double>(std::uint64_t{1} << doublings);
  const double most = std::min(wait, static_cast<double>(options.backoff_max.count()));
  return Nanos{static_cast<Nanos::rep>(most * (1 - share / 2))};
}

}  // namespace weft::redis

#pragma once

// A service of a host application: it prices options by simulation, each order in a run of its own.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <numbers>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "weft/weft.hpp"

/// A European call option. Times are in years.
struct Order {
  double price = 100;  ///< Of the share today; above 0.
  double strike = 100;
  double volatility = 0.2;
  double interest = 0.03;
  double maturity = 1;

  template <class Inspector>
  friend bool inspect(Inspector& f, Order& x) {
    return f.object(x).fields(f.field("price", x.price), f.field("strike", x.strike),
                              f.field("volatility", x.volatility), f.field("interest", x.interest),
                              f.field("maturity", x.maturity));
  }
};

inline constexpr std::uint32_t batches = 8;
inline constexpr std::uint32_t paths = 20'000;  // Of each batch.

/// The mean payoff over simulated ends of the share's price (geometric Brownian motion).
inline const weft::Function simulate{"simulate@1", [](const Order& order, std::uint32_t seed)
                                                    -> weft::Result<double> {
  if (!(order.price > 0)) {
    return weft::Error{.code = weft::Errc::invalid_argument,
                       .message = "the price of a share is " + std::to_string(order.price),
                       .hint = "order with a price above 0"};
  }
  std::mt19937_64 random{seed};
  std::normal_distribution<double> normal;
  const double spread = order.volatility * std::sqrt(order.maturity);
  const double drift = order.interest * order.maturity - spread * spread / 2;
  double sum = 0;
  for (std::uint32_t i = 0; i < paths; ++i) {
    const double end = order.price * std::exp(drift + spread * normal(random));
    sum += std::max(end - order.strike, 0.0);
  }
  return std::exp(-order.interest * order.maturity) * sum / paths;
}};

inline const weft::Function mean{"mean@1", [](const std::vector<double>& parts) {
  double sum = 0;
  for (const double part : parts) sum += part;
  return sum / static_cast<double>(parts.size());
}};

/// Goes on until it is told to stop. It says so again and again: what was reported before a client
/// subscribed is lost to it, as all progress may be.
inline const weft::Function refine_for_ever{"refine_for_ever@1", [](weft::TaskContext& context) {
  do {
    context.report(0.5, "still refining");
  } while (context.sleep_for(std::chrono::milliseconds{5}));
}};

/// What the simulation must come near to (Black and Scholes, Journal of Political Economy, 1973).
inline double exact_price(const Order& order) {
  const auto normal = [](double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; };
  const double spread = order.volatility * std::sqrt(order.maturity);
  const double growth = std::log(order.price / order.strike) + order.interest * order.maturity;
  const double d = growth / spread + spread / 2;
  return order.price * normal(d) -
         order.strike * std::exp(-order.interest * order.maturity) * normal(d - spread);
}

/// Owns the process's engine. Thread-safe.
class PricingService {
public:
  explicit PricingService(const std::filesystem::path& history)
    : engine_(functions(), options(history)) {}

  /// Starts a run for an order.
  [[nodiscard]] weft::Run<double> price(const Order& order) {
    weft::Workflow workflow{"price"};
    std::vector<weft::Future<double>> parts;
    for (std::uint32_t seed = 1; seed <= batches; ++seed) {
      parts.push_back(workflow.task(simulate, order, seed));
    }
    const auto result = workflow.task(mean, parts);
    return engine_.submit(std::move(workflow), result,
                          {.timeout = std::chrono::minutes{1}, .progress_events = true});
  }

  /// Starts a run that ends only when it is cancelled.
  [[nodiscard]] weft::Run<weft::Nothing> refine() {
    weft::Workflow workflow{"refine"};
    const auto result = workflow.task(refine_for_ever);
    return engine_.submit(std::move(workflow), result, {.progress_events = true});
  }

private:
  static weft::Registry functions() {
    weft::Registry registry;
    registry.add(simulate).add(mean).add(refine_for_ever);
    return registry;
  }

  static weft::EngineOptions options(const std::filesystem::path& history) {
    weft::EngineOptions options;
    options.pool.slots = 4;
    options.recorder.history = history.string();
    options.max_runs_in_flight = 64;  // A client beyond these is refused, and nothing piles up.
    return options;
  }

  weft::Engine engine_;
};

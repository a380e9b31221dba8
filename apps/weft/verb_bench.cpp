#include "weft/apps/weft/bench_report.hpp"
#include "weft/apps/weft/verbs.hpp"

namespace weft::cli {

void add_bench(CommandLine& line) {
  CLI::App& bench = line.add_group({.name = "bench",
                                    .summary = "measure what weft itself costs on this machine",
                                    .details = "",
                                    .examples = "  weft bench overhead --shape fan\n"});
  add_bench_overhead(line, bench);
  add_bench_payload(line, bench);
  add_bench_startup(line, bench);
  add_bench_build(line, bench);
  add_bench_durable(line, bench);
}

}  // namespace weft::cli

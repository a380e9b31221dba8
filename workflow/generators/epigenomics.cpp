#include <algorithm>
#include <vector>

#include "weft/workflow/generators/shapes.hpp"

namespace weft {

namespace {

constexpr GeneratedKind split{"fastqSplit", {6480, 32'000, 34'190}};
constexpr GeneratedKind filter{"filterContams", {341, 19'000, 31'520}};
constexpr GeneratedKind convert{"sol2sanger", {30, 13'300, 25'890}};
constexpr GeneratedKind pack{"fast2bfq", {92, 1700, 8698}};
constexpr GeneratedKind align{"map", {24'960, 48'000, 86'020}};
constexpr GeneratedKind merge{"mapMerge", {1984, 4800, 18'830}};
constexpr GeneratedKind select_chromosome{"chr21", {12'150, 18'000, 25'480}};
constexpr GeneratedKind pile_up{"pileup", {23'680, 25'400, 27'260}};

/// Of the previous file's bytes, give or take a few.
Spread share(const TraceBuilder& builder, FileRef file, std::uint64_t percent) {
  return alike(builder.bytes_of(file) * percent / 100, 3);
}

/// The four programs that each chunk passes; each makes it smaller.
FileRef pass_chunk(TraceBuilder& builder, FileRef chunk, FileRef reference) {
  builder.task(filter);
  builder.reads(chunk);
  const FileRef filtered = builder.writes("sfq", share(builder, chunk, 93));
  builder.task(convert);
  builder.reads(filtered);
  const FileRef converted = builder.writes("fq", share(builder, filtered, 75));
  builder.task(pack);
  builder.reads(converted);
  const FileRef packed = builder.writes("bfq", share(builder, converted, 24));
  builder.task(align);
  builder.reads(packed);
  builder.reads(reference);
  return builder.writes("map", share(builder, packed, 45));
}

FileRef merge_maps(TraceBuilder& builder, const std::vector<FileRef>& maps) {
  const Spread bytes = alike(builder.bytes_of(maps) * 95 / 100, 3);
  builder.task(merge);
  builder.reads(maps);
  return builder.writes("map", bytes);
}

FileRef build_lane(TraceBuilder& builder, std::uint32_t lane, std::uint32_t chunks,
                   const Spread& chunk_bytes, FileRef reference) {
  const FileRef reads =
    builder.given("lane" + std::to_string(lane) + ".fastq", alike(chunk_bytes.median * chunks, 1));
  builder.task(split);
  builder.reads(reads);
  std::vector<FileRef> parts;
  for (std::uint32_t i = 0; i < chunks; ++i) {
    parts.push_back(builder.writes("fastq." + std::to_string(i), chunk_bytes));
  }
  std::vector<FileRef> maps;
  for (const FileRef part : parts) maps.push_back(pass_chunk(builder, part, reference));
  return merge_maps(builder, maps);
}

/// Lanes were cut into 9 to 28 chunks within one run: each gets one, then a share by weight.
std::vector<std::uint32_t> spread_chunks(Draws& draws, std::uint32_t chunks, std::uint32_t lanes) {
  std::vector<std::uint32_t> weights;
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < lanes; ++i) {
    weights.push_back(9 + static_cast<std::uint32_t>(draws.below(20)));
    sum += weights.back();
  }
  std::vector<std::uint32_t> counts(lanes, 1);
  const std::uint64_t free = chunks - lanes;
  std::uint64_t left = free;
  for (std::uint32_t i = 0; i < lanes; ++i) {
    const std::uint64_t given = i + 1 < lanes ? free * weights[i] / sum : left;
    counts[i] += static_cast<std::uint32_t>(given);
    left -= given;
  }
  return counts;
}

std::uint64_t tasks_of_lanes(std::uint64_t lanes, std::uint64_t chunks) {
  return 2 * lanes + 4 * chunks + 3;
}

void build_epigenomics(TraceBuilder& builder, std::uint32_t tasks) {
  constexpr std::uint32_t most_lanes = 7;
  constexpr std::uint32_t tasks_of_lane = 80;  // As in the recorded run of 3 lanes.
  std::uint32_t lanes = std::clamp(tasks / tasks_of_lane + 1, 1u, most_lanes);
  // One lane more or less moves the number of tasks by two, where chunks move it by four.
  if (tasks % 2 == 1 && tasks % 4 != (2 * lanes + 3) % 4) {
    lanes = lanes < most_lanes ? lanes + 1 : lanes - 1;
  }
  if (tasks < tasks_of_lanes(lanes, lanes)) lanes = 1;
  const std::uint32_t chunks = nearest_parts(
    tasks, [lanes](std::uint32_t more) { return tasks_of_lanes(lanes, lanes - 1 + more); });
  const std::vector<std::uint32_t> counts =
    spread_chunks(builder.draws(), lanes - 1 + chunks, lanes);
  const Spread chunk_bytes = alike(builder.draws().log_uniform(7'688'000, 13'170'000), 1);
  const FileRef reference = builder.given("reference.bfa", {47'230'000, 47'230'000, 47'230'000});
  std::vector<FileRef> merged;
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    merged.push_back(build_lane(builder, lane + 1, counts[lane], chunk_bytes, reference));
  }
  const FileRef all = merge_maps(builder, merged);
  builder.task(select_chromosome);
  builder.reads(all);
  const FileRef selected = builder.writes("map", share(builder, all, 100));
  builder.task(pile_up);
  builder.reads(selected);
  builder.reads(reference);
  builder.writes("pileup", share(builder, selected, 70));
}

}  // namespace

/// Biology: reads of a genome sequencer are mapped to a reference. Each lane is split into chunks,
/// each of which passes four programs; the maps of a lane are merged, then those of all lanes, and
/// two tasks follow one another.
///
/// Structure, runtimes and sizes: two of the 26 recorded runs in WfInstances (3 lanes in 56 chunks,
/// 4 lanes in 271).
ShapeRecipe epigenomics_shape() {
  return {
    .shape = {.name = "epigenomics",
              .summary =
                "biology: lanes of chunks that pass 4 programs each, merged twice, 2 at the end",
              .source = "WfInstances: Epigenomics (Pegasus)",
              .least = 9,
              .usual = 233,
              .step = 2},
    .build = build_epigenomics};
}

}  // namespace weft

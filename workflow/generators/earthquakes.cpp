#include <algorithm>
#include <vector>

#include "weft/workflow/generators/shapes.hpp"

namespace weft {

namespace {

// -- cybershake -----------------------------------------------------------------------------------

constexpr GeneratedKind extract{"ExtractSGT", {60'000, 120'000, 240'000}};
constexpr GeneratedKind synthesize{"SeismogramSynthesis", {23'000, 46'000, 92'000}};
constexpr GeneratedKind find_peak{"PeakValCalcOkaya", {500, 1100, 2200}};
constexpr GeneratedKind zip_seismograms{"ZipSeis", {50, 170, 800}};
constexpr GeneratedKind zip_peaks{"ZipPSA", {70, 240, 340}};

/// Two files of strain of the whole region, of 20 GB each, from which each rupture takes its part.
constexpr Spread region_strain{20'000'000'000, 20'000'000'000, 20'000'000'000};
constexpr Spread rupture_strain{210'000'000, 250'000'000, 290'000'000};

void build_cybershake(TraceBuilder& builder, std::uint32_t tasks) {
  // 13 tasks for each rupture: its extraction and 6 pairs. One rupture more makes the rest even.
  constexpr std::uint32_t tasks_of_rupture = 13;
  const std::uint32_t rest = tasks - 2;
  std::uint32_t ruptures = std::max(1u, rest / tasks_of_rupture);
  if ((rest - ruptures) % 2 == 1 && rest > 3 * ruptures + 1) ++ruptures;
  const std::uint32_t pairs = (rest - ruptures) / 2;
  const FileRef strain_x = builder.given("strain-x", region_strain);
  const FileRef strain_y = builder.given("strain-y", region_strain);
  std::vector<FileRef> seismograms;
  std::vector<FileRef> peaks;
  for (std::uint32_t rupture = 0; rupture < ruptures; ++rupture) {
    builder.task(extract);
    builder.reads(strain_x);
    builder.reads(strain_y);
    const FileRef part_x = builder.writes("x.sgt", rupture_strain);
    const FileRef part_y = builder.writes("y.sgt", rupture_strain);
    for (std::uint32_t pair = rupture; pair < pairs; pair += ruptures) {
      builder.task(synthesize);
      builder.reads(part_x);
      builder.reads(part_y);
      seismograms.push_back(builder.writes("grm", {24'000, 24'000, 24'000}));
      builder.task(find_peak);
      builder.reads(seismograms.back());
      peaks.push_back(builder.writes("bsa", {216, 216, 216}));
    }
  }
  builder.task(zip_seismograms);
  builder.reads(seismograms);
  builder.writes("zip", alike(builder.bytes_of(seismograms) / 6, 5));
  builder.task(zip_peaks);
  builder.reads(peaks);
  builder.writes("zip", alike(builder.bytes_of(peaks) / 10, 5));
}

// -- seismology -----------------------------------------------------------------------------------

constexpr GeneratedKind deconvolve{"sG1IterDecon", {90, 500, 5600}};
constexpr GeneratedKind sift{"siftSTFByMisfit", {90, 500, 1400}};

void build_seismology(TraceBuilder& builder, std::uint32_t tasks) {
  std::vector<FileRef> functions;
  for (std::uint32_t i = 1; i < tasks; ++i) {
    const std::string station = "station" + std::to_string(i);
    const FileRef main_event = builder.given(station + ".egf", {1000, 5000, 17'000});
    const FileRef small_event = builder.given(station + ".lht", {1000, 5000, 17'000});
    builder.task(deconvolve);
    builder.reads(main_event);
    builder.reads(small_event);
    functions.push_back(builder.writes("stf", {1000, 6000, 17'000}));
  }
  builder.task(sift);
  builder.reads(functions);
  builder.writes("tar.gz", alike(builder.bytes_of(functions) / 4, 10));
}

}  // namespace

/// Earthquakes: how hard the ground of one site may shake. The strain of each rupture is extracted
/// out of that of the region; of each of its variations a seismogram is computed, and the peak of
/// that; all seismograms and all peaks are packed.
///
/// Structure, mean runtimes and sizes: the CyberShake workflows of the Pegasus gallery, profiled by
/// Juve et al., "Characterizing and profiling scientific workflows", Future Generation Computer
/// Systems 29(3), 2013. Those of 30, 50 and 100 tasks have as many of each kind as are made here.
/// Runtimes spread by a factor of two around the means, which is ours.
ShapeRecipe cybershake_shape() {
  return {.shape =
            {.name = "cybershake",
             .summary =
               "earthquakes: strain by rupture, a seismogram and its peak by variation, 2 archives",
             .source = "Juve et al. 2013; Pegasus workflow gallery",
             .least = 5,
             .usual = 100,
             .step = 1},
          .build = build_cybershake};
}

/// Earthquakes: the records of many stations are deconvolved side by side, and one task sifts all
/// results. Half of the recorded tasks took less than half a second.
///
/// Structure, runtimes and sizes: ranges over the 11 recorded runs in WfInstances.
ShapeRecipe seismology_shape() {
  return {
    .shape = {.name = "seismology",
              .summary = "earthquakes: records of N stations side by side, one task takes them all",
              .source = "WfInstances: Seismology (Pegasus)",
              .least = 2,
              .usual = 101,
              .step = 0},
    .build = build_seismology};
}

}  // namespace weft

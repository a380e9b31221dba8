#include <algorithm>
#include <string>
#include <vector>

#include "weft/workflow/generators/shapes.hpp"

namespace weft {

namespace {

constexpr std::uint32_t most_chromosomes = 22;
constexpr std::uint32_t populations = 7;
/// Merge, sifting, and two analyses of each population.
constexpr std::uint32_t tasks_beside = 2 + 2 * populations;

constexpr GeneratedKind sifting{"sifting", {300, 344, 23'000}};
constexpr GeneratedKind overlap{"mutation_overlap", {1600, 5158, 92'000}};
constexpr GeneratedKind frequency{"frequency", {76'000, 109'400, 238'000}};

/// What all chromosomes of a run share: they were cut alike.
struct Study {
  GeneratedKind individuals;
  GeneratedKind merge;
  FileRef columns;
  std::vector<FileRef> groups;
};

Study begin_study(TraceBuilder& builder) {
  Draws& draws = builder.draws();
  Study study{.individuals = {"individuals", alike(draws.log_uniform(52'000, 183'000), 5)},
              .merge = {"individuals_merge", alike(draws.log_uniform(37'000, 150'000), 4)},
              .columns = builder.given("columns.txt", {20'080, 20'080, 20'080}),
              .groups = {}};
  for (std::uint32_t i = 0; i < populations; ++i) {
    study.groups.push_back(
      builder.given("population" + std::to_string(i + 1), {850, 5250, 28'000}));
  }
  return study;
}

FileRef merge_individuals(TraceBuilder& builder, const Study& study, const std::string& chromosome,
                          std::uint32_t individuals) {
  const FileRef variants =
    builder.given(chromosome + ".vcf", {1'014'000'000, 1'500'000'000, 2'500'000'000});
  std::vector<FileRef> parts;
  for (std::uint32_t i = 0; i < individuals; ++i) {
    builder.task(study.individuals);
    builder.reads(variants);
    builder.reads(study.columns);
    parts.push_back(builder.writes("tar.gz", {27'620, 28'270, 28'350}));
  }
  builder.task(study.merge);
  builder.reads(parts);
  return builder.writes("tar.gz", {25'040, 25'050, 25'060});
}

void build_chromosome(TraceBuilder& builder, const Study& study, std::uint32_t number,
                      std::uint32_t individuals) {
  const std::string chromosome = "chr" + std::to_string(number);
  const FileRef merged = merge_individuals(builder, study, chromosome, individuals);
  const FileRef annotation =
    builder.given(chromosome + ".annotation.vcf", {267'800'000, 275'000'000, 280'900'000});
  builder.task(sifting);
  builder.reads(annotation);
  const FileRef sifted = builder.writes("txt", {232'000, 350'000, 480'600});
  for (const FileRef group : study.groups) {
    for (const GeneratedKind& analysis : {overlap, frequency}) {
      builder.task(analysis);
      builder.reads(study.columns);
      builder.reads(group);
      builder.reads(merged);
      builder.reads(sifted);
      const bool counts = analysis.category == frequency.category;
      builder.writes(
        "tar.gz", counts ? Spread{219'900, 266'700, 290'700} : Spread{136'900, 144'400, 169'300});
    }
  }
}

void build_thousand_genomes(TraceBuilder& builder, std::uint32_t tasks) {
  // The smallest recorded run had 26 tasks for each of 2 chromosomes, the largest 41 for each
  // of 22.
  constexpr std::uint32_t tasks_of_chromosome = 26;
  const std::uint32_t chromosomes = std::clamp(tasks / tasks_of_chromosome, 1u, most_chromosomes);
  const std::uint32_t individuals = tasks - chromosomes * tasks_beside;
  const Study study = begin_study(builder);
  for (std::uint32_t i = 0; i < chromosomes; ++i) {
    const std::uint32_t more = i < individuals % chromosomes ? 1 : 0;
    build_chromosome(builder, study, most_chromosomes - i, individuals / chromosomes + more);
  }
}

}  // namespace

/// Genetics: mutations of many people, chromosome by chromosome. Parts of a chromosome are read
/// side by side and merged, its mutations sifted, and both compared in 14 ways: overlap and
/// frequency for each of 7 populations.
///
/// Structure, runtimes and sizes: the 22 recorded runs in WfInstances; sizes of the one with 2
/// chromosomes and 100,000 lines.
ShapeRecipe thousand_genomes_shape() {
  return {.shape = {.name = "1000genome",
                    .summary =
                      "genetics: by chromosome N parts merged, then 14 analyses of 7 populations",
                    .source = "WfInstances: 1000Genome (Pegasus)",
                    .least = 17,
                    .usual = 52,
                    .step = 0},
          .build = build_thousand_genomes};
}

}  // namespace weft

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "weft/workflow/generators/shapes.hpp"

namespace weft {

namespace {

constexpr GeneratedKind align_sample{"alignment_to_reference", {3305, 7413, 8678}};
constexpr GeneratedKind sort{"sort_sam", {4049, 13'670, 14'570}};
constexpr GeneratedKind deduplicate{"dedup", {4464, 14'250, 16'520}};
constexpr GeneratedKind regroup{"add_replace", {3382, 19'620, 20'330}};
constexpr GeneratedKind find_targets{"realign_target_creator", {94'070, 94'540, 475'000}};
constexpr GeneratedKind realign{"indel_realign", {13'330, 60'020, 96'940}};
constexpr GeneratedKind call_haplotypes{"haplotype_caller", {30'000, 123'400, 710'000}};
constexpr GeneratedKind genotype{"genotype_gvcfs", {96'000, 136'200, 900'000}};
constexpr GeneratedKind merge_calls{"merge_gcvf", {2'562'000, 9'000'000, 37'900'000}};
constexpr GeneratedKind combine{"combine_variants", {5000, 5643, 6300}};
constexpr GeneratedKind select_snp{"select_variants_snp", {130'000, 140'900, 150'000}};
constexpr GeneratedKind filter_snp{"filtering_snp", {65'000, 67'510, 70'000}};
constexpr GeneratedKind select_indel{"select_variants_indel", {125'000, 132'100, 140'000}};
constexpr GeneratedKind filter_indel{"filtering_indel", {65'000, 69'110, 72'000}};

constexpr Spread calls_bytes{59'000, 62'000, 75'730};
constexpr Spread index_bytes{28'450, 28'500, 28'900};
constexpr Spread reads_bytes{112'600, 127'400, 128'000};
constexpr Spread reads_index_bytes{36'580, 37'900, 39'550};

/// A file and its index.
using Indexed = std::vector<FileRef>;

Indexed write_indexed(TraceBuilder& builder, std::string_view suffix, const Spread& bytes,
                      const Spread& beside) {
  const FileRef file = builder.writes(suffix, bytes);
  return {file, builder.writes(std::string(suffix) + ".idx", beside)};
}

/// The six programs that each sample passes; the last reads what two of them wrote.
Indexed prepare_sample(TraceBuilder& builder, std::uint32_t number, FileRef reference) {
  const FileRef reads =
    builder.given("sample" + std::to_string(number) + ".fastq", {100'000, 113'000, 130'000});
  builder.task(align_sample);
  builder.reads(reads);
  builder.reads(reference);
  const FileRef aligned = builder.writes("sam", {112'000, 112'600, 113'000});
  Indexed files{aligned};
  for (const GeneratedKind& step : {sort, deduplicate, regroup}) {
    builder.task(step);
    builder.reads(files);
    files = write_indexed(builder, "bam", reads_bytes, reads_index_bytes);
  }
  builder.task(find_targets);
  builder.reads(files);
  builder.reads(reference);
  const FileRef targets = builder.writes("list", {40, 40, 40});
  builder.task(realign);
  builder.reads(files);
  builder.reads(targets);
  builder.reads(reference);
  return write_indexed(builder, "bam", reads_bytes, reads_index_bytes);
}

Indexed run_on(TraceBuilder& builder, const GeneratedKind& kind, const std::vector<Indexed>& inputs,
               FileRef reference) {
  builder.task(kind);
  for (const Indexed& input : inputs) builder.reads(input);
  builder.reads(reference);
  return write_indexed(builder, "vcf", calls_bytes, index_bytes);
}

void finish_variants(TraceBuilder& builder, const Indexed& variants, FileRef reference) {
  for (const auto& [select, filter] :
       {std::pair{select_snp, filter_snp}, std::pair{select_indel, filter_indel}}) {
    builder.task(select);
    builder.reads(variants.front());
    builder.reads(reference);
    const FileRef selected = builder.writes("vcf", calls_bytes);
    builder.task(filter);
    builder.reads(selected);
    builder.reads(reference);
    write_indexed(builder, "vcf", calls_bytes, index_bytes);
  }
}

struct SoyStudy {
  std::uint32_t samples = 1;
  std::uint32_t chromosomes = 10;

  [[nodiscard]] std::uint64_t tasks() const {
    return std::uint64_t{samples} * (6 + chromosomes) + chromosomes + 6;
  }
};

/// Recorded runs had 10 to 20 chromosomes; of those that come as near, the fewest.
SoyStudy nearest_study(std::uint32_t tasks) {
  SoyStudy best;
  std::uint64_t least_off = std::numeric_limits<std::uint64_t>::max();
  for (std::uint32_t chromosomes = 10; chromosomes <= 20; ++chromosomes) {
    const std::uint32_t samples = nearest_parts(tasks, [chromosomes](std::uint32_t count) {
      return SoyStudy{count, chromosomes}.tasks();
    });
    const std::uint64_t made = SoyStudy{samples, chromosomes}.tasks();
    const std::uint64_t off = made > tasks ? made - tasks : tasks - made;
    if (off >= least_off) continue;
    least_off = off;
    best = {samples, chromosomes};
  }
  return best;
}

void build_soykb(TraceBuilder& builder, std::uint32_t tasks) {
  const SoyStudy study = nearest_study(tasks);
  const FileRef reference =
    builder.given("reference", {2'813'000'000, 2'813'000'000, 2'813'000'000});
  std::vector<Indexed> calls;
  std::vector<std::vector<Indexed>> by_chromosome(study.chromosomes);
  for (std::uint32_t sample = 0; sample < study.samples; ++sample) {
    const Indexed prepared = prepare_sample(builder, sample + 1, reference);
    for (std::uint32_t i = 0; i < study.chromosomes; ++i) {
      calls.push_back(run_on(builder, call_haplotypes, {prepared}, reference));
      by_chromosome[i].push_back(calls.back());
    }
  }
  run_on(builder, merge_calls, calls, reference);
  std::vector<Indexed> genotypes;
  for (const std::vector<Indexed>& inputs : by_chromosome) {
    genotypes.push_back(run_on(builder, genotype, inputs, reference));
  }
  finish_variants(builder, run_on(builder, combine, genotypes, reference), reference);
}

}  // namespace

/// Plant genetics: variants in the genomes of soybeans. Each sample passes six programs, then one
/// for each chromosome; genotypes are told for each chromosome over all samples and combined. One
/// merge of all takes most of the time.
///
/// Structure, runtimes and sizes: the recorded run of 5 samples and 10 chromosomes in WfInstances;
/// the longest runtimes of the first chain and of callers and merge: all 10 runs there. The
/// reference, ten files there, is one here.
ShapeRecipe soykb_shape() {
  return {.shape = {.name = "soykb",
                    .summary =
                      "plant genetics: 6 programs by sample, fan-out by chromosome, one long merge",
                    .source = "WfInstances: SoyKB (Pegasus)",
                    .least = 32,
                    .usual = 96,
                    .step = 8},
          .build = build_soykb};
}

}  // namespace weft

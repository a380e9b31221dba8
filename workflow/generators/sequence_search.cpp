#include <algorithm>
#include <string>
#include <vector>

#include "weft/workflow/generators/shapes.hpp"

namespace weft {

namespace {

// -- blast ----------------------------------------------------------------------------------------

constexpr GeneratedKind split_fasta{"split_fasta", {50, 400, 3200}};
constexpr GeneratedKind join_hits{"cat_blast", {30, 700, 17'000}};
constexpr GeneratedKind join_errors{"cat", {10, 14, 20}};

void build_blast(TraceBuilder& builder, std::uint32_t tasks) {
  const std::uint32_t searches = tasks - 3;
  // The searches of one run took alike, give or take a tenth; runs 9 to 1,600 s.
  const GeneratedKind search{"blastall", alike(builder.draws().log_uniform(8'900, 1'630'000), 10)};
  const FileRef database = builder.given("nt", {5'112'000'000, 5'112'000'000, 5'112'000'000});
  const FileRef queries = builder.given("queries.fasta", alike(600ull * searches, 10));
  builder.task(split_fasta);
  builder.reads(queries);
  std::vector<FileRef> chunks;
  for (std::uint32_t i = 0; i < searches; ++i) {
    chunks.push_back(builder.writes("fasta." + std::to_string(i), {6, 600, 2000}));
  }
  std::vector<FileRef> hits;
  std::vector<FileRef> errors;
  for (const FileRef chunk : chunks) {
    builder.task(search);
    builder.reads(chunk);
    builder.reads(database);
    hits.push_back(builder.writes("out", {5, 1000, 18'000}));
    errors.push_back(builder.writes("err", {0, 0, 0}));
  }
  builder.task(join_hits);
  builder.reads(hits);
  builder.writes("out", alike(builder.bytes_of(hits), 1));
  builder.task(join_errors);
  builder.reads(errors);
  builder.writes("err", {0, 0, 0});
}

// -- bwa ------------------------------------------------------------------------------------------

constexpr GeneratedKind make_index{"bwa_index", {81'000, 300'000, 1'160'000}};
constexpr GeneratedKind cut_reads{"fastq_reduce", {50, 500, 4700}};
constexpr GeneratedKind join_alignments{"cat_bwa", {500, 16'000, 519'000}};

void build_bwa(TraceBuilder& builder, std::uint32_t tasks) {
  const std::uint32_t parts = tasks - 4;
  const GeneratedKind align{"bwa", alike(builder.draws().log_uniform(230, 31'000), 12)};
  const FileRef genome = builder.given("reference.fasta", {100'000, 300'000, 1'000'000});
  const FileRef queries = builder.given("query.fastq", alike(15'000ull * parts, 10));
  builder.task(make_index);
  builder.reads(genome);
  const FileRef index = builder.writes("index", {100'000, 300'000, 1'000'000});
  builder.task(cut_reads);
  builder.reads(queries);
  std::vector<FileRef> chunks;
  for (std::uint32_t i = 0; i < parts; ++i) {
    chunks.push_back(builder.writes("fastq." + std::to_string(i), {1000, 15'000, 30'000}));
  }
  std::vector<FileRef> alignments;
  std::vector<FileRef> errors;
  for (const FileRef chunk : chunks) {
    builder.task(align);
    builder.reads(index);
    builder.reads(chunk);
    alignments.push_back(builder.writes("sam", {1000, 20'000, 40'000}));
    errors.push_back(builder.writes("err", {100, 300, 900}));
  }
  builder.task(join_alignments);
  builder.reads(alignments);
  builder.writes("sam", alike(builder.bytes_of(alignments), 1));
  builder.task(join_errors);
  builder.reads(errors);
  builder.writes("err", alike(builder.bytes_of(errors), 1));
}

// -- srasearch ------------------------------------------------------------------------------------

constexpr GeneratedKind build_index{"bowtie2-build", {300, 25'820, 33'000}};
constexpr GeneratedKind dump{"fasterq-dump", {122'700, 2'136'000, 4'076'000}};
constexpr GeneratedKind match{"bowtie2", {2400, 51'690, 121'000}};
constexpr GeneratedKind merge_matches{"merge", {40, 238, 300}};

/// A merge takes so many accessions at most: 20 and 25 were merged by one task, 50 by three.
constexpr std::uint32_t merged_at_once = 25;

std::uint64_t tasks_of_search(std::uint32_t accessions) {
  std::uint64_t tasks = 1 + 2 * std::uint64_t{accessions};
  std::uint32_t files = accessions;
  do {
    files = (files + merged_at_once - 1) / merged_at_once;
    tasks += files;
  } while (files > 1);
  return tasks;
}

/// Merges in a tree until one file is left.
void merge_all(TraceBuilder& builder, std::vector<std::vector<FileRef>> matches) {
  do {
    std::vector<std::vector<FileRef>> merged;
    for (std::size_t first = 0; first < matches.size(); first += merged_at_once) {
      std::uint64_t bytes = 0;
      builder.task(merge_matches);
      for (std::size_t i = first; i < std::min<std::size_t>(matches.size(), first + merged_at_once);
           ++i) {
        builder.reads(matches[i]);
        bytes += builder.bytes_of(matches[i]);
      }
      merged.push_back({builder.writes("tar.gz", alike(bytes * 60 / 100, 5))});
    }
    matches = std::move(merged);
  } while (matches.size() > 1);
}

void build_srasearch(TraceBuilder& builder, std::uint32_t tasks) {
  const std::uint32_t accessions = nearest_parts(tasks, tasks_of_search);
  const FileRef genome = builder.given("genome.fna", {98'720, 98'720, 98'720});
  builder.task(build_index);
  builder.reads(genome);
  std::vector<FileRef> index;
  for (int i = 1; i <= 6; ++i) {
    index.push_back(builder.writes("bt" + std::to_string(i), {17, 24'280, 4'227'000}));
  }
  std::vector<std::vector<FileRef>> matches;
  for (std::uint32_t i = 0; i < accessions; ++i) {
    builder.task(dump);
    const FileRef left = builder.writes("1.fastq", {350'100'000, 770'000'000, 1'366'000'000});
    const FileRef right = builder.writes("2.fastq", alike(builder.bytes_of(left), 1));
    builder.task(match);
    builder.reads(index);
    builder.reads(left);
    builder.reads(right);
    const FileRef alignment = builder.writes("bam", {310, 316, 317});
    matches.push_back({alignment, builder.writes("bai", {24, 24, 24})});
  }
  merge_all(builder, std::move(matches));
}

}  // namespace

/// Biology: one sequence file is split, each part searched for in a database of 5 GB, and hits and
/// error messages are joined by a task each. The database is read by every search.
///
/// Structure, runtimes and sizes: the 15 recorded runs in WfInstances.
ShapeRecipe blast_shape() {
  return {.shape = {.name = "blast",
                    .summary = "biology: one split, N searches in a database of 5 GB, 2 merges",
                    .source = "WfInstances: BLAST (Makeflow)",
                    .least = 4,
                    .usual = 43,
                    .step = 0},
          .build = build_blast};
}

/// Biology: an index of a genome is made and reads are cut into parts; each part is aligned with
/// the index, and two tasks join the results. Both ends are long and serial.
///
/// Structure, runtimes and sizes: ranges over the 15 recorded runs in WfInstances.
ShapeRecipe bwa_shape() {
  return {
    .shape = {.name = "bwa",
              .summary = "biology: an index and a split, N alignments that read both, 2 merges",
              .source = "WfInstances: BWA (Makeflow)",
              .least = 5,
              .usual = 104,
              .step = 0},
    .build = build_bwa};
}

/// Biology: archived reads are fetched, up to 1.4 GB a file, each matched with one shared index,
/// and the matches merged in a tree.
///
/// Structure, runtimes and sizes: the 25 recorded runs in WfInstances.
ShapeRecipe srasearch_shape() {
  return {
    .shape = {.name = "srasearch",
              .summary =
                "biology: N fetches of large files, each matched with one index, merged in a tree",
              .source = "WfInstances: SRASearch (Pegasus)",
              .least = 4,
              .usual = 42,
              .step = 2},
    .build = build_srasearch};
}

}  // namespace weft

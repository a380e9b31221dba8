// The structure of each shape, as sentences.

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "workflow/shape_facts.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;
using Parents = test::ShapeFacts::Parents;

test::ShapeFacts shape(const std::string& name, std::uint32_t tasks, std::uint64_t seed = 1) {
  return test::ShapeFacts{{.shape = name, .tasks = tasks, .seed = seed, .name = {}}};
}

TEST(Montage, ComparesProjectedImagesInPairs) {
  const auto facts = shape("montage", 700);
  facts.expect_parents("mProject", {});
  facts.expect_parents("mDiffFit", {{"mProject", 2}});
  std::set<std::vector<std::uint32_t>> pairs;
  for (const TraceTask* task : facts.all("mDiffFit"))
    EXPECT_TRUE(pairs.insert(task->parents).second);
}

TEST(Montage, ComparesEveryImageWithAnother) {
  const auto facts = shape("montage", 700);
  std::set<std::uint32_t> compared;
  for (const TraceTask* task : facts.all("mDiffFit")) {
    compared.insert(task->parents.begin(), task->parents.end());
  }
  EXPECT_EQ(compared.size(), facts.count("mProject"));
}

TEST(Montage, CorrectsEveryImageByTheModelOfItsBand) {
  const auto facts = shape("montage", 700);
  EXPECT_EQ(facts.count("mBackground"), facts.count("mProject"));
  facts.expect_parents("mBackground", {{"mBgModel", 1}, {"mProject", 1}});
  facts.expect_parents("mBgModel", {{"mConcatFit", 1}});
}

TEST(Montage, JoinsThreeBandsIntoOnePicture) {
  const auto facts = shape("montage", 700);
  for (const auto* category : {"mConcatFit", "mBgModel", "mImgtbl", "mAdd"}) {
    EXPECT_EQ(facts.count(category), 3u) << category;
  }
  EXPECT_EQ(facts.parents_of(facts.trace().tasks.back()), (Parents{{"mAdd", 3}}));
  for (const TraceTask* task : facts.all("mAdd")) {
    EXPECT_EQ(facts.parents_of(*task),
              (Parents{{"mBackground", facts.count("mBackground") / 3}, {"mImgtbl", 1}}));
  }
}

TEST(Montage, HasAboutFiveComparisonsForEachImageOfALargeSky) {
  const auto facts = shape("montage", 748);  // The recorded mosaic of 3 degrees has 36 and 172.
  EXPECT_EQ(facts.count("mProject") / 3, 36u);
  EXPECT_EQ(facts.count("mDiffFit") / 3, 174u);
}

TEST(Epigenomics, PassesEveryChunkThroughFourPrograms) {
  const auto facts = shape("epigenomics", 233);
  facts.expect_parents("filterContams", {{"fastqSplit", 1}});
  facts.expect_parents("sol2sanger", {{"filterContams", 1}});
  facts.expect_parents("fast2bfq", {{"sol2sanger", 1}});
  facts.expect_parents("map", {{"fast2bfq", 1}});
  EXPECT_EQ(facts.count("map"), facts.count("filterContams"));
}

TEST(Epigenomics, MergesEachLaneAndThenAllLanes) {
  const auto facts = shape("epigenomics", 233);  // As recorded: 3 lanes in 56 chunks.
  EXPECT_EQ(facts.trace().edge_count(), 285u);
  EXPECT_EQ(facts.count("fastqSplit"), 3u);
  EXPECT_EQ(facts.count("map"), 56u);
  std::size_t merged = 0;
  for (const TraceTask* task : facts.all("mapMerge")) merged += facts.parents_of(*task)["map"];
  EXPECT_EQ(merged, facts.count("map"));
  facts.expect_parents("chr21", {{"mapMerge", 1}});
  facts.expect_parents("pileup", {{"chr21", 1}});
  EXPECT_EQ(facts.parents_of(*facts.all("mapMerge").back()), (Parents{{"mapMerge", 3}}));
}

TEST(CyberShake, ComputesASeismogramAndItsPeakOfEveryVariation) {
  const auto facts = shape("cybershake", 100);
  facts.expect_parents("SeismogramSynthesis", {{"ExtractSGT", 1}});
  facts.expect_parents("PeakValCalcOkaya", {{"SeismogramSynthesis", 1}});
  facts.expect_parents("ZipSeis", {{"SeismogramSynthesis", 45}});
  facts.expect_parents("ZipPSA", {{"PeakValCalcOkaya", 45}});
}

TEST(CyberShake, HasAsManyTasksOfEachKindAsTheGalleryHas) {
  const std::vector<std::array<std::uint32_t, 3>> gallery{{30, 2, 13}, {50, 4, 22}, {100, 8, 45}};
  for (const auto& [tasks, extractions, seismograms] : gallery) {
    const auto facts = shape("cybershake", tasks);
    EXPECT_EQ(facts.size(), tasks);
    EXPECT_EQ(facts.count("ExtractSGT"), extractions);
    EXPECT_EQ(facts.count("SeismogramSynthesis"), seismograms);
  }
}

TEST(CyberShake, UsesEveryExtraction) {
  for (std::uint32_t tasks = 5; tasks < 60; ++tasks) {
    const auto facts = shape("cybershake", tasks);
    std::set<std::uint32_t> used;
    for (const TraceTask* task : facts.all("SeismogramSynthesis")) used.insert(task->parents[0]);
    EXPECT_EQ(used.size(), facts.count("ExtractSGT")) << tasks;
  }
}

TEST(Seismology, SiftsTheRecordsOfAllStationsInOneTask) {
  const auto facts = shape("seismology", 101);
  facts.expect_parents("sG1IterDecon", {});
  facts.expect_parents("siftSTFByMisfit", {{"sG1IterDecon", 100}});
}

TEST(ThousandGenomes, AnalysesEachChromosomeInFourteenWays) {
  const auto facts = shape("1000genome", 52);  // As recorded: 2 chromosomes in 10 parts each.
  EXPECT_EQ(facts.trace().edge_count(), 76u);
  facts.expect_parents("individuals_merge", {{"individuals", 10}});
  facts.expect_parents("mutation_overlap", {{"individuals_merge", 1}, {"sifting", 1}});
  facts.expect_parents("frequency", {{"individuals_merge", 1}, {"sifting", 1}});
  EXPECT_EQ(facts.count("mutation_overlap"), 14u);
  EXPECT_EQ(facts.count("frequency"), 14u);
}

TEST(ThousandGenomes, HasNoMoreChromosomesThanPeopleHave) {
  EXPECT_EQ(shape("1000genome", 902).count("sifting"), 22u);
  EXPECT_EQ(shape("1000genome", 5000).count("sifting"), 22u);
}

TEST(Blast, HasOneSplitManySearchesAndTwoMerges) {
  const auto facts = shape("blast", 43);
  EXPECT_EQ(facts.count("split_fasta"), 1u);
  facts.expect_parents("blastall", {{"split_fasta", 1}});
  facts.expect_parents("cat_blast", {{"blastall", 40}});
  facts.expect_parents("cat", {{"blastall", 40}});
  EXPECT_EQ(facts.trace().edge_count(), 120u);  // As recorded.
}

TEST(Bwa, LetsEveryAlignmentReadTheIndexAndItsPart) {
  const auto facts = shape("bwa", 104);
  facts.expect_parents("bwa", {{"bwa_index", 1}, {"fastq_reduce", 1}});
  facts.expect_parents("cat_bwa", {{"bwa", 100}});
  facts.expect_parents("cat", {{"bwa", 100}});
  EXPECT_EQ(facts.trace().edge_count(), 400u);  // As recorded.
}

TEST(SoyKb, PassesEverySampleThroughSixPrograms) {
  const auto facts = shape("soykb", 96);  // As recorded: 5 samples, 10 chromosomes.
  EXPECT_EQ(facts.count("alignment_to_reference"), 5u);
  facts.expect_parents("sort_sam", {{"alignment_to_reference", 1}});
  facts.expect_parents("dedup", {{"sort_sam", 1}});
  facts.expect_parents("add_replace", {{"dedup", 1}});
  facts.expect_parents("realign_target_creator", {{"add_replace", 1}});
  facts.expect_parents("indel_realign", {{"add_replace", 1}, {"realign_target_creator", 1}});
  EXPECT_EQ(facts.trace().edge_count(), 194u);
}

TEST(SoyKb, GenotypesEachChromosomeOverAllSamples) {
  const auto facts = shape("soykb", 96);
  EXPECT_EQ(facts.count("genotype_gvcfs"), 10u);
  facts.expect_parents("haplotype_caller", {{"indel_realign", 1}});
  facts.expect_parents("genotype_gvcfs", {{"haplotype_caller", 5}});
  facts.expect_parents("merge_gcvf", {{"haplotype_caller", 50}});
  facts.expect_parents("combine_variants", {{"genotype_gvcfs", 10}});
}

TEST(SoyKb, SpendsMostOfItsLongestChainInOneMerge) {
  const auto facts = shape("soykb", 96);
  const Nanos merge = facts.all("merge_gcvf").front()->runtime;
  for (const TraceTask& task : facts.trace().tasks) {
    EXPECT_TRUE(task.category == "merge_gcvf" || task.runtime < merge) << task.name;
  }
}

TEST(SraSearch, MatchesEveryFetchWithOneIndex) {
  const auto facts = shape("srasearch", 42);
  EXPECT_EQ(facts.count("bowtie2-build"), 1u);
  facts.expect_parents("fasterq-dump", {});
  facts.expect_parents("bowtie2", {{"bowtie2-build", 1}, {"fasterq-dump", 1}});
  facts.expect_parents("merge", {{"bowtie2", 20}});
}

TEST(SraSearch, MergesManyMatchesInATree) {
  const auto facts = shape("srasearch", 104);  // As recorded: 50 accessions, 3 merges.
  EXPECT_EQ(facts.count("bowtie2"), 50u);
  EXPECT_EQ(facts.trace().edge_count(), 152u);
  ASSERT_EQ(facts.count("merge"), 3u);
  EXPECT_EQ(facts.parents_of(*facts.all("merge").front()), (Parents{{"bowtie2", 25}}));
  EXPECT_EQ(facts.parents_of(*facts.all("merge").back()), (Parents{{"merge", 2}}));
}

TEST(PlainShapes, ChainTasksInARow) {
  const auto facts = shape("chain", 10);
  for (std::uint32_t i = 1; i < 10; ++i) {
    EXPECT_EQ(facts.trace().tasks[i].parents, std::vector{i - 1});
  }
}

TEST(PlainShapes, FanOutAndIn) {
  const auto facts = shape("fan_out_fan_in", 100);
  facts.expect_parents("branch", {{"fan_out", 1}});
  facts.expect_parents("fan_in", {{"branch", 98}});
}

TEST(PlainShapes, FixTimesAndLengthsOfChains) {
  const auto facts = shape("fixed_times", 16);
  facts.expect_parents("sink", {{"fixed", 5}});
  std::vector<std::uint32_t> lengths(16, 1);
  std::multiset<std::uint32_t> chains;
  for (std::uint32_t i = 0; i < 15; ++i) {
    const TraceTask& task = facts.trace().tasks[i];
    EXPECT_EQ(task.runtime, Nanos{500ms});
    if (!task.parents.empty()) lengths[i] = lengths[task.parents[0]] + 1;
  }
  for (const std::uint32_t end : facts.trace().tasks.back().parents) chains.insert(lengths[end]);
  EXPECT_EQ(chains, (std::multiset<std::uint32_t>{1, 2, 3, 4, 5}));
}

TEST(PlainShapes, TakeOneToThreeOfTheLayerBefore) {
  const auto facts = shape("random_layers", 105);  // 10 layers of 10, and half of one.
  for (std::uint32_t i = 0; i < 105; ++i) {
    const auto& parents = facts.trace().tasks[i].parents;
    EXPECT_EQ(parents.empty(), i < 10);
    EXPECT_LE(parents.size(), 3u);
    for (const std::uint32_t parent : parents) EXPECT_EQ(parent / 10, i / 10 - 1);
  }
}

}  // namespace
}  // namespace weft

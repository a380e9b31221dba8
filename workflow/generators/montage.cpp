#include <algorithm>
#include <array>
#include <cmath>

#include "weft/workflow/generators/shapes.hpp"

namespace weft {

namespace {

constexpr std::uint32_t bands = 3;

constexpr GeneratedKind project{"mProject", {10'850, 15'200, 18'440}};
constexpr GeneratedKind compare{"mDiffFit", {25, 90, 2195}};
constexpr GeneratedKind concatenate{"mConcatFit", {179, 780, 12'000}};
constexpr GeneratedKind model{"mBgModel", {414, 6900, 111'000}};
constexpr GeneratedKind correct{"mBackground", {187, 500, 2259}};
constexpr GeneratedKind tabulate{"mImgtbl", {177, 182, 186}};
constexpr GeneratedKind join{"mAdd", {330, 360, 23'000}};
constexpr GeneratedKind show{"mViewer", {464, 650, 1408}};

constexpr Spread raw_image{708'000, 736'000, 773'000};
constexpr Spread projected_image{4'133'000, 4'145'000, 4'164'000};
constexpr Spread mosaic_image{9'334'000, 9'334'000, 9'334'000};

/// Images lie in rows and overlap with those at most two places beside them, in their own row and
/// in the next. That makes 174 pairs of 36 images; the recorded mosaic of 3 degrees has 172.
class Sky {
public:
  Sky(std::uint32_t images, std::uint32_t columns) : images_(images), columns_(columns) {}

  [[nodiscard]] std::uint32_t images() const { return images_; }

  /// The images before `image` that overlap with it.
  [[nodiscard]] std::vector<std::uint32_t> overlaps(std::uint32_t image) const {
    std::vector<std::uint32_t> found;
    const std::uint32_t column = image % columns_;
    const std::uint32_t row = image - column;
    for (std::uint32_t at = first_near(column); at < column; ++at) found.push_back(row + at);
    if (row == 0) return found;
    const std::uint32_t above = row - columns_;
    for (std::uint32_t at = first_near(column); at < end_near(column); ++at) {
      found.push_back(above + at);
    }
    return found;
  }

  /// Pairs of images that overlap, counted row by row.
  [[nodiscard]] std::uint64_t pairs() const {
    const std::uint64_t rows = images_ / columns_;
    const std::uint32_t rest = images_ % columns_;
    std::uint64_t sum = rows * beside(columns_) + beside(rest);
    if (rows > 0) sum += (rows - 1) * above(columns_) + above(rest);
    return sum;
  }

private:
  static constexpr std::uint32_t reach = 2;

  static std::uint32_t first_near(std::uint32_t column) { return column - std::min(column, reach); }
  [[nodiscard]] std::uint32_t end_near(std::uint32_t column) const {
    return std::min(column + reach + 1, columns_);
  }
  static std::uint64_t beside(std::uint32_t columns) {
    std::uint64_t sum = 0;
    for (std::uint32_t at = 0; at < columns; ++at) sum += at - first_near(at);
    return sum;
  }
  [[nodiscard]] std::uint64_t above(std::uint32_t columns) const {
    std::uint64_t sum = 0;
    for (std::uint32_t at = 0; at < columns; ++at) sum += end_near(at) - first_near(at);
    return sum;
  }

  std::uint32_t images_;
  std::uint32_t columns_;
};

std::uint64_t tasks_of(const Sky& sky) {
  constexpr std::uint64_t once = 5;  // Concatenate, model, tabulate, join, show.
  return bands * (2 * std::uint64_t{sky.images()} + sky.pairs() + once) + 1;
}

/// An image and the area that it covers.
using Image = std::vector<FileRef>;

std::vector<Image> project_images(TraceBuilder& builder, const Sky& sky, FileRef header,
                                  std::uint32_t band) {
  std::vector<Image> projected;
  for (std::uint32_t i = 0; i < sky.images(); ++i) {
    const std::string name = "band" + std::to_string(band) + "-raw" + std::to_string(i) + ".fits";
    const FileRef raw = builder.given(name, raw_image);
    builder.task(project);
    builder.reads(raw);
    builder.reads(header);
    const FileRef image = builder.writes("fits", projected_image);
    projected.push_back({image, builder.writes("area.fits", projected_image)});
  }
  return projected;
}

/// The corrections that make neighbours fit, found out of all pairs that overlap.
FileRef model_background(TraceBuilder& builder, const Sky& sky, FileRef header,
                         const std::vector<Image>& images) {
  std::vector<FileRef> fits;
  for (std::uint32_t i = 0; i < sky.images(); ++i) {
    for (const std::uint32_t other : sky.overlaps(i)) {
      builder.task(compare);
      builder.reads(images[other]);
      builder.reads(images[i]);
      builder.reads(header);
      fits.push_back(builder.writes("fit.txt", {254, 265, 285}));
    }
  }
  builder.task(concatenate);
  builder.reads(fits);
  const FileRef table = builder.writes("fits.tbl", alike(200 * fits.size(), 20));
  builder.task(model);
  builder.reads(table);
  return builder.writes("corrections.tbl", alike(std::uint64_t{56} * sky.images(), 10));
}

std::vector<Image> correct_images(TraceBuilder& builder, FileRef corrections,
                                  const std::vector<Image>& images) {
  std::vector<Image> corrected;
  for (const Image& image : images) {
    builder.task(correct);
    builder.reads(image);
    builder.reads(corrections);
    const FileRef made = builder.writes("fits", projected_image);
    corrected.push_back({made, builder.writes("area.fits", projected_image)});
  }
  return corrected;
}

FileRef join_images(TraceBuilder& builder, FileRef header, const std::vector<Image>& images) {
  builder.task(tabulate);
  for (const Image& image : images) builder.reads(image.front());
  const FileRef table = builder.writes("tbl", alike(std::uint64_t{460} * images.size(), 20));
  builder.task(join);
  for (const Image& image : images) builder.reads(image);
  builder.reads(table);
  builder.reads(header);
  const FileRef mosaic = builder.writes("fits", mosaic_image);
  builder.writes("area.fits", mosaic_image);
  builder.task(show);
  builder.reads(mosaic);
  builder.writes("png", {428'000, 824'000, 1'576'000});
  return mosaic;
}

void build_montage(TraceBuilder& builder, std::uint32_t tasks) {
  // A square of images has 2 tasks for each image and nearly 5 for its pairs, in each band.
  constexpr double tasks_of_image = 6.8;
  const auto columns = std::max(
    2u, static_cast<std::uint32_t>(std::lround(std::sqrt(tasks / (bands * tasks_of_image)))));
  // Two images at least: there is something to compare.
  const std::uint32_t parts = nearest_parts(tasks, [columns](std::uint32_t count) {
    return tasks_of(Sky{count + 1, columns});
  });
  const Sky sky{parts + 1, columns};
  const FileRef header = builder.given("region.hdr", {277, 277, 277});
  std::array<FileRef, bands> mosaics;
  for (std::uint32_t band = 0; band < bands; ++band) {
    const auto projected = project_images(builder, sky, header, band + 1);
    const FileRef corrections = model_background(builder, sky, header, projected);
    mosaics[band] = join_images(builder, header, correct_images(builder, corrections, projected));
  }
  builder.task(show);
  for (const FileRef mosaic : mosaics) builder.reads(mosaic);
  builder.writes("color.png", {1'576'000, 1'900'000, 2'378'000});
}

}  // namespace

/// Astronomy: images of the sky in three colours become one mosaic. In each band every image is
/// projected, every pair of neighbours compared, all comparisons joined and modelled, every image
/// corrected by the model, and the corrected ones joined; one picture takes the three bands.
///
/// Structure, runtimes and sizes: the 2MASS mosaics of 1 and 3 degrees in WfInstances; the longest
/// runtimes of `mConcatFit`, `mBgModel` and `mAdd`: all 13 mosaics there.
ShapeRecipe montage_shape() {
  return {
    .shape = {.name = "montage",
              .summary =
                "astronomy: 3 bands of images projected, compared in pairs, corrected, joined",
              .source = "WfInstances: Montage of 2MASS images",
              .least = 31,
              .usual = 97,
              .step = 13},
    .build = build_montage};
}

}  // namespace weft

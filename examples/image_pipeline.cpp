// Draws a picture in pencil: blurs it, finds its edges, and turns them into dark lines on white.
// The picture is cut into tiles that overlap as far as the filters see; how many that are is known
// only when it has been read. A tile goes from filter to filter without waiting for the others.
//
//   image_pipeline OUTPUT.png [INPUT.png [TILE]]

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "number_argument.hpp"
#include "png_file.hpp"
#include "weft/weft.hpp"

namespace {

/// Part of a picture, and which pixels of it this tile is to yield: the others are its halo.
struct Tile {
  std::size_t x = 0;  ///< Where the tile proper lies in the picture.
  std::size_t y = 0;
  std::size_t width = 0;
  std::size_t height = 0;
  std::size_t halo_left = 0;  ///< Columns and rows of `pixels` before the tile proper.
  std::size_t halo_top = 0;
  Image pixels;

  template <class Inspector>
  friend bool inspect(Inspector& f, Tile& t) {
    return f.object(t).fields(f.field("x", t.x), f.field("y", t.y), f.field("width", t.width),
                              f.field("height", t.height), f.field("halo_left", t.halo_left),
                              f.field("halo_top", t.halo_top), f.field("pixels", t.pixels));
  }
};

// -- filters --------------------------------------------------------------------------------------
// In whole numbers: a pixel is the same to the last bit, however the picture is cut. Beyond an edge
// lies what lies at the edge.

constexpr std::ptrdiff_t blur_radius = 3;
constexpr std::ptrdiff_t sobel_radius = 1;
constexpr std::size_t halo = blur_radius + sobel_radius;

/// `at` moved by `step`, but not out of 0 to `size` - 1.
std::size_t near(std::size_t at, std::ptrdiff_t step, std::size_t size) {
  const auto last = static_cast<std::ptrdiff_t>(size) - 1;
  return static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(
    static_cast<std::ptrdiff_t>(at) + step, 0, last));
}

/// A Gauss bell in the binomial numbers: rows first, then columns, and rounded once at the end.
Image blurred(const Image& image) {
  constexpr std::array<std::uint32_t, 2 * blur_radius + 1> weights{1, 6, 15, 20, 15, 6, 1};
  const std::size_t channels = image.channels;
  std::vector<std::uint32_t> rows(image.samples.size());
  for (std::size_t y = 0; y < image.height; ++y) {
    for (std::size_t x = 0; x < image.width; ++x) {
      for (std::size_t c = 0; c < channels; ++c) {
        std::uint32_t sum = 0;
        for (std::ptrdiff_t d = -blur_radius; d <= blur_radius; ++d) {
          sum += weights[static_cast<std::size_t>(d + blur_radius)] *
                 image.at(near(x, d, image.width), y, c);
        }
        rows[(y * image.width + x) * channels + c] = sum;
      }
    }
  }
  Image result{image.width, image.height, channels};
  const std::size_t stride = image.width * channels;
  for (std::size_t y = 0; y < image.height; ++y) {
    for (std::size_t i = 0; i < stride; ++i) {
      std::uint32_t sum = 64 * 64 / 2;  // The weights of each direction add up to 64.
      for (std::ptrdiff_t d = -blur_radius; d <= blur_radius; ++d) {
        sum += weights[static_cast<std::size_t>(d + blur_radius)] *
               rows[near(y, d, image.height) * stride + i];
      }
      result.samples[y * stride + i] = static_cast<std::uint8_t>(sum / (64 * 64));
    }
  }
  return result;
}

/// How steep the brightness is (Sobel's operator), from colours to grey.
Image edges(const Image& image) {
  Image result{image.width, image.height, 1};
  for (std::size_t y = 0; y < image.height; ++y) {
    for (std::size_t x = 0; x < image.width; ++x) {
      const auto light = [&](std::ptrdiff_t dx, std::ptrdiff_t dy) {
        const std::size_t column = near(x, dx, image.width);
        const std::size_t row = near(y, dy, image.height);
        // The eye's share of red, green and blue (ITU-R BT.601), in parts of 256.
        return (77 * image.at(column, row, 0) + 150 * image.at(column, row, 1) +
                29 * image.at(column, row, 2)) / 256;
      };
      const int across = light(1, -1) + 2 * light(1, 0) + light(1, 1) - light(-1, -1) -
                         2 * light(-1, 0) - light(-1, 1);
      const int down = light(-1, 1) + 2 * light(0, 1) + light(1, 1) - light(-1, -1) -
                       2 * light(0, -1) - light(1, -1);
      const int steepness = static_cast<int>(std::sqrt(across * across + down * down));
      result.at(x, y, 0) = static_cast<std::uint8_t>(std::min(steepness, 255));
    }
  }
  return result;
}

/// Dark lines on white. Faint edges are darkened most, and the faintest are no lines.
Image toned(const Image& image) {
  std::array<std::uint8_t, 256> curve{};
  for (int i = 0; i < 256; ++i) {
    const int darkness = i < 12 ? 0 : static_cast<int>(std::sqrt(255 * i));
    curve[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(255 - darkness);
  }
  Image result = image;
  for (std::uint8_t& sample : result.samples) sample = curve[sample];
  return result;
}

// -- the workflow ---------------------------------------------------------------------------------

/// Any picture that has edges: discs of random places, sizes and colours on a slope of light.
Image discs(std::uint32_t seed) {
  Image image{1280, 960, 3};
  std::mt19937 random{seed};  // Without distributions, which differ between standard libraries.
  for (std::size_t i = 0; i < image.samples.size(); ++i) {
    image.samples[i] = static_cast<std::uint8_t>(i / 3 % image.width * 200 / image.width);
  }
  for (int disc = 0; disc < 60; ++disc) {
    const std::size_t centre_x = random() % image.width;
    const std::size_t centre_y = random() % image.height;
    const std::size_t radius = 10 + random() % 90;
    const auto colour = static_cast<std::uint32_t>(random());
    for (std::size_t y = near(centre_y, -100, image.height); y < image.height; ++y) {
      for (std::size_t x = near(centre_x, -100, image.width); x < image.width; ++x) {
        // Distances wrap around below 0, and their squares are right all the same.
        const std::size_t dx = x - centre_x;
        const std::size_t dy = y - centre_y;
        if (dx * dx + dy * dy > radius * radius) continue;
        for (std::size_t c = 0; c < 3; ++c) {
          image.at(x, y, c) = static_cast<std::uint8_t>(colour >> (8 * c));
        }
      }
    }
  }
  return image;
}

const weft::Function make_picture{"make_picture@1", discs};
const weft::Function read_picture{"read_picture@1", read_png};
const weft::Function blur{"blur@1", [](Tile tile) {
  tile.pixels = blurred(tile.pixels);
  return tile;
}};
const weft::Function find_edges{"find_edges@1", [](Tile tile) {
  tile.pixels = edges(tile.pixels);
  return tile;
}};
const weft::Function tone{"tone@1", [](Tile tile) {
  tile.pixels = toned(tile.pixels);
  return tile;
}};

const weft::Function cut{"cut@1", [](const Image& image, std::size_t size) {
  std::vector<Tile> tiles;
  for (std::size_t y = 0; y < image.height; y += size) {
    for (std::size_t x = 0; x < image.width; x += size) {
      Tile tile{.x = x, .y = y, .width = std::min(size, image.width - x),
                .height = std::min(size, image.height - y), .halo_left = std::min(x, halo),
                .halo_top = std::min(y, halo), .pixels = {}};
      const std::size_t right = std::min(x + tile.width + halo, image.width);
      const std::size_t bottom = std::min(y + tile.height + halo, image.height);
      tile.pixels = part_of(image, x - tile.halo_left, y - tile.halo_top, right, bottom);
      tiles.push_back(std::move(tile));
    }
  }
  return tiles;
}};

const weft::Function merge{"merge@1", [](const std::vector<weft::Shared<Tile>>& tiles) {
  const Tile& last = *tiles.back();
  Image whole{last.x + last.width, last.y + last.height, 1};
  for (const auto& shared : tiles) {
    const Tile& tile = *shared;
    for (std::size_t y = 0; y < tile.height; ++y) {
      for (std::size_t x = 0; x < tile.width; ++x) {
        whole.at(tile.x + x, tile.y + y, 0) =
          tile.pixels.at(tile.halo_left + x, tile.halo_top + y, 0);
      }
    }
  }
  return whole;
}};

const weft::Function write_picture{"write_picture@1", write_png};

struct Arguments {
  std::string output;
  std::optional<std::string> input;
  std::size_t tile = 192;
};

std::optional<Arguments> arguments_of(int argc, char** argv) {
  if (argc < 2 || argc > 4 || argv[1][0] == '-') return std::nullopt;
  Arguments arguments{.output = argv[1]};
  if (argc > 2) arguments.input = argv[2];
  if (argc > 3) {
    const auto tile = number_in(argv[3], 8, 4096);
    if (!tile) return std::nullopt;
    arguments.tile = *tile;
  }
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Arguments> arguments = arguments_of(argc, argv);
  if (!arguments) {
    std::cerr << "usage: image_pipeline OUTPUT.png [INPUT.png [TILE]]\n"
                 "  TILE is the width of a tile, from 8 to 4096 pixels\n";
    return 2;
  }

  weft::Workflow workflow{"image_pipeline"};
  const auto picture = arguments->input ? workflow.task(read_picture, *arguments->input)
                                        : workflow.task(make_picture, 1u);
  workflow.options(picture).keep_output = weft::KeepOutput::until_erased;
  const auto tiles = workflow.task(cut, picture, arguments->tile);
  const auto blurred_tiles = workflow.map(tiles, blur);
  const auto drawn_tiles = workflow.map(workflow.map(blurred_tiles, find_edges), tone);
  const auto drawing = workflow.task(merge, drawn_tiles);
  workflow.options(drawing).keep_output = weft::KeepOutput::until_erased;
  const auto written = workflow.task(write_picture, drawing, arguments->output);

  weft::Registry registry;
  registry.add(make_picture).add(read_picture).add(cut).add(blur).add(find_edges).add(tone);
  registry.add(merge).add(write_picture);
  weft::Engine engine{registry};
  const auto run = engine.submit(std::move(workflow), written);
  if (const auto end = run.result(); !end) {
    std::cerr << "error: " << weft::to_string(end.error()) << "\n";
    return 1;
  }
  const Image whole = run.result_of(picture).value();
  std::cout << whole.width << " x " << whole.height << " pixels drawn in "
            << run.record().tasks.committed << " tasks, to " << arguments->output << "\n";
  const bool ok = run.result_of(drawing).value() == toned(edges(blurred(whole)));
  std::cout << "checked: " << (ok ? "ok" : "wrong") << "\n";
  return ok ? 0 : 1;
}

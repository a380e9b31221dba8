#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "weft/workflow/error.hpp"

/// A picture: row by row, the channels of a pixel side by side, 8 bits each.
struct Image {
  std::size_t width = 0;
  std::size_t height = 0;
  std::size_t channels = 0;  ///< 1 is grey; 3 are red, green and blue.
  std::vector<std::uint8_t> samples;

  Image() = default;
  Image(std::size_t columns, std::size_t rows, std::size_t depth)
    : width(columns), height(rows), channels(depth), samples(columns * rows * depth) {}

  std::uint8_t& at(std::size_t x, std::size_t y, std::size_t channel) {
    return samples[(y * width + x) * channels + channel];
  }
  std::uint8_t at(std::size_t x, std::size_t y, std::size_t channel) const {
    return samples[(y * width + x) * channels + channel];
  }

  friend bool operator==(const Image&, const Image&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Image& x) {
    return f.object(x).fields(f.field("width", x.width), f.field("height", x.height),
                              f.field("channels", x.channels), f.field("samples", x.samples));
  }
};

/// The pixels from `left` to before `right` and from `top` to before `bottom`.
Image part_of(const Image& image, std::size_t left, std::size_t top, std::size_t right,
              std::size_t bottom);

/// Reads a PNG of any kind as one of three channels. Fails with `invalid_file` when it is broken,
/// with `limit_exceeded` beyond 64 million pixels, with `io_failed` when it cannot be opened.
weft::Result<Image> read_png(const std::string& path);

/// Writes a PNG. The file appears complete or not at all: it is written under another name beside
/// its place first. Fails with `io_failed`.
weft::Result<void> write_png(const Image& image, const std::string& path);

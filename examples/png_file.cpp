#include "png_file.hpp"

#include <png.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

namespace {

// As RGB 192 MB, and as much again for its tiles: what a workstation can spare. A file of a few
// kilobytes may claim any size, so this is asked before memory is.
constexpr std::size_t most_pixels = 64'000'000;

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

/// libpng's own state, freed on every way out.
struct Png : png_image {
  Png() : png_image{} { version = PNG_IMAGE_VERSION; }
  Png(const Png&) = delete;
  Png& operator=(const Png&) = delete;
  ~Png() { png_image_free(this); }

  /// Warnings are let pass, as every viewer does.
  [[nodiscard]] bool failed() const { return PNG_IMAGE_FAILED(*this); }
};

weft::Error broken(const std::string& path, const Png& png) {
  return {.code = weft::Errc::invalid_file,
          .message = weft::in_quotes(path) + " is not a PNG that can be read: " + png.message,
          .hint = "name a PNG that other programs can open"};
}

weft::Error not_written(const std::string& path, const std::string& reason) {
  return {.code = weft::Errc::io_failed,
          .message = weft::in_quotes(path) + " cannot be written: " + reason,
          .hint = "name a file in a folder where you may write"};
}

/// Removes a file unless that is called off.
class Unfinished {
public:
  explicit Unfinished(std::filesystem::path path) : path_(std::move(path)) {}
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  void finished() { path_.clear(); }

private:
  std::filesystem::path path_;
};

}  // namespace

Image part_of(const Image& image, std::size_t left, std::size_t top, std::size_t right,
              std::size_t bottom) {
  Image part{right - left, bottom - top, image.channels};
  const std::size_t row = part.width * part.channels;
  for (std::size_t y = 0; y < part.height; ++y) {
    const std::size_t from = ((top + y) * image.width + left) * image.channels;
    std::copy_n(image.samples.begin() + static_cast<std::ptrdiff_t>(from), row,
                part.samples.begin() + static_cast<std::ptrdiff_t>(y * row));
  }
  return part;
}

weft::Result<Image> read_png(const std::string& path) {
  const File file{std::fopen(path.c_str(), "rb")};
  if (!file) {
    return weft::Error{.code = weft::Errc::io_failed,
                       .message = weft::in_quotes(path) + " cannot be read: " +
                                  std::strerror(errno),
                       .hint = "name a PNG that you may read"};
  }
  Png png;
  if (png_image_begin_read_from_stdio(&png, file.get()); png.failed()) return broken(path, png);
  const std::size_t pixels = std::size_t{png.width} * png.height;
  if (pixels > most_pixels) {
    return weft::Error{.code = weft::Errc::limit_exceeded,
                       .message = weft::in_quotes(path) + " has " + std::to_string(png.width) +
                                  " x " + std::to_string(png.height) + " pixels, more than " +
                                  std::to_string(most_pixels),
                       .hint = "cut it, or make it smaller, before"};
  }
  png.format = PNG_FORMAT_RGB;
  Image image{png.width, png.height, 3};
  constexpr png_color black{0, 0, 0};  // What shines through where the picture is transparent.
  png_image_finish_read(&png, &black, image.samples.data(), 0, nullptr);
  if (png.failed()) return broken(path, png);
  return image;
}

weft::Result<void> write_png(const Image& image, const std::string& path) {
  Unfinished unfinished{path + "." + std::to_string(getpid()) + ".unfinished"};
  Png png;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = image.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_image_write_to_file(&png, unfinished.path().c_str(), 0, image.samples.data(), 0, nullptr);
  if (png.failed()) return not_written(path, png.message);
  std::error_code failure;
  std::filesystem::rename(unfinished.path(), path, failure);
  if (failure) return not_written(path, failure.message());
  unfinished.finished();
  return {};
}

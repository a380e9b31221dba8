#include "weft/storage/redis/reply_reader.hpp"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <charconv>
#include <new>
#include <stdexcept>

#include "weft/storage/redis/command.hpp"
#include "weft/workflow/check.hpp"

namespace weft::redis {

namespace {

/// Far longer than Redis' longest errors, which quote scripts.
constexpr std::size_t line_max = std::size_t{64} << 10;

/// What is given to hiredis at once: it moves the rest to the front for each kilobyte it has read.
constexpr std::size_t slice = std::size_t{16} << 10;

/// A large text grows by this much as it arrives, whatever length it claims: pages that nothing was
/// sent for are never touched, and those touched are still in the cache when they are written.
constexpr std::size_t large_step = std::size_t{256} << 10;

/// Arrays begin with room for at most this many elements, whatever length they claim.
constexpr std::size_t elements_reserved_max = 1024;

Error not_the_protocol(std::string_view what) {
  return {.code = Errc::decode_failed,
          .message = "answered " + in_quotes(what) + ", which is not Redis' protocol"};
}

bool begins_like_a_reply(std::string_view line) {
  return std::string_view{"+-:$*"}.find(line.front()) != std::string_view::npos;
}

constexpr std::string_view end_of_line = "\r\n";

Error too_large(std::string what) {
  return {.code = Errc::limit_exceeded, .message = "answered " + std::move(what)};
}

}  // namespace

struct ReplyReader::Builder {
  static ReplyReader& reader_of(const redisReadTask& task) {
    return *static_cast<ReplyReader*>(task.privdata);
  }

  static void* text(const redisReadTask* task, char* bytes, std::size_t size) {
    ReplyReader& reader = reader_of(*task);
    Reply& reply = reader.place(*task);
    reply.kind_ = task->type == REDIS_REPLY_ERROR    ? Reply::Kind::error
                  : task->type == REDIS_REPLY_STATUS ? Reply::Kind::status
                                                     : Reply::Kind::text;
    if (reader.large_is_ready_) {
      reply.text_ = std::move(reader.large_.text);
      reader.large_ = {};
      reader.large_is_ready_ = false;
    } else {
      reply.text_.assign(bytes, size);
    }
    reader.bytes_ += reply.text_.size();
    reader.is_too_large_ = reader.bytes_ > reader.limits_.reply_max.count;
    return reader.is_too_large_ ? nullptr : &reply;
  }

  /// hiredis counts in an int or in a size_t, as its version has it.
  template <class Count>
  static void* array(const redisReadTask* task, Count count) {
    ReplyReader& reader = reader_of(*task);
    const auto size = static_cast<std::size_t>(count);
    if (size > reader.limits_.elements_max - reader.elements_) {
      reader.is_too_large_ = true;
      return nullptr;
    }
    Reply& reply = reader.place(*task);
    reader.elements_ += size;
    reply.kind_ = Reply::Kind::array;
    reply.elements_.reserve(std::min(size, elements_reserved_max));
    return &reply;
  }

  static void* integer(const redisReadTask* task, long long value) {
    Reply& reply = reader_of(*task).place(*task);
    reply.kind_ = Reply::Kind::integer;
    reply.integer_ = value;
    return &reply;
  }

  static void* nil(const redisReadTask* task) { return &reader_of(*task).place(*task); }

  /// The reader owns what was built.
  static void free(void* /*reply*/) {}

  static redisReplyObjectFunctions& functions() {
    static redisReplyObjectFunctions functions = [] {
      redisReplyObjectFunctions made{};
      made.createString = text;
      made.createArray = array;
      made.createInteger = integer;
      made.createNil = nil;
      made.freeObject = free;
      return made;
    }();
    return functions;
  }
};

void ReplyReader::Close::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

ReplyReader::ReplyReader(const ReplyLimits& limits)
  : limits_(limits), reader_(redisReaderCreateWithFunctions(&Builder::functions())) {
  if (reader_ == nullptr) throw std::bad_alloc{};
  reader_->privdata = this;
  // Kept between bursts rather than made anew; no more than this is ever in it.
  reader_->maxbuf = 2 * (slice + large_argument);
}

ReplyReader::~ReplyReader() = default;

std::span<char> ReplyReader::room() {
  if (!is_large_) return {};
  if (large_.filled == large_.text.size()) {
    large_.text.resize(std::min(large_.size, large_.filled + large_step));
  }
  return std::span{large_.text}.subspan(large_.filled);
}

Result<void> ReplyReader::fill(std::size_t count) {
  large_.filled += count;
  if (large_.filled < large_.size) return {};
  is_large_ = false;
  large_is_ready_ = true;
  // hiredis is given an empty text for it, whose end of line is that of the large one.
  body_left_ = end_of_line.size();
  return parse("$0\r\n");
}

Result<void> ReplyReader::feed(std::string_view bytes) {
  std::size_t fed = 0;  // From here to `at` is what hiredis has not been given yet.
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto rest = bytes.substr(at);
    if (is_large_) {
      const auto target = room();
      const auto count = rest.copy(target.data(), target.size());
      if (auto done = fill(count); !done) return done;
      fed = at += count;
    } else if (body_left_ > 0) {
      const auto count = std::min(body_left_, rest.size());
      body_left_ -= count;
      at += count;
    } else {
      auto taken = take_line(bytes.substr(fed, at - fed), rest);
      if (!taken) return std::move(taken).error();
      at += taken->count;
      if (taken->is_fed) fed = at;
    }
  }
  return parse(bytes.substr(fed));
}

Result<ReplyReader::Taken> ReplyReader::take_line(std::string_view before, std::string_view rest) {
  const auto end = rest.find('\n');
  if (end == std::string_view::npos) {
    if (auto done = parse(before); !done) return done.error();
    if (auto done = hold_back(rest); !done) return done.error();
    return Taken{rest.size(), true};
  }
  const bool began_before = !line_.empty();
  if (began_before) {
    if (auto done = hold_back(rest.substr(0, end + 1)); !done) return done.error();
  }
  const std::string_view line = began_before ? std::string_view{line_} : rest.substr(0, end + 1);
  auto size = text_size(line);
  if (!size) return std::move(size).error();
  Result<void> done;
  bool is_fed = began_before;
  if (*size >= large_argument) {
    done = parse(before);
    if (done) done = begin_large(*size);
    is_fed = true;
  } else if (began_before) {
    done = parse(line);
  }
  if (!done) return done.error();
  line_.clear();
  return Taken{end + 1, is_fed};
}

Result<void> ReplyReader::hold_back(std::string_view part) {
  line_ += part;
  if (!begins_like_a_reply(line_)) return not_the_protocol(line_);
  if (line_.size() > line_max) return too_large("a line of more than 64 KiB");
  return {};
}

/// Also notes how much follows the line. 0 if no text does.
Result<std::size_t> ReplyReader::text_size(std::string_view line) {
  if (!begins_like_a_reply(line)) return not_the_protocol(line);
  if (line.front() != '$') return std::size_t{0};
  std::int64_t size = 0;
  const char* const end = line.data() + line.size() - end_of_line.size();
  bool is_number = line.size() > 3 && line.ends_with(end_of_line);
  if (is_number) {
    const auto [stop, failure] = std::from_chars(line.data() + 1, end, size);
    is_number = stop == end && failure == std::errc{};
  }
  if (!is_number || size < -1) return not_the_protocol(line);
  if (size < 0) return std::size_t{0};  // Nil.
  const auto count = static_cast<std::size_t>(size);
  if (count > limits_.text_max.count) {
    return too_large("a text of " + format_bytes({count}) + ", where at most " +
                     format_bytes(limits_.text_max) + " are read");
  }
  if (count < large_argument) body_left_ = count + end_of_line.size();
  return count;
}

Result<void> ReplyReader::begin_large(std::size_t size) {
  if (bytes_ + size > limits_.reply_max.count) return beyond_limits();
  large_ = {.size = size};
  try {
    large_.text.reserve(size);
  } catch (const std::bad_alloc&) {
    return too_large("a text of " + format_bytes({size}) + ", for which there is no memory");
  }
  is_large_ = true;
  return {};
}

Result<void> ReplyReader::parse(std::string_view bytes) {
  for (; !bytes.empty(); bytes.remove_prefix(std::min(slice, bytes.size()))) {
    if (auto done = parse_some(bytes.substr(0, slice)); !done) return done;
  }
  return {};
}

Result<void> ReplyReader::parse_some(std::string_view bytes) {
  redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
  for (;;) {
    void* built = nullptr;
    if (redisReaderGetReply(reader_.get(), &built) != REDIS_OK) {
      if (is_too_large_) return beyond_limits();
      return Error{.code = Errc::decode_failed,
                   .message = "broke Redis' protocol: " + std::string{reader_->errstr}};
    }
    if (built == nullptr) return {};
    replies_.push_back(std::move(root_));
    bytes_ = 0;
    elements_ = 0;
  }
}

Error ReplyReader::beyond_limits() const {
  return too_large("more than is read at once: " + format_bytes(limits_.reply_max) + " or " +
                   std::to_string(limits_.elements_max) + " elements");
}

/// Where the next thing that hiredis has read belongs. Ancestors stay where they are: an array
/// grows only after what is inside of its last element is complete.
Reply& ReplyReader::place(const redisReadTask& task) {
  if (task.parent == nullptr) return root_ = Reply{};
  return static_cast<Reply*>(task.parent->obj)->elements_.emplace_back();
}

}  // namespace weft::redis

#include "acceptance/functions.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace weft::test {

namespace {

std::filesystem::path journal_of(const std::filesystem::path& folder) {
  return folder / "calls";
}

/// One write a line, so that processes do not mix theirs, and that a kill cuts none.
void note_call(const std::string& folder, const std::string& label) {
  const int file =
    ::open(journal_of(folder).c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  const std::string line = label + " " + std::to_string(::getpid()) + "\n";
  const bool written = ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  ::close(file);
  if (!written) throw std::runtime_error{"a call cannot be noted in " + folder};
}

/// Until there is no more; a worker without a limit is given some hundred MiB beyond its own.
void use_up_memory() {
  constexpr std::size_t piece = std::size_t{8} << 20;
  constexpr std::size_t pieces_max = 64;
  std::vector<std::vector<char>> pieces;
  while (pieces.size() < pieces_max) pieces.emplace_back(piece, 'x');
  throw std::runtime_error{"there was memory enough"};
}

void befall(Mishap kind) {
  switch (kind) {
    case Mishap::none:
      return;
    case Mishap::exception:
      throw std::runtime_error{"this call is to fail"};
    case Mishap::kill:
      ::raise(SIGKILL);
      return;
    case Mishap::abort:
      std::abort();
    case Mishap::exit:
      ::_exit(0);
    case Mishap::memory:
      use_up_memory();
      return;
    case Mishap::freeze:
      ::raise(SIGSTOP);  // Sent to the process, it might let this thread go on for a moment.
      return;
    case Mishap::hang:
      for (;;) ::pause();
  }
}

/// Whether one of so many mishaps is left for this call; each happens once, whoever else calls.
bool take_mishap(const std::string& folder, const std::string& label, int times) {
  for (int i = 0; i < times; ++i) {
    const auto mark = std::filesystem::path{folder} / (label + "." + std::to_string(i));
    const int file = ::open(mark.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) continue;
    ::close(file);
    return true;
  }
  return false;
}

int meet_mishap(TaskContext&, const std::string& folder, int kind, int times,
                const std::string& label, int x) {
  note_call(folder, label);
  if (take_mishap(folder, label, times)) befall(static_cast<Mishap>(kind));
  return x + 1;
}

int pass_gate(TaskContext& context, const std::string& folder, const std::string& gate,
              const std::string& label, int x) {
  note_call(folder, label);
  const auto look = std::chrono::milliseconds{1};
  while (!std::filesystem::exists(std::filesystem::path{folder} / gate)) {
    if (!context.sleep_for(look)) throw std::runtime_error{"stopped before the gate"};
  }
  return x;
}

int tidy_up_at_gate(TaskContext& context, const std::string& folder, const std::string& gate,
                    const std::string& label, int x) {
  note_call(folder, label);
  const auto look = std::chrono::milliseconds{1};
  while (context.sleep_for(look)) {
  }
  while (!std::filesystem::exists(std::filesystem::path{folder} / gate)) {
    std::this_thread::sleep_for(look);
  }
  note_call(folder, label + "-tidied-up");
  return x;
}

std::string& source_looked_at() {
  static std::string source;
  return source;
}

}  // namespace

const char* to_string(Mishap mishap) {
  switch (mishap) {
    case Mishap::none:
      return "none";
    case Mishap::exception:
      return "exception";
    case Mishap::kill:
      return "kill";
    case Mishap::abort:
      return "abort";
    case Mishap::exit:
      return "exit";
    case Mishap::memory:
      return "memory";
    case Mishap::freeze:
      return "freeze";
    case Mishap::hang:
      return "hang";
  }
  return "unknown";
}

// A word of the value is a step of the generator of Knuth's MMIX from the one before it.
Blob blob_of(std::uint64_t size, std::uint64_t seed) {
  Blob blob(size, '\0');
  std::uint64_t word = seed;
  for (std::size_t at = 0; at < size; at += sizeof word) {
    word = word * 6364136223846793005u + 1442695040888963407u;
    std::memcpy(blob.data() + at, &word, std::min<std::size_t>(sizeof word, size - at));
  }
  return blob;
}

std::uint64_t checksum_of(const Blob& blob) {
  std::uint64_t sum = blob.size();
  for (std::size_t at = 0; at < blob.size(); at += sizeof sum) {
    std::uint64_t word = 0;
    std::memcpy(&word, blob.data() + at, std::min<std::size_t>(sizeof word, blob.size() - at));
    sum = sum * 31 + word;
  }
  return sum;
}

std::uint64_t fold_of(const std::vector<std::uint64_t>& sums) {
  std::uint64_t folded = sums.size();
  for (const std::uint64_t sum : sums) folded = folded * 37 + sum;
  return folded;
}

const Function<int (*)(TaskContext&, const std::string&, int, int, const std::string&, int)> mishap{
  "mishap@1", meet_mishap};
const Function<int (*)(TaskContext&, const std::string&, const std::string&, const std::string&,
                       int)>
  wait_for_gate{"wait_for_gate@1", pass_gate};
const Function<int (*)(TaskContext&, const std::string&, const std::string&, const std::string&,
                       int)>
  tidy_up{"tidy_up@1", tidy_up_at_gate};
const Function<Blob (*)(std::uint64_t, std::uint64_t)> make_blob{"make_blob@1", blob_of};
const Function<std::uint64_t (*)(const Shared<Blob>&)> checksum{
  "checksum@1", [](const Shared<Blob>& blob) { return checksum_of(*blob); }};
const Function<std::uint64_t (*)(const std::vector<Shared<Blob>>&)> checksum_all{
  "checksum_all@1", [](const std::vector<Shared<Blob>>& all) {
    std::vector<std::uint64_t> sums;
    for (const Shared<Blob>& one : all) sums.push_back(checksum_of(*one));
    return fold_of(sums);
  }};
const Function<Blob (*)(const std::vector<Shared<Blob>>&, std::uint64_t)> mix{
  "mix@1", [](const std::vector<Shared<Blob>>& all, std::uint64_t size) {
    std::vector<std::uint64_t> sums;
    for (const Shared<Blob>& one : all) sums.push_back(checksum_of(*one));
    return blob_of(size, fold_of(sums));
  }};
const Function<std::uint64_t (*)(const std::vector<std::uint64_t>&)> fold{"fold@1", fold_of};
const Function<std::string (*)()> origin{"origin@1", [] { return std::string{}; }};
const Function<std::string (*)()> latest_source{"latest_source@1",
                                                [] { return source_looked_at(); }};

Registry durable_functions() {
  Registry registry;
  registry.add(pass).add(next).add(add).add(minus).add(sum).add(numbers).add(nothing).add(none);
  registry.add(or_minus_one).add(words).add(count_words).add(sum_nested).add(mishap);
  registry.add(wait_for_gate)
    .add(tidy_up)
    .add(make_blob)
    .add(checksum)
    .add(checksum_all)
    .add(mix)
    .add(fold);
  return registry;
}

Result<Registry> functions_of(const std::string& source) {
  source_looked_at() = source;
  if (source == "unusable") {
    return Error{.code = Errc::invalid_argument, .message = "there are no such functions"};
  }
  Registry registry = durable_functions();
  registry.add(Function{"origin@1", [source] { return source; }}).add(latest_source);
  return registry;
}

std::vector<NotedCall> noted_calls(const std::filesystem::path& folder) {
  std::vector<NotedCall> calls;
  std::ifstream lines{journal_of(folder)};
  for (NotedCall call; lines >> call.label >> call.process;) calls.push_back(call);
  return calls;
}

}  // namespace weft::test

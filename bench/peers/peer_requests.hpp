#pragma once

#include <cstdint>
#include <exception>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>

// How compare.py talks with a peer: a request on a line of the standard input, its answer on a line
// of the standard output. So all peers live at the same time and are measured in turn.

namespace weft::peers {

/// `run <shape> <tasks> <payload> <file of the graph>`
struct PeerRequest {
  std::string verb;
  std::string shape;
  std::uint32_t tasks = 0;
  std::uint64_t payload = 0;
  std::string file;
};

struct PeerAnswer {
  double microseconds = 0;  ///< Of the whole run.
  std::uint64_t sum = 0;    ///< Of the words of the result: says whether everything was done.
};

/// Answers requests until the input ends. @param answer may throw; the peer then says why and ends
template <class Answer>
int answer_requests(Answer&& answer) {
  for (std::string line; std::getline(std::cin, line);) {
    try {
      std::istringstream words{line};
      PeerRequest request;
      words >> request.verb >> request.shape >> request.tasks >> request.payload >> request.file;
      if (!words) throw std::invalid_argument("not a request: " + line);
      const PeerAnswer done = answer(request);
      std::cout << std::setprecision(12) << done.microseconds << ' ' << done.sum << std::endl;
    } catch (const std::exception& failure) {
      std::cout << "error: " << failure.what() << std::endl;
      return 1;
    }
  }
  return 0;
}

}  // namespace weft::peers

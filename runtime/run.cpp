#include "weft/runtime/run.hpp"

namespace weft {

Result<void> Run<void>::result() const {
  handle_->wait();
  const RunRecord record = handle_->record();
  if (record.state == RunState::succeeded) return {};
  return error_of(record);
}

Error error_of(const RunRecord& record) {
  if (record.errors.empty()) {
    return {.code = record.state == RunState::cancelled ? Errc::cancelled : Errc::internal,
            .message = "run " + record.id.text() + " is " + std::string(to_string(record.state))};
  }
  return with_context("run " + record.id.text(), record.errors.front());
}

}  // namespace weft

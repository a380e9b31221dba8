#pragma once

#include <memory>
#include <string_view>

#include "weft/runtime/engine_options.hpp"
#include "weft/storage/history/history_store.hpp"

namespace weft {

/// Whether a history is in Redis, and not in a file.
[[nodiscard]] bool is_url(std::string_view history);

/// Opens the history that `recorder.history` names, with the bounds of `recorder`: in SQLite, or in
/// Redis, for which credentials, certificates, prefix and patience are those of `store`, whichever
/// server that names. Fails with `history_unavailable`, or with `invalid_config` when a URL is
/// none.
/// @pre `recorder.history` is not empty
[[nodiscard]] Result<std::shared_ptr<HistoryStore>> open_history(const RecorderOptions& recorder,
                                                                 const StoreOptions& store);

}  // namespace weft

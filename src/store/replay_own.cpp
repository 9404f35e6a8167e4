// SPDX-License-Identifier: MIT
// What the store's own streams add to the directory. Apart from replay.cpp, since it is rare.
#include "store/replay.hpp"

namespace freshet::store {

// Settings go to the entry of their stream, which is there, if only since this frame.
Status Replay::note_own(const log::StoredEvent& event) noexcept {
    FRESHET_CHECK(streams_.find(event.slot));
    const bool is_checkpoint = behind(checkpoint_prefix, streams_.name()).data() != nullptr;
    if (is_checkpoint && event.payload.size() != checkpoint_size) return Code::corrupt;
    if (behind(settings_prefix, streams_.name()).data() == nullptr) return Done{};
    if (!is_settings(event.payload)) return Code::corrupt;
    Status status = note_created();
    if (status) status = gather_.flush();
    if (!status) return status;
    FRESHET_CHECK(streams_.find(event.slot));
    const std::string_view about = behind(settings_prefix, streams_.name());
    Stream stream;
    const Result<bool> known = find_stream(state_.view(), about, stream);
    if (!known) return known.error();
    if (!*known || is_reserved(about)) return Code::corrupt;
    StreamBuilder builder;
    status = builder.open(stream);
    if (!status) return status;
    builder.set(event.payload);
    return builder.put(state_.delta, about);
}

}  // namespace freshet::store

// SPDX-License-Identifier: MIT
// The events of one commit to be, and the memory for them and for their text. The events of
// neighbouring lines that go to the same stream go together.
#pragma once

#include <span>

#include "freshet/store.hpp"

namespace freshet::shell {

class Batch {
public:
    explicit Batch(MutableBytes own) noexcept;

    [[nodiscard]] std::span<char> text() const noexcept { return text_; }
    [[nodiscard]] bool is_full() const noexcept { return count_ == events_.size(); }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    // Fill the next one, and then say to which stream it goes. There is room for it.
    Event& next() noexcept { return events_[count_]; }
    void add(std::string_view stream) noexcept;

    void expect(Expected expected) noexcept { appends_[0].expected = expected; }
    [[nodiscard]] std::span<const StreamAppend> appends() const noexcept {
        return appends_.first(append_count_);
    }
    void clear() noexcept { count_ = append_count_ = 0; }

private:
    std::span<Event> events_;
    std::span<StreamAppend> appends_;
    std::span<char> text_;
    std::size_t count_ = 0;
    std::size_t append_count_ = 0;
};

}  // namespace freshet::shell

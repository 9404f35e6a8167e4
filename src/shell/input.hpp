// SPDX-License-Identifier: MIT
// Lines of a descriptor, in lent memory. Lines that were taken stay where they are until release(),
// so that a whole batch of them can be used in place.
#pragma once

#include <cstdint>
#include <span>

namespace freshet::shell {

inline constexpr int wait_for_input = -1;

class LineInput {
public:
    enum class Step : std::uint8_t {
        line,         // There is one, or more was read.
        dry,          // More must be read first.
        full,         // More must be read first, and there is no room for it.
        end,          //
        interrupted,  // ^C, or a polite request to end.
        failed,       // error() says why.
    };

    // From here on ^C does not end the program: fill() says so instead.
    LineInput(int descriptor, std::span<char> memory) noexcept;
    LineInput(const LineInput&) = delete;
    LineInput& operator=(const LineInput&) = delete;
    ~LineInput();

    // line, dry or end. The line is without its end, and may be changed.
    Step next(std::span<char>& line) noexcept;
    // Reads what there is. If there is nothing, waits for it, and says dry after `timeout_ms`.
    Step fill(int timeout_ms) noexcept;
    void release() noexcept;

    // Of the line that next() gave last; the first is 1.
    [[nodiscard]] std::uint64_t line_number() const noexcept { return line_number_; }
    [[nodiscard]] std::uint64_t size_read() const noexcept { return size_read_; }
    [[nodiscard]] int error() const noexcept { return error_; }

private:
    Step wait(int timeout_ms) noexcept;

    int descriptor_;
    int signals_ = -1;
    int error_ = 0;
    bool ended_ = false;
    std::span<char> memory_;
    std::size_t begin_ = 0;    // Of the next line.
    std::size_t scanned_ = 0;  // No line ends between begin_ and here.
    std::size_t end_ = 0;
    std::uint64_t line_number_ = 0;
    std::uint64_t size_read_ = 0;
};

}  // namespace freshet::shell

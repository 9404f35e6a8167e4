// SPDX-License-Identifier: MIT
// Memory to lend. Its zeros come from the system as they are touched: a vector would write them
// all, a MiB or more for each store, which takes longer than what most tests do with it.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace freshet::test {

class Lent {
public:
    explicit Lent(std::size_t size)
        : bytes_{static_cast<std::byte*>(std::calloc(size, 1)), &std::free}, size_{size} {}
    [[nodiscard]] std::byte* data() const { return bytes_.get(); }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::byte* begin() const { return bytes_.get(); }
    [[nodiscard]] std::byte* end() const { return bytes_.get() + size_; }
    [[nodiscard]] std::byte& operator[](std::size_t at) const { return bytes_.get()[at]; }

private:
    std::unique_ptr<std::byte, void (*)(void*)> bytes_;
    std::size_t size_;
};

}  // namespace freshet::test

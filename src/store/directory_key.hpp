// SPDX-License-Identifier: MIT
// Keys and values of the directory, as directory.hpp tells.
#pragma once

#include "store/directory.hpp"

namespace freshet::store {

inline constexpr std::byte tag_stream{1};
inline constexpr std::byte tag_block{2};
inline constexpr std::byte tag_mark{3};
inline constexpr std::byte tag_id{4};
inline constexpr std::byte tag_row{5};
inline constexpr std::byte tag_deleted_row{6};
inline constexpr std::byte tag_row_block{7};

// Made in place: it is larger than all that is done with it. The first byte of a row's name gives
// way to the tag; what is no row has its name behind that.
class Key {
public:
    explicit Key(std::byte tag) noexcept { bytes_[0] = tag; }
    Key(std::byte tag, std::string_view name) noexcept;
    // Of a stream, or a row that is there.
    explicit Key(std::string_view name) noexcept : Key{is_row(name) ? tag_row : tag_stream, name} {}
    // Of a block.
    Key(std::string_view name, std::uint64_t number) noexcept;
    void number(std::uint64_t number) noexcept {
        store_key(bytes_.data() + size_, number);
        size_ += 8;
    }
    [[nodiscard]] Bytes bytes() const noexcept { return {bytes_.data(), size_}; }

private:
    std::array<std::byte, tree::key_size_max> bytes_;
    std::size_t size_ = 1;
};

using KeptBytes = std::array<std::byte, tree::value_size_max>;

inline Bytes used(const KeptBytes& value, const std::byte* end) noexcept {
    return {value.data(), static_cast<std::size_t>(end - value.data())};
}

// corrupt.
Status decode_stream(Bytes value, Stream& stream) noexcept;
Status decode_row(Bytes value, Stream& stream) noexcept;

}  // namespace freshet::store

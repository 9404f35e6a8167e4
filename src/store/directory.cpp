// SPDX-License-Identifier: MIT
#include <bit>

#include "store/directory_key.hpp"

namespace freshet::store {

[[gnu::noinline]] Key::Key(std::byte tag, std::string_view name) noexcept {
    FRESHET_CHECK(name.size() <= stream_name_size_max);
    const std::size_t begin = is_row(name) ? 0 : 1;
    if (!name.empty()) std::memcpy(bytes_.data() + begin, name.data(), name.size());
    bytes_[0] = tag;
    size_ = begin + name.size();
}

// Names of streams end with a zero byte, so that none is the start of another; numbers of a row's
// blocks all have one size.
[[gnu::noinline]] Key::Key(std::string_view name, std::uint64_t number) noexcept
    : Key{is_row(name) ? tag_row_block : tag_block, name} {
    std::byte* const to = bytes_.data() + size_;
    if (is_row(name)) {
        store_key(to, number << 32);
        size_ += 4;
        return;
    }
    const auto size = static_cast<std::size_t>(std::bit_width(number) + 7) / 8;
    to[0] = std::byte{0};
    to[1] = static_cast<std::byte>(size);
    store_key(to + 2, size == 0 ? 0 : number << (64 - 8 * size));
    size_ += 2 + size;
}

namespace {

Status decode(Bytes value, bool is_row, Stream& stream) noexcept {
    Reader reader{value};
    const std::uint64_t control = reader.varint();
    stream.count = control >> 1;
    Bytes more{};
    if ((control & 1) != 0) more = reader.take(is_row ? reader.varint() : settings_size);
    stream.settings_bytes = is_row ? Bytes{} : more;
    stream.image = is_row ? more : Bytes{};
    stream.tail =
        value.last(static_cast<std::size_t>(value.data() + value.size() - reader.position()));
    if (!reader.ok()) return Code::corrupt;
    return Done{};
}

}  // namespace

Status decode_stream(Bytes value, Stream& stream) noexcept {
    return decode(value, false, stream);
}

Status decode_row(Bytes value, Stream& stream) noexcept {
    return decode(value, true, stream);
}

namespace {

Result<bool> decode_found(Bytes value, bool is_row, Stream& stream) noexcept {
    if (value.data() == nullptr) return false;
    const Status decoded = decode(value, is_row, stream);
    if (!decoded) return decoded.error();
    return true;
}

Status open_block(const tree::View& view, std::string_view name, std::uint64_t number, Block& block,
                  tree::Beside& beside) noexcept {
    const Bytes value = tree::find(view, Key{name, number}.bytes(), beside);
    if (value.data() == nullptr) return Code::corrupt;
    return block.open(value);
}

}  // namespace

Result<bool> find_stream(const tree::View& view, std::string_view name, Stream& stream) noexcept {
    stream.record = {};
    return decode_found(tree::find(view, Key{name}.bytes(), &stream.record), is_row(name), stream);
}

Result<bool> find_stream(tree::Delta& delta, std::string_view name, Stream& stream) noexcept {
    stream.record = {};
    return decode_found(delta.find_to_put(Key{name}.bytes(), &stream.record), is_row(name), stream);
}

Result<bool> find_deleted_row(const tree::View& view, std::string_view name,
                              Stream& stream) noexcept {
    if (!tree::has_family(view, tag_deleted_row)) return false;
    return decode_found(tree::find(view, Key{tag_deleted_row, name}.bytes()), true, stream);
}

Status erase_row(tree::Delta& delta, std::string_view name) noexcept {
    const Result<bool> erased = delta.erase(Key{name}.bytes());
    return erased ? Status{Done{}} : erased.error();
}

Status erase_deleted_row(tree::Delta& delta, std::string_view name) noexcept {
    const Result<bool> erased = delta.erase(Key{tag_deleted_row, name}.bytes());
    return erased ? Status{Done{}} : erased.error();
}

Result<std::uint64_t> find_event(const tree::View& view, std::string_view name,
                                 const Stream& stream, std::uint64_t index) noexcept {
    const auto number = static_cast<std::uint32_t>(index % block_event_count);
    if (index / block_event_count == stream.count / block_event_count) {
        Addresses addresses;
        const Status expanded = expand_tail(stream.tail, stream.tail_count(), addresses);
        if (!expanded) return expanded.error();
        return addresses[number];
    }
    Block block;
    tree::Beside beside;
    const Status opened = open_block(view, name, index / block_event_count, block, beside);
    if (!opened) return opened.error();
    return block.address(number);
}

Status find_block(const tree::View& view, std::string_view name, const Stream& stream,
                  std::uint64_t block, Addresses& addresses, tree::Beside& beside) noexcept {
    if (block == stream.count / block_event_count)
        return expand_tail(stream.tail, stream.tail_count(), addresses);
    Block packed;
    const Status opened = open_block(view, name, block, packed, beside);
    if (!opened) return opened;
    packed.expand(addresses);
    return Done{};
}

Status StreamBuilder::open(const Stream& stream) noexcept {
    count_ = stream.count;
    has_settings_ = false;
    if (!stream.settings_bytes.empty()) set(stream.settings_bytes);
    if (count_ > 0) return tail_.open(stream.tail);
    created_ = Reader{stream.tail}.varint();
    return tail_.open({});
}

Status StreamBuilder::push(tree::Delta& delta, std::string_view name,
                           std::uint64_t address) noexcept {
    KeptBytes value;
    tail_.push(address);
    count_++;
    if (count_ % block_event_count != 0) return Done{};
    Addresses addresses;
    const std::byte* const end = tail_.put(value.data());
    const Status expanded = expand_tail(used(value, end), block_event_count, addresses);
    if (!expanded) return expanded;
    static_cast<void>(tail_.open({}));
    const std::byte* const packed = put_block(value.data(), addresses);
    const Key key{name, count_ / block_event_count - 1};
    return delta.put(key.bytes(), used(value, packed));
}

void StreamBuilder::set(Bytes settings) noexcept {
    has_settings_ = true;
    std::memcpy(settings_.data(), settings.data(), settings_.size());
}

std::byte* StreamBuilder::write(std::byte* to) const noexcept {
    to = put_varint(to, count_ << 1 | (has_settings_ ? 1 : 0));
    if (has_settings_) {
        std::memcpy(to, settings_.data(), settings_.size());
        to += settings_.size();
    }
    return count_ == 0 ? put_varint(to, created_) : tail_.put(to);
}

Status StreamBuilder::put(tree::Delta& delta, std::string_view name) const noexcept {
    KeptBytes value;
    return delta.put(Key{name}.bytes(), used(value, write(value.data())));
}

Status StreamBuilder::put_deleted(tree::Delta& delta, std::string_view name) const noexcept {
    KeptBytes value;
    const Key key{tag_deleted_row, name};
    return delta.put(key.bytes(), used(value, write(value.data())));
}

Result<std::uint64_t> newest_address(const tree::View& view, std::string_view name,
                                     const Stream& stream) noexcept {
    if (stream.count > 0 && stream.tail_count() == 0)
        return find_event(view, name, stream, stream.count - 1);
    Reader reader{stream.tail};
    const std::uint64_t address = reader.varint();
    if (!reader.ok()) return Code::corrupt;
    return address;
}

// From the newest backwards.
Result<EventsBefore> find_in_tail(const Stream& stream, std::uint64_t address) noexcept {
    Reader tail{stream.tail};
    EventsBefore before{.count = stream.count};
    std::uint64_t last = 0;
    for (std::uint32_t left = stream.tail_count(); left > 0; left--, before.count--) {
        const std::uint64_t distance = tail.varint();
        last = left == stream.tail_count() ? distance : last - distance;
        if (!tail.ok()) return Code::corrupt;
        before.last = last < address ? last : 0;
        if (before.last != 0) return before;
    }
    return before;
}

Result<EventsBefore> find_before(const tree::View& view, std::string_view name,
                                 const Stream& stream, std::uint64_t address) noexcept {
    const Result<EventsBefore> in_tail = find_in_tail(stream, address);
    if (!in_tail || in_tail->last != 0) return in_tail;
    EventsBefore before;
    std::uint64_t end = in_tail->count;
    while (before.count < end) {
        const std::uint64_t middle = before.count + (end - before.count) / 2;
        const Result<std::uint64_t> at = find_event(view, name, stream, middle);
        if (!at) return at.error();
        if (*at < address)
            before = {middle + 1, *at};
        else
            end = middle;
    }
    return before;
}

}  // namespace freshet::store

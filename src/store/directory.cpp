// SPDX-License-Identifier: MIT
#include "store/directory.hpp"

#include <bit>

#include "base/hash.hpp"

namespace freshet::store {

namespace {

constexpr std::byte tag_stream{1};
constexpr std::byte tag_block{2};
constexpr std::byte tag_mark{3};
constexpr std::byte tag_id{4};

// Made in place: it is larger than all that is done with it.
class Key {
public:
    explicit Key(std::byte tag) noexcept { bytes_[0] = tag; }
    Key(std::byte tag, std::string_view name) noexcept : Key{tag} {
        FRESHET_CHECK(name.size() <= stream_name_size_max);
        if (!name.empty()) std::memcpy(bytes_.data() + size_, name.data(), name.size());
        size_ += name.size();
    }
    // Of a block.
    Key(std::byte tag, std::string_view name, std::uint64_t number) noexcept : Key{tag, name} {
        const auto size = static_cast<std::size_t>(std::bit_width(number) + 7) / 8;
        bytes_[size_] = std::byte{0};
        bytes_[size_ + 1] = static_cast<std::byte>(size);
        store_key(bytes_.data() + size_ + 2, size == 0 ? 0 : number << (64 - 8 * size));
        size_ += 2 + size;
    }
    void number(std::uint64_t number) noexcept {
        store_key(bytes_.data() + size_, number);
        size_ += 8;
    }
    [[nodiscard]] Bytes bytes() const noexcept { return {bytes_.data(), size_}; }

private:
    std::array<std::byte, tree::key_size_max> bytes_;
    std::size_t size_ = 1;
};

Key mark_key(std::uint64_t number) noexcept {
    Key key{tag_mark};
    key.number(number);
    return key;
}

std::uint64_t id_hash(std::string_view stream, const EventId& id) noexcept {
    return hash(hash(0, as_bytes(stream)), id.bytes);
}

using Value = std::array<std::byte, tree::value_size_max>;

Bytes used(const Value& value, const std::byte* end) noexcept {
    return {value.data(), static_cast<std::size_t>(end - value.data())};
}

Status decode_stream(Bytes value, Stream& stream) noexcept {
    Reader reader{value};
    const std::uint64_t control = reader.varint();
    stream.count = control >> 1;
    stream.settings_bytes = (control & 1) != 0 ? reader.take(settings_size) : Bytes{};
    stream.tail =
        value.last(static_cast<std::size_t>(value.data() + value.size() - reader.position()));
    if (!reader.ok()) return Code::corrupt;
    return Done{};
}

Result<bool> decode_found(Bytes value, Stream& stream) noexcept {
    if (value.data() == nullptr) return false;
    const Status decoded = decode_stream(value, stream);
    if (!decoded) return decoded.error();
    return true;
}

Status open_block(const tree::View& view, std::string_view name, std::uint64_t number,
                  Block& block) noexcept {
    const Bytes value = tree::find(view, Key{tag_block, name, number}.bytes());
    if (value.data() == nullptr) return Code::corrupt;
    return block.open(value);
}

}  // namespace

Result<bool> find_stream(const tree::View& view, std::string_view name, Stream& stream) noexcept {
    return decode_found(tree::find(view, Key{tag_stream, name}.bytes()), stream);
}

Result<bool> find_stream(tree::Delta& delta, std::string_view name, Stream& stream) noexcept {
    return decode_found(delta.find_to_put(Key{tag_stream, name}.bytes()), stream);
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
    const Status opened = open_block(view, name, index / block_event_count, block);
    if (!opened) return opened.error();
    return block.address(number);
}

Status find_block(const tree::View& view, std::string_view name, const Stream& stream,
                  std::uint64_t block, Addresses& addresses) noexcept {
    if (block == stream.count / block_event_count)
        return expand_tail(stream.tail, stream.tail_count(), addresses);
    Block packed;
    const Status opened = open_block(view, name, block, packed);
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
    Value value;
    tail_.push(address);
    count_++;
    if (count_ % block_event_count != 0) return Done{};
    Addresses addresses;
    const std::byte* const end = tail_.put(value.data());
    const Status expanded = expand_tail(used(value, end), block_event_count, addresses);
    if (!expanded) return expanded;
    static_cast<void>(tail_.open({}));
    const std::byte* const packed = put_block(value.data(), addresses);
    const Key key{tag_block, name, count_ / block_event_count - 1};
    return delta.put(key.bytes(), used(value, packed));
}

void StreamBuilder::set(Bytes settings) noexcept {
    has_settings_ = true;
    std::memcpy(settings_.data(), settings.data(), settings_.size());
}

Status StreamBuilder::put(tree::Delta& delta, std::string_view name) const noexcept {
    Value value;
    std::byte* to = put_varint(value.data(), count_ << 1 | (has_settings_ ? 1 : 0));
    if (has_settings_) {
        std::memcpy(to, settings_.data(), settings_.size());
        to += settings_.size();
    }
    to = count_ == 0 ? put_varint(to, created_) : tail_.put(to);
    return delta.put(Key{tag_stream, name}.bytes(), used(value, to));
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

Status put_mark(tree::Delta& delta, std::uint64_t number, const Mark& mark) noexcept {
    Value value;
    std::byte* to = put_varint(value.data(), mark.commit);
    to = put_varint(to, mark.ordinal);
    to = put_varint(to, mark.time_us);
    to = put_varint(to, mark.address);
    return delta.put(mark_key(number).bytes(), used(value, to));
}

Result<bool> find_mark(const tree::View& view, std::uint64_t number, Mark& mark) noexcept {
    const Bytes value = tree::find(view, mark_key(number).bytes());
    if (value.data() == nullptr) return false;
    Reader reader{value};
    mark.commit = reader.varint();
    mark.ordinal = reader.varint();
    mark.time_us = reader.varint();
    mark.address = reader.varint();
    if (!reader.ok() || !reader.at_end()) return Code::corrupt;
    return true;
}

Status put_id(tree::Delta& delta, std::string_view stream, const EventId& id,
              std::uint64_t address) noexcept {
    Key key{tag_id};
    key.number(id_hash(stream, id));
    key.number(address);
    return delta.put(key.bytes(), {});
}

IdCandidates::IdCandidates(const tree::View& view, std::string_view stream,
                           const EventId& id) noexcept
    : cursor_{view} {
    key_[0] = tag_id;
    store_key(key_.data() + 1, id_hash(stream, id));
    cursor_.seek(key_);
}

bool IdCandidates::valid() const noexcept {
    if (!cursor_.valid()) return false;
    const Bytes key = cursor_.key();
    FRESHET_CHECK(key.size() == key_.size());  // There is no kind behind the ids.
    return std::memcmp(key.data(), key_.data(), 9) == 0;
}

StreamWalk::StreamWalk(const tree::View& view, std::string_view from) noexcept : cursor_{view} {
    cursor_.seek(Key{tag_stream, from}.bytes());
}

bool StreamWalk::valid() const noexcept {
    return cursor_.valid() && cursor_.key()[0] == tag_stream;
}

Status StreamWalk::stream(Stream& into) const noexcept {
    return decode_stream(cursor_.value(), into);
}

}  // namespace freshet::store

// SPDX-License-Identifier: MIT
#include "store/directory.hpp"

#include "base/hash.hpp"

namespace freshet::store {

namespace {

constexpr std::byte tag_stream{1};
constexpr std::byte tag_block{2};
constexpr std::byte tag_mark{3};
constexpr std::byte tag_id{4};

using Addresses = std::array<std::uint64_t, block_event_count>;

class Key {
public:
    explicit Key(std::byte tag) noexcept { bytes_[0] = tag; }
    Key& text(std::string_view text) noexcept {
        FRESHET_CHECK(text.size() <= stream_name_size_max);
        if (!text.empty()) std::memcpy(bytes_.data() + size_, text.data(), text.size());
        size_ += text.size();
        return *this;
    }
    Key& byte(std::byte byte) noexcept {
        bytes_[size_++] = byte;
        return *this;
    }
    Key& number(std::uint64_t number) noexcept {
        store_key(bytes_.data() + size_, number);
        size_ += 8;
        return *this;
    }
    [[nodiscard]] Bytes bytes() const noexcept { return {bytes_.data(), size_}; }

private:
    std::array<std::byte, tree::key_size_max> bytes_;
    std::size_t size_ = 1;
};

Key stream_key(std::string_view name) noexcept {
    return Key{tag_stream}.text(name);
}

Key block_key(std::string_view name, std::uint64_t block) noexcept {
    return Key{tag_block}.text(name).byte(std::byte{0}).number(block);
}

std::uint64_t id_hash(std::string_view stream, const EventId& id) noexcept {
    return hash(hash(0, as_bytes(stream)), id.bytes);
}

using Value = std::array<std::byte, tree::value_size_max>;

std::byte* put_addresses(std::byte* to, const Addresses& addresses, std::uint32_t count) noexcept {
    std::uint64_t before = 0;
    for (std::uint32_t i = 0; i < count; i++) {
        to = put_varint(to, addresses[i] - before);
        before = addresses[i];
    }
    return to;
}

void get_addresses(Reader& reader, Addresses& addresses, std::uint32_t count) noexcept {
    std::uint64_t before = 0;
    for (std::uint32_t i = 0; i < count; i++) {
        before += reader.varint();
        addresses[i] = before;
    }
}

Bytes used(const Value& value, const std::byte* end) noexcept {
    return {value.data(), static_cast<std::size_t>(end - value.data())};
}

Status decode_stream(Bytes value, Stream& stream) noexcept {
    Reader reader{value};
    stream.count = reader.varint();
    stream.created = stream.count == 0 ? reader.varint() : 0;
    get_addresses(reader, stream.tail, stream.tail_count());
    if (!reader.ok() || !reader.at_end()) return Code::corrupt;
    return Done{};
}

}  // namespace

Result<bool> find_stream(const tree::View& view, std::string_view name, Stream& stream) noexcept {
    const Bytes value = tree::find(view, stream_key(name).bytes());
    if (value.data() == nullptr) return false;
    const Status decoded = decode_stream(value, stream);
    if (!decoded) return decoded.error();
    return true;
}

Status put_stream(tree::Delta& delta, std::string_view name, const Stream& stream) noexcept {
    Value value;
    std::byte* to = put_varint(value.data(), stream.count);
    if (stream.count == 0) to = put_varint(to, stream.created);
    to = put_addresses(to, stream.tail, stream.tail_count());
    return delta.put(stream_key(name).bytes(), used(value, to));
}

Status push_event(tree::Delta& delta, std::string_view name, Stream& stream,
                  std::uint64_t address) noexcept {
    stream.tail[stream.tail_count()] = address;
    stream.count++;
    if (stream.tail_count() != 0) return Done{};
    Value value;
    const std::byte* const end = put_addresses(value.data(), stream.tail, block_event_count);
    return delta.put(block_key(name, stream.count / block_event_count - 1).bytes(),
                     used(value, end));
}

Status find_block(const tree::View& view, std::string_view name, const Stream& stream,
                  std::uint64_t block, Addresses& addresses) noexcept {
    if (block == stream.count / block_event_count) {
        addresses = stream.tail;
        return Done{};
    }
    const Bytes value = tree::find(view, block_key(name, block).bytes());
    if (value.data() == nullptr) return Code::corrupt;
    Reader reader{value};
    get_addresses(reader, addresses, block_event_count);
    if (!reader.ok() || !reader.at_end()) return Code::corrupt;
    return Done{};
}

Result<std::uint64_t> newest_address(const tree::View& view, std::string_view name,
                                     const Stream& stream) noexcept {
    if (stream.count == 0) return stream.created;
    const std::uint64_t newest = stream.count - 1;
    Addresses addresses;
    const Status found = find_block(view, name, stream, newest / block_event_count, addresses);
    if (!found) return found.error();
    return addresses[newest % block_event_count];
}

Status put_mark(tree::Delta& delta, std::uint64_t number, const Mark& mark) noexcept {
    Value value;
    std::byte* to = put_varint(value.data(), mark.commit);
    to = put_varint(to, mark.ordinal);
    to = put_varint(to, mark.time_us);
    to = put_varint(to, mark.address);
    return delta.put(Key{tag_mark}.number(number).bytes(), used(value, to));
}

Result<bool> find_mark(const tree::View& view, std::uint64_t number, Mark& mark) noexcept {
    const Bytes value = tree::find(view, Key{tag_mark}.number(number).bytes());
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
    return delta.put(Key{tag_id}.number(id_hash(stream, id)).number(address).bytes(), {});
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
    return key.size() == key_.size() && std::memcmp(key.data(), key_.data(), 9) == 0;
}

StreamWalk::StreamWalk(const tree::View& view) noexcept : cursor_{view} {
    cursor_.seek(Bytes{&tag_stream, 1});
}

bool StreamWalk::valid() const noexcept {
    return cursor_.valid() && cursor_.key()[0] == tag_stream;
}

Status StreamWalk::stream(Stream& into) const noexcept {
    return decode_stream(cursor_.value(), into);
}

}  // namespace freshet::store

// SPDX-License-Identifier: MIT
#include "store/directory.hpp"

#include <algorithm>
#include <bit>

#include "base/hash.hpp"

namespace freshet::store {

namespace {

constexpr std::byte tag_stream{1};
constexpr std::byte tag_block{2};
constexpr std::byte tag_mark{3};
constexpr std::byte tag_id{4};
constexpr std::byte tag_row{5};
constexpr std::byte tag_deleted_row{6};
constexpr std::byte tag_row_block{7};

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
    const Bytes value = tree::find(view, Key{name, number}.bytes());
    if (value.data() == nullptr) return Code::corrupt;
    return block.open(value);
}

}  // namespace

Result<bool> find_stream(const tree::View& view, std::string_view name, Stream& stream) noexcept {
    return decode_found(tree::find(view, Key{name}.bytes()), stream);
}

Result<bool> find_stream(tree::Delta& delta, std::string_view name, Stream& stream) noexcept {
    return decode_found(delta.find_to_put(Key{name}.bytes()), stream);
}

Result<bool> find_deleted_row(const tree::View& view, std::string_view name,
                              Stream& stream) noexcept {
    return decode_found(tree::find(view, Key{tag_deleted_row, name}.bytes()), stream);
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
    Value value;
    return delta.put(Key{name}.bytes(), used(value, write(value.data())));
}

Status StreamBuilder::put_deleted(tree::Delta& delta, std::string_view name) const noexcept {
    Value value;
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

Status put_mark(tree::Delta& delta, std::uint64_t number, const Mark& mark) noexcept {
    Value value;
    std::byte* to = put_varint(value.data(), mark.commit);
    to = put_varint(to, mark.ordinal);
    to = put_varint(to, mark.time_us);
    to = put_varint(to, mark.address);
    return delta.put(mark_key(number).bytes(), used(value, to));
}

// Marks are at even distances in the log, and so are commits for a while: the first steps go to
// where it would be if all were alike between the marks that are known, and then to the middle.
Result<bool> last_mark(const tree::View& view, std::uint64_t count, std::uint64_t Mark::*key,
                       std::uint64_t wanted, std::uint64_t newest, Mark& found) noexcept {
    constexpr std::uint32_t guess_count = 4;
    bool any = false;
    std::uint64_t low = 0;
    std::uint64_t lowest = 0;
    for (std::uint32_t tries = 0; low < count; tries++) {
        const double part =
            static_cast<double>(wanted - lowest) / (static_cast<double>(newest - lowest) + 1);
        const double steps = static_cast<double>(count - low) * (tries < guess_count ? part : 0.5);
        const std::uint64_t next = std::min(low + static_cast<std::uint64_t>(steps), count - 1);
        Mark mark;
        const Result<bool> there = find_mark(view, next, mark);
        if (!there) return there;
        if (!*there) return Code::corrupt;
        if (mark.*key <= wanted) {
            found = mark;
            any = true;
            low = next + 1;
            lowest = mark.*key;
        } else {
            count = next;
            newest = mark.*key;
        }
    }
    return any;
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
    return key.size() == key_.size() && std::memcmp(key.data(), key_.data(), 9) == 0;
}

// From the newest backwards through those that have no block yet: most often it is one of these.
Result<EventsBefore> find_before(const tree::View& view, std::string_view name,
                                 const Stream& stream, std::uint64_t address) noexcept {
    Reader tail{stream.tail};
    EventsBefore before{.count = stream.count};
    for (std::uint32_t left = stream.tail_count(); left > 0; left--, before.count--) {
        const std::uint64_t distance = tail.varint();
        before.last = left == stream.tail_count() ? distance : before.last - distance;
        if (!tail.ok()) return Code::corrupt;
        if (before.last < address) return before;
    }
    std::uint64_t end = before.count;
    before = {};
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

RowWalk::RowWalk(const tree::View& view, Which which, std::string_view from) noexcept
    : cursor_{view}, which_{which} {
    const std::byte tag = which == Which::present ? tag_row : tag_deleted_row;
    cursor_.seek(Key{tag, from}.bytes());
    keep_name();
}

bool RowWalk::valid() const noexcept {
    return name_size_ > 0;
}

std::string_view RowWalk::name() const noexcept {
    return {name_.data(), name_size_};
}

void RowWalk::keep_name() noexcept {
    const std::byte tag = which_ == Which::present ? tag_row : tag_deleted_row;
    name_size_ = 0;
    if (!cursor_.valid() || cursor_.key()[0] != tag) return;
    const Bytes key = cursor_.key();
    name_size_ = key.size();
    std::memcpy(name_.data(), key.data(), key.size());
    name_[0] = '\0';
}

void RowWalk::next() noexcept {
    cursor_.next();
    keep_name();
}

void RowWalk::previous() noexcept {
    cursor_.previous();
    keep_name();
}

void RowWalk::seek_before(std::string_view name) noexcept {
    cursor_.seek_before(Key{which_ == Which::present ? tag_row : tag_deleted_row, name}.bytes());
    keep_name();
}

void RowWalk::next_anew() noexcept {
    const Key key{which_ == Which::present ? tag_row : tag_deleted_row, name()};
    cursor_.seek(key.bytes());
    const bool is_there = cursor_.valid() && as_text(cursor_.key()) == as_text(key.bytes());
    if (is_there) cursor_.next();
    keep_name();
}

Status RowWalk::stream(Stream& into) const noexcept {
    return decode_stream(cursor_.value(), into);
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

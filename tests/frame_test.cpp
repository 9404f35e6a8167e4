// SPDX-License-Identifier: MIT
// Names in one frame that are easily taken for each other, and more of them than a frame can hold.
#include <map>

#include "base/hash.hpp"
#include "log/event_head.hpp"
#include "tests/store_fixture.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

// Commits one event to each of the streams, twice over, and reads them in this life and the next.
void keep_apart(const std::vector<std::string>& streams) {
    Machine machine{1 << 18};
    Options options = small_options();
    options.segment_size = 1 << 18;
    options.frame_size_max = 1 << 16;
    {
        OpenStore open{machine.door(), options};
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        for (const char* const turn : {"first", "second"}) {
            for (const std::string& stream : streams) {
                const std::string payload = turn + (" of " + stream);
                const std::vector<Event> events = {event_of(payload)};
                ASSERT_TRUE(transaction.append({stream, Expected::any(), events}, open.diagnostic));
            }
        }
        ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
        EXPECT_EQ(open.verify(), Code::none);
    }
    OpenStore again{machine.door(), options};
    EXPECT_EQ(again.verify(), Code::none);
    for (const std::string& stream : streams)
        EXPECT_EQ(again.read(stream), (Lines{"first of " + stream, "second of " + stream}));
}

TEST(Frame, KeepsStreamsApartOfWhichOneBeginsAnother) {
    keep_apart({"order-123", "order-12", "order-1", "order", "other"});
}

// Method: names are made up until the lower half of the hash of two is the same.
TEST(Frame, KeepsStreamsApartWhoseHashesAreTheSame) {
    std::map<std::uint32_t, std::string> seen;
    for (std::uint64_t i = 0;; i++) {
        const std::string name = "s" + std::to_string(i);
        const auto half = static_cast<std::uint32_t>(hash(0, as_bytes(name)));
        const auto [place, is_new] = seen.emplace(half, name);
        if (!is_new) return keep_apart({place->second, name});
    }
}

// A frame remembers 64 KiB of names.
TEST(Frame, EndsWhereItCanRememberNoMoreNames) {
    std::vector<std::string> streams;
    for (int i = 0; i < 300; i++) streams.push_back(std::string(250, 'n') + std::to_string(i));
    keep_apart(streams);
}

// A number has one form: the shortest, of 32 bits.
TEST(Frame, HasNoNumberInALongerForm) {
    for (const unsigned fifth : {0U, 1U, 15U, 16U, 127U}) {
        const std::array<std::byte, 5> bytes = {std::byte{0x80}, std::byte{0x80}, std::byte{0x80},
                                                std::byte{0x80}, static_cast<std::byte>(fifth)};
        log::NumberReader reader{bytes.data()};
        const std::uint32_t number = reader.number();
        EXPECT_EQ(reader.ok(), fifth > 0 && fifth < 16);
        if (reader.ok()) {
            EXPECT_EQ(number, fifth << 28);
        }
    }
}

// A frame knows 255 types.
TEST(Frame, EndsWhereItCanTakeNoMoreTypes) {
    Machine machine{1 << 18};
    Options options = small_options();
    options.segment_size = 1 << 18;
    options.frame_size_max = 1 << 16;
    OpenStore open{machine.door(), options};
    std::vector<std::string> types;
    for (int i = 0; i < 600; i++) types.push_back("type " + std::to_string(i));
    std::vector<Event> events;
    for (const std::string& type : types) events.push_back(event_of(type, 0, type));
    ASSERT_EQ(open.append_events("s", events), Code::none);
    EXPECT_EQ(open.verify(), Code::none);
    EXPECT_EQ(open.store.head().commit, 1U);
    EXPECT_EQ(open.read("s"), types);
}

// An entry of the table says how much of the name before it has in common: a name is at most 255
// bytes all the same.
TEST(Frame, HasNoStreamWhoseNameIsTooLong) {
    for (const std::size_t rest : {100U, 155U, 156U, 255U}) {
        std::string table = {'\0', '\x9b'};
        table += std::string(155, 'a') + '\0';
        table += static_cast<char>(155);
        table += static_cast<char>(rest);
        table += std::string(rest, 'b') + '\0';
        log::StreamTable streams{as_bytes(table), 2};
        ASSERT_TRUE(streams.next());
        EXPECT_EQ(streams.next(), 155 + rest <= stream_name_size_max);
        EXPECT_FALSE(streams.next());
    }
}

TEST(Frame, ChainsAndEpochsDifferWhereAnyPartDoes) {
    const log::Chain chain{.crc = 1, .sha = {}};
    log::Chain other = chain;
    EXPECT_TRUE(chain == other);
    other.sha[31] = std::byte{1};
    EXPECT_FALSE(chain == other);
    EXPECT_FALSE(chain == (log::Chain{.crc = 2, .sha = {}}));
    EXPECT_TRUE((log::Epoch{1, 2}) == (log::Epoch{1, 2}));
    EXPECT_FALSE((log::Epoch{1, 2}) == (log::Epoch{1, 3}));
    EXPECT_FALSE((log::Epoch{1, 2}) == (log::Epoch{2, 2}));
}

}  // namespace
}  // namespace freshet::test

// SPDX-License-Identifier: MIT
// Logs of which each byte was changed and whose checksums were made right again. Found by fuzz/log.
#include "fuzz/repair.hpp"
#include "tests/files.hpp"

namespace freshet::test {
namespace {

// Goal: what lies behind the checksums is never trusted. Method: each byte of a log of several
// segments, parts, streams and types becomes another one, and all checksums are made right again,
// before the store is opened, and while it is open.
class ForgedBytes : public ::testing::TestWithParam<Digest> {
protected:
    void SetUp() override {
        options.digest = GetParam();
        OpenStore open{machine.door(), options};
        geometry = {open.store.head().store, options.segment_size, options.frame_size_max,
                    GetParam()};
        for (const char* const stream : {"order-12", "order-1", "other"}) {
            const std::vector<Event> events = {event_of("a", 1), event_of("bc", 0, "type"),
                                               event_of("", 2)};
            ASSERT_EQ(open.append_all({{stream, Expected::any(), events},
                                       {"shared", Expected::any(), {events.data() + 1, 1}}}),
                      Code::none);
        }
        ASSERT_EQ(open.create("made"), Code::none);
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        const std::string payload(500, 'p');
        for (std::uint64_t i = 0; i < 8; i++) {
            const std::vector<Event> events = {event_of(payload, i + 10)};
            ASSERT_TRUE(transaction.append({"large", Expected::any(), events}, open.diagnostic));
        }
        ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
        ASSERT_TRUE(open.append("large", {"last"}));
        ASSERT_TRUE(open.store.close());
        files = files_of(machine.disk);
        ASSERT_GE(files.size(), 3U);
        options.create = false;
    }

    // The log with another byte there, and its checksums right.
    Files forge(std::uint32_t segment, std::size_t at, std::byte value) const {
        Contents image;
        for (std::uint32_t i = 1; files.count(segment_file(i)) != 0; i++) {
            image.resize((i - 1) * std::size_t{options.segment_size});
            const Contents& bytes = files.at(segment_file(i));
            image.insert(image.end(), bytes.begin(), bytes.end());
        }
        image[(segment - 1) * std::size_t{options.segment_size} + at] = value;
        fuzz::repair_log(image, geometry, fuzz::Repair::checksums);
        Files forged = files;
        for (std::uint32_t i = 1; files.count(segment_file(i)) != 0; i++) {
            Contents& bytes = forged.at(segment_file(i));
            const auto begin =
                image.begin() + static_cast<std::ptrdiff_t>((i - 1) * options.segment_size);
            std::copy_n(begin, bytes.size(), bytes.begin());
        }
        return forged;
    }

    template <class Body>
    void for_each_byte(Body body) {
        for (std::uint32_t segment = 1; files.count(segment_file(segment)) != 0; segment++) {
            const Contents& bytes = files.at(segment_file(segment));
            for (std::size_t at = 0; at < bytes.size(); at++) {
                if (bytes[at] == std::byte{'p'}) continue;
                for (const unsigned change : {1U, 0x80U, 0xffU}) {
                    body(segment, at, bytes[at] ^ static_cast<std::byte>(change));
                    ASSERT_FALSE(HasFailure()) << "segment " << segment << " byte " << at;
                }
            }
        }
    }

    static void track(OpenStore& open, std::uint64_t ordinal) {
        const Tracking tracking{.consumer = "c", .ordinal = ordinal};
        const Batch batch{{}, {}, {}, {&tracking, 1}};
        const Result<Appended> tracked =
            open.store.append(batch, Durability::durable, open.diagnostic);
        EXPECT_TRUE(tracked || tracked.error() == Code::corrupt ||
                    tracked.error() == Code::checkpoint_behind);
    }

    // Every way to read and to write: an answer or a code that the call may say.
    static void use(OpenStore& open) {
        const auto is_known = [](Code code) {
            return code == Code::none || code == Code::corrupt || code == Code::wrong_version ||
                   code == Code::idempotency_conflict || code == Code::already_exists ||
                   code == Code::stream_not_found || code == Code::ahead_of_log;
        };
        for (const char* const stream : {"order-12", "order-1", "large", "made"}) {
            const std::vector<Event> same = {event_of("a", 1)};
            EXPECT_TRUE(is_known(open.append_events(stream, same, Expected::version(77))));
            EXPECT_TRUE(is_known(open.append_events(stream, {event_of("x", 10)})));
            EXPECT_TRUE(is_known(open.create(stream)));
        }
        Snapshot snapshot;
        ASSERT_TRUE(open.store.snapshot(snapshot));
        Recorded event;
        for (const char* const stream : {"order-1", "large"}) {
            StreamCursor cursor;
            Result<bool> there = false;
            if (cursor.open(snapshot, stream, Horizon::newest(), Direction::backwards))
                for (there = cursor.next(event); there && *there; there = cursor.next(event)) {
                }
            EXPECT_TRUE(is_known(there.error().code));
        }
        for (std::uint64_t i = 0; i < 24; i += 3) {
            LogCursor cursor;
            Result<bool> there = false;
            if (cursor.open(snapshot, LogStart::ordinal(i)))
                for (there = cursor.next(event); there && *there; there = cursor.next(event)) {
                }
            EXPECT_TRUE(is_known(there.error().code));
        }
    }

    Machine machine{8192};
    Options options = tiny_options();
    log::Geometry geometry;
    Files files;
};

TEST_P(ForgedBytes, AreNeverTrustedByAnOpen) {
    for_each_byte([&](std::uint32_t segment, std::size_t at, std::byte value) {
        put_files(machine.disk, forge(segment, at, value));
        options.read_only = value < std::byte{0x40};
        OpenStore open{machine.door(), options};
        EXPECT_TRUE(open.error == Code::none || open.error == Code::corrupt)
            << code_name(open.error);
        if (open.error != Code::none) return;
        EXPECT_EQ(open.verify(), Code::none);
        if (!options.read_only) use(open);
    });
}

TEST_P(ForgedBytes, AreNeverTrustedByAnOpenStore) {
    put_files(machine.disk, files);
    auto open = std::make_unique<OpenStore>(machine.door(), options);
    for_each_byte([&](std::uint32_t segment, std::size_t at, std::byte value) {
        if (at % 3 != 0) return;
        const std::uint64_t size = open->store.statistics().log_size;
        const Files forged = forge(segment, at, value);
        const auto write = [&](const Files& what) {
            for (std::uint32_t i = 1; files.count(segment_file(i)) != 0; i++) {
                const File file = *machine.disk.open(segment_file(i), OpenMode::write);
                EXPECT_TRUE(machine.disk.write(file, 0, what.at(segment_file(i)), {}));
                machine.disk.close(file);
            }
        };
        write(forged);
        use(*open);
        if (open->store.statistics().log_size == size) return write(files);
        open.reset();
        put_files(machine.disk, files);
        open = std::make_unique<OpenStore>(machine.door(), options);
    });
}

// Goal: a frame header that is changed under an open store leads nobody out of what is there.
// Method: each size and count of each header becomes another one that is plausible, and its
// checksum right; and the events' own offsets, which writers and look-aheads read unchecked.
TEST_P(ForgedBytes, OfHeadersAreNotFollowedOutOfTheLog) {
    put_files(machine.disk, files);
    OpenStore open{machine.door(), options};
    track(open, 1);
    const Head early = open.store.head();
    ASSERT_TRUE(open.append("order-1", {"x"}));
    const Files good = files_of(machine.disk);
    const auto try_all = [&](const std::string& name, const Contents& forged) {
        const File file = *machine.disk.open(name, OpenMode::write);
        ASSERT_TRUE(machine.disk.write(file, 0, forged, {}));
        static_cast<void>(open.store.contains(early));
        use(open);
        track(open, 1);
        const AppendCondition condition{{}, 0};
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        static_cast<void>(transaction.condition(condition, open.diagnostic));
        transaction.rollback();
        static_cast<void>(open.verify());
        const Contents& whole = good.at(name);
        ASSERT_TRUE(machine.disk.write(file, 0, Bytes{whole}.first(forged.size()), {}));
        machine.disk.close(file);
    };
    for (std::uint32_t segment = 1; files.count(segment_file(segment)) != 0; segment++) {
        const std::string name = segment_file(segment);
        for (const fuzz::FramePlace& place : fuzz::find_frames(good.at(name), geometry)) {
            const std::uint64_t address = geometry.address(segment) + place.begin;
            log::FrameHeader header;
            ASSERT_TRUE(
                log::decode(Bytes{good.at(name)}.subspan(place.begin), address, geometry, header));
            const auto forge_header = [&](auto change) {
                Contents forged = good.at(name);
                forged.resize(place.begin + place.size);
                log::FrameHeader changed = header;
                change(changed);
                log::encode(changed, geometry, forged.data() + place.begin);
                log::stamp(forged.data() + place.begin, address, header.synced_to, geometry);
                try_all(name, forged);
            };
            for (const std::uint32_t size : {0U, 1U, 100U}) {
                forge_header([&](auto& h) { h.events_size = size; });
                forge_header([&](auto& h) { h.event_count = size; });
            }
            forge_header([&](auto& h) { h.size = 1024; });
            forge_header([&](auto& h) {
                h.size = static_cast<std::uint32_t>(geometry.frame_header_size());
                h.events_size = 0;
            });
            forge_header([&](auto& h) { h.type_count = 0; });
            for (std::size_t at = geometry.frame_header_size(); at + 2 < place.size; at++) {
                Contents forged = good.at(name);
                forged.resize(place.begin + place.size);
                forged[place.begin + at] = std::byte{0xff};
                forged[place.begin + at + 1] = std::byte{0x7f};
                if (at % 3 == 0) try_all(name, forged);
            }
            ASSERT_FALSE(HasFailure());
        }
    }
}

INSTANTIATE_TEST_SUITE_P(AllDigests, ForgedBytes, ::testing::Values(Digest::none, Digest::sha256),
                         [](const ::testing::TestParamInfo<Digest>& digest) {
                             return digest.param == Digest::none ? "Crc" : "Sha256";
                         });

}  // namespace
}  // namespace freshet::test

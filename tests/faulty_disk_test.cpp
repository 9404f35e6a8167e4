// SPDX-License-Identifier: MIT
// Every call of the disk fails in turn, with every error it may give, once or from then on, with
// nothing done or with half of it: in a life that opens a store, appends, goes to the next
// segments, takes back, syncs, reads, verifies and closes. The store says so by a documented code;
// goes on or is poisoned; and what it acknowledged is there.
#include "tests/faulty_disk.hpp"

#include <set>

#include "freshet/follower.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

// What a life tried to append, in order.
struct Attempt {
    std::string payload;
    std::size_t count = 1;
    Code code = Code::none;
    bool acknowledged = false;
};

class FaultyLife {
public:
    FaultyLife(Door door, const Options& life_options)
        : options{life_options}, open{door, options} {}

    void append(const std::string& payload, std::size_t size, Durability durability) {
        const std::string padded = payload + std::string(size, '.');
        const Code code = open.append_events("s", {event_of(padded)}, Expected::any(), durability);
        attempts.push_back(
            {payload, 1, code, code == Code::none && durability == Durability::durable});
        note(code);
        if (attempts.back().acknowledged) acknowledge_all();
    }
    void sync() {
        const Code code = open.store.sync(open.diagnostic).error().code;
        note(code);
        if (code == Code::none) acknowledge_all();
    }
    void large(const std::string& payload, std::size_t count, bool keep) {
        Transaction transaction;
        Code code = transaction.begin(open.store, open.diagnostic).error().code;
        const std::string padded = payload + std::string(600, '.');
        for (std::size_t i = 0; i < count && code == Code::none; i++) {
            const std::vector<Event> events = {event_of(padded)};
            code = transaction.append({"large", Expected::any(), events}, open.diagnostic)
                       .error()
                       .code;
        }
        if (!keep) {
            note(code);
            return;
        }
        if (code == Code::none)
            code = transaction.commit(Durability::durable, open.diagnostic).error().code;
        attempts.push_back({payload, count, code, code == Code::none});
        note(code);
        if (code == Code::none) acknowledge_all();
    }
    void run() {
        append("a", 10, Durability::durable);
        append("b", 300, Durability::deferred);
        append("c", 700, Durability::deferred);
        append("d", 700, Durability::deferred);
        sync();
        large("e", 14, true);
        append("f", 700, Durability::durable);
        large("g", 14, false);
        append("h", 10, Durability::durable);
        note(open.create("made " + std::to_string(attempts.size())));
        note(open.store.maintain(open.diagnostic).error().code);
        large("i", 3, false);
        append("j", 800, Durability::durable);
        append("k", 800, Durability::deferred);
        note(open.verify());
        read();
        const bool poisoned = open.store.statistics().poisoned;
        const Code closed = open.store.close().error().code;
        if (poisoned) {
            EXPECT_TRUE(closed == Code::poisoned || closed == Code::durability_unknown)
                << code_name(closed);
        }
        note(closed);
        if (closed == Code::none) acknowledge_all();
    }

    Options options;
    OpenStore open;
    std::vector<Attempt> attempts;
    std::vector<Code> codes;

private:
    // A durable answer covers all commits before it.
    void acknowledge_all() {
        for (Attempt& attempt : attempts) {
            if (attempt.code == Code::none) attempt.acknowledged = true;
        }
    }
    void read() {
        Snapshot snapshot;
        ASSERT_TRUE(open.store.snapshot(snapshot));
        LogCursor cursor;
        Recorded event;
        Code code = cursor.open(snapshot, LogStart::ordinal(0)).error().code;
        for (bool more = code == Code::none; more;) {
            const Result<bool> there = cursor.next(event);
            code = there.error().code;
            more = there && *there;
        }
        note(code);
    }
    void note(Code code) { codes.push_back(code); }
};

class FaultyDisks : public ::testing::Test {
protected:
    // A whole life with a fault, and what the next one finds.
    void live(FaultyDisk& faulty) {
        put_files(machine.disk, {});
        std::vector<Attempt> attempts;
        bool poisoned = false;
        {
            FaultyLife life{Door{&faulty, &machine.clock, &machine.gate}, tiny_options()};
            if (life.open.error == Code::none) life.run();
            attempts = life.attempts;
            codes = life.codes;
            codes.push_back(life.open.error);
            for (const Attempt& attempt : attempts) {
                if (poisoned) {
                    ASSERT_EQ(attempt.code, Code::poisoned) << attempt.payload;
                }
                poisoned |=
                    attempt.code == Code::poisoned || attempt.code == Code::durability_unknown;
            }
            if (!poisoned && !faulty.for_ever) {
                std::size_t failures = 0;
                for (const Attempt& attempt : attempts)
                    failures += attempt.code == Code::none ? 0 : 1;
                ASSERT_LE(failures, 1U);
            }
        }
        Holder holder;
        ASSERT_TRUE(machine.disk.lock(holder));
        machine.disk.unlock();
        OpenStore again{machine.door(), tiny_options()};
        ASSERT_EQ(again.error, Code::none);
        ASSERT_EQ(again.verify(), Code::none);
        compare(again, attempts);
        ASSERT_TRUE(again.append("s", {"canary"}));
    }

    static void compare(OpenStore& open, const std::vector<Attempt>& attempts) {
        Lines payloads;
        for (const std::string& line : open.read_log())
            payloads.push_back(line.substr(line.rfind(' ') + 1, 1));
        std::size_t next = 0;
        for (const Attempt& attempt : attempts) {
            std::size_t count = 0;
            while (next < payloads.size() && payloads[next] == attempt.payload) {
                next++;
                count++;
            }
            const bool unknown =
                attempt.code == Code::durability_unknown || attempt.code == Code::none;
            ASSERT_TRUE(count == attempt.count || count == 0) << attempt.payload;
            if (attempt.acknowledged) {
                ASSERT_EQ(count, attempt.count) << attempt.payload;
            }
            if (!unknown) {
                ASSERT_EQ(count, 0U) << attempt.payload;
            }
        }
        ASSERT_EQ(next, payloads.size());
    }

    std::uint64_t count_calls() {
        FaultyDisk faulty{machine.disk};
        live(faulty);
        for (const Code code : codes) EXPECT_EQ(code, Code::none);
        return faulty.call_count;
    }

    Machine machine{8192};
    std::vector<Code> codes;
};

TEST_F(FaultyDisks, MayMoveLittleAtATime) {
    FaultyDisk faulty{machine.disk};
    faulty.always_short = true;
    live(faulty);
    for (const Code code : codes) EXPECT_EQ(code, Code::none);
}

TEST_F(FaultyDisks, MayFailAtEachCallWithEachError) {
    const std::uint64_t call_count = count_calls();
    EXPECT_GT(call_count, 100U);
    for (const Code code : {Code::io, Code::full, Code::read_only, Code::interrupted}) {
        for (const int mode : {0, 1, 2, 3}) {
            for (std::uint64_t call = 1; call <= call_count; call++) {
                // All of them take long: of the less likely combinations some are enough.
                if (mode > 0 && call % (code == Code::io ? 3 : 11) != 0) continue;
                FaultyDisk faulty{machine.disk};
                faulty.wanted = Error{code, 5};
                faulty.fail_at = call;
                faulty.for_ever = (mode & 1) != 0;
                faulty.half_first = (mode & 2) != 0;
                live(faulty);
                ASSERT_FALSE(::testing::Test::HasFailure())
                    << "call " << call << " mode " << mode << " " << code_name(code);
                for (const Code found : codes) {
                    ASSERT_TRUE(found == Code::none || found == Code::poisoned ||
                                found == Code::durability_unknown ||
                                (code != Code::interrupted && found == code) ||
                                (code == Code::interrupted && found == Code::io))
                        << code_name(found) << " call " << call << " mode " << mode << " "
                        << code_name(code);
                    if (code == Code::interrupted && !faulty.for_ever) {
                        ASSERT_EQ(found, Code::none);
                    }
                }
            }
        }
    }
}

// Everything that rests on what is not durable: a retry, a failed expectation, checks that passed,
// a sync.
TEST_F(FaultyDisks, MakeNoAnswerOfWhatTheyDidNotKeep) {
    const std::vector<Event> events = {event_of("a", 1)};
    using Action = std::function<Code(OpenStore&)>;
    const std::vector<Action> actions = {
        [&](OpenStore& open) { return open.append_events("s", events); },
        [&](OpenStore& open) {
            return open.append_events("s", {event_of("b")}, Expected::version(7));
        },
        [&](OpenStore& open) { return open.create("s"); },
        [&](OpenStore& open) { return open.append_events("s", {event_of("b", 1)}); },
        [&](OpenStore& open) {
            Transaction transaction;
            EXPECT_TRUE(transaction.begin(open.store, open.diagnostic));
            EXPECT_TRUE(transaction.check({"s", Expected::version(0)}, open.diagnostic));
            const auto done = transaction.commit(Durability::durable, open.diagnostic);
            EXPECT_EQ(open.diagnostic.error.code, done.error().code);
            return done.error().code;
        },
        [&](OpenStore& open) {
            Transaction transaction;
            EXPECT_TRUE(transaction.begin(open.store, open.diagnostic));
            const auto done = transaction.append({"s", Expected::any(), events}, open.diagnostic);
            EXPECT_FALSE(transaction.commit(Durability::durable, open.diagnostic));
            return done.error().code;
        },
    };
    for (std::size_t i = 0; i < actions.size(); i++) {
        put_files(machine.disk, {});
        FaultyDisk faulty{machine.disk};
        OpenStore open{Door{&faulty, &machine.clock, &machine.gate}, tiny_options()};
        ASSERT_EQ(open.append_events("s", events, Expected::any(), Durability::deferred),
                  Code::none);
        faulty.syncs_fail = true;
        EXPECT_EQ(actions[i](open), Code::poisoned) << i;
        EXPECT_TRUE(open.store.statistics().poisoned);
        EXPECT_EQ(open.store.head().commit, 0U);
        EXPECT_EQ(open.store.sync(open.diagnostic).error().code, Code::durability_unknown);
        EXPECT_EQ(open.store.maintain(open.diagnostic).error().code, Code::durability_unknown);
        EXPECT_EQ(open.append_events("s", events), Code::poisoned);
        EXPECT_EQ(open.create("t"), Code::poisoned);
        Follower follower;
        Recorded event;
        ASSERT_TRUE(follower.open(open.store, 0));
        EXPECT_EQ(*follower.next(event, 0), Follower::Step::caught_up);
        EXPECT_EQ(*follower.next(event, wait_for_ever), Follower::Step::timeout);
        EXPECT_EQ(open.store.close().error().code, Code::durability_unknown);
    }
}

// Somebody reads while a writer is at work: at whichever moment more is written, nothing is taken
// for damage.
TEST_F(FaultyDisks, MayChangeUnderAReader) {
    for (std::uint64_t moment = 1; moment < 60; moment++) {
        put_files(machine.disk, {});
        OpenStore writer{machine.door(), tiny_options()};
        const auto write = [&](int count) {
            for (int i = 0; i < count; i++) {
                EXPECT_TRUE(writer.append("s", {std::string(moment * 37 % 600, 'x')}));
            }
        };
        write(9);
        FaultyDisk disk{machine.disk};
        std::uint64_t reads = 0;
        disk.before_read = [&] {
            reads++;
            if (reads == moment || reads == moment + 3) write(3);
        };
        Options options = tiny_options();
        options.create = false;
        options.read_only = true;
        OpenStore reader{Door{&disk, &machine.clock, &machine.gate}, options};
        ASSERT_EQ(reader.error, Code::none) << moment;
        ASSERT_GE(reader.read_log().size(), 8U);
    }
}

// The end of a segment needs space too before the next one is begun.
TEST_F(FaultyDisks, MayBeFullWhereASegmentEnds) {
    for (std::size_t filler = 0; filler < 600; filler += 24) {
        put_files(machine.disk, {});
        FaultyDisk faulty{machine.disk};
        Lines before;
        {
            OpenStore open{Door{&faulty, &machine.clock, &machine.gate}, tiny_options()};
            for (int i = 0; i < 3; i++) ASSERT_TRUE(open.append("s", {std::string(800, 'x')}));
            ASSERT_TRUE(open.append("s", {std::string(filler, 'x')}));
            before = open.read_log();
            faulty.wanted = Error{Code::full, 28};
            faulty.fail_at = faulty.call_count + 1;
            faulty.for_ever = true;
            const std::string payload(800, 'y');
            const Code code = open.append_events("s", {event_of(payload)});
            EXPECT_TRUE(code == Code::full || code == Code::poisoned) << code_name(code);
            EXPECT_EQ(open.read_log(), before);
            faulty.for_ever = false;
        }
        OpenStore again{machine.door(), tiny_options()};
        ASSERT_EQ(again.error, Code::none);
        EXPECT_EQ(again.read_log(), before);
        EXPECT_TRUE(again.append("s", {"more"}));
    }
}

// Nothing is mapped yet: who comes to a part of the log first is told of the disk.
TEST_F(FaultyDisks, MayFailAtTheFirstLookIntoTheLog) {
    {
        OpenStore open{machine.door(), tiny_options()};
        ASSERT_EQ(open.create("made"), Code::none);
        ASSERT_TRUE(open.append("s", {"x"}));
    }
    FaultyDisk faulty{machine.disk};
    OpenStore open{Door{&faulty, &machine.clock, &machine.gate}, tiny_options()};
    ASSERT_EQ(open.error, Code::none);
    faulty.wanted = Error{Code::io, 5};
    const auto fail_next = [&] { faulty.fail_at = faulty.call_count + 1; };
    Snapshot snapshot;
    ASSERT_TRUE(open.store.snapshot(snapshot));
    StreamCursor cursor;
    ASSERT_TRUE(cursor.open(snapshot, "s", Horizon::beginning()));
    fail_next();
    Recorded event;
    EXPECT_EQ(cursor.next(event).error().code, Code::io);
    fail_next();
    EXPECT_EQ(open.create("made"), Code::io);
    // An id that came in a part of the same batch, which is written by now.
    const std::string payload(700, 'p');
    std::vector<Event> events(6, event_of(payload));
    events.front() = event_of(payload, 9);
    events.back() = event_of(payload, 9);
    std::set<Code> said;
    for (std::uint64_t call = 1; call < 40; call++) {
        Machine fresh{8192};
        FaultyDisk again{fresh.disk};
        OpenStore other{Door{&again, &fresh.clock, &fresh.gate}, tiny_options()};
        again.wanted = Error{Code::io, 5};
        again.fail_at = again.call_count + call;
        said.insert(other.append_events("s", events));
    }
    EXPECT_TRUE(said.contains(Code::idempotency_conflict) && said.contains(Code::io));
}

// Without a head, whether there is a log decides what there is. A disk that does not say so is told
// of, and no store is made.
TEST_F(FaultyDisks, MayFailWhileAStoreHasNoHead) {
    Files files;
    {
        OpenStore open{machine.door(), tiny_options()};
        ASSERT_TRUE(open.append("s", {"0"}));
        files = files_of(machine.disk);
    }
    for (const int damage : {0, 1, 2}) {
        const bool is_zero = damage > 0;
        Files headless = files;
        headless.erase("head");
        if (is_zero) headless["head"] = Contents(8192);
        if (damage == 2) headless["00000001.log"] = Contents(500);
        std::uint64_t call = 1;
        for (bool was_made = true; was_made; call++) {
            put_files(machine.disk, headless);
            FaultyDisk faulty{machine.disk};
            faulty.wanted = Error{Code::io, 5};
            faulty.fail_at = call;
            OpenStore open{Door{&faulty, &machine.clock, &machine.gate}, tiny_options()};
            was_made = faulty.call_count >= call;
            ASSERT_TRUE(open.error == Code::io || open.error == Code::corrupt ||
                        (is_zero && open.error == Code::not_a_store))
                << code_name(open.error) << " call " << call;
            ASSERT_EQ(files_of(machine.disk), headless);
        }
        EXPECT_GT(call, 4U);
    }
}

// Somebody cuts a file while it is recovered.
TEST_F(FaultyDisks, MayLoseAFilesEndWhileAStoreIsRecovered) {
    Files stopped;
    {
        OpenStore open{machine.door(), tiny_options()};
        for (int i = 0; i < 3; i++) ASSERT_TRUE(open.append("s", {std::string(800, 'x')}));
        stopped = files_of(machine.disk);
    }
    bool was_found = false;
    std::uint64_t count = 0;
    for (std::uint64_t moment = 1; moment < 30; moment++) {
        put_files(machine.disk, stopped);
        FaultyDisk disk{machine.disk};
        count = 0;
        disk.before_read = [&] {
            if (++count != moment) return;
            const File file = *machine.disk.open("00000001.log", OpenMode::write);
            ASSERT_TRUE(machine.disk.truncate(file, 1000));
            machine.disk.close(file);
        };
        OpenStore open{Door{&disk, &machine.clock, &machine.gate}, tiny_options()};
        ASSERT_TRUE(open.error == Code::none || open.error == Code::corrupt) << moment;
        was_found |= open.error == Code::corrupt;
    }
    EXPECT_TRUE(was_found);
}

// Opening what a writer left in the middle of its work, for writing and read only.
TEST_F(FaultyDisks, MayFailWhileAStoreIsRecovered) {
    Files stopped;
    {
        OpenStore open{machine.door(), tiny_options()};
        for (int i = 0; i < 12; i++) ASSERT_TRUE(open.append("s", {std::string(700, 'x')}));
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        for (int i = 0; i < 9; i++) {
            const std::string payload(700, 'y');
            const std::vector<Event> events = {event_of(payload)};
            ASSERT_TRUE(transaction.append({"t", Expected::any(), events}, open.diagnostic));
        }
        stopped = files_of(machine.disk);
    }
    for (const bool read_only : {false, true}) {
        Options options = tiny_options();
        options.create = false;
        options.read_only = read_only;
        for (const bool for_ever : {false, true}) {
            std::uint64_t call = 1;
            for (bool was_made = true; was_made; call++) {
                put_files(machine.disk, stopped);
                FaultyDisk faulty{machine.disk};
                faulty.wanted = Error{Code::io, 5};
                faulty.fail_at = call;
                faulty.for_ever = for_ever;
                {
                    OpenStore open{Door{&faulty, &machine.clock, &machine.gate}, options};
                    was_made = faulty.call_count >= call;
                    const Code code = open.error;
                    ASSERT_TRUE(code == Code::none || code == Code::io)
                        << code_name(code) << " call " << call;
                    if (code == Code::io) {
                        ASSERT_EQ(open.diagnostic.error.system_error, 5);
                    }
                }
                if (read_only) {
                    ASSERT_EQ(files_of(machine.disk), stopped);
                }
                OpenStore again{machine.door(), tiny_options()};
                ASSERT_EQ(again.error, Code::none) << call;
                ASSERT_EQ(again.read_log().size(), 12U);
                ASSERT_EQ(again.verify(), Code::none);
            }
            EXPECT_GT(call, read_only ? 15U : 30U);
        }
    }
}

}  // namespace
}  // namespace freshet::test

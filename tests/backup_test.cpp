// SPDX-License-Identifier: MIT
// Backup: the store as of one commit, copied while it is in use; whole and checked, or nothing.
#include <set>
#include <thread>

#include "freshet/follower.hpp"
#include "freshet/sim.hpp"
#include "fuzz/repair.hpp"
#include "log/head.hpp"
#include "tests/faulty_disk.hpp"
#include "tests/temporary.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

class Backups : public ::testing::Test {
protected:
    Backups() : machine{8192}, copy{8192} {}

    // Commits 1, 2, 3, ... with times of their own, over several segments.
    void write(Store& store, int count) {
        Diagnostic its;
        for (int i = 0; i < count; i++) {
            const std::string payload =
                std::to_string(i) + std::string(static_cast<std::size_t>(i) * 37 % 500, 'x');
            const std::vector<Event> events(static_cast<std::size_t>(1 + i % 2), event_of(payload));
            const std::string stream = "s" + std::to_string(i % 3);
            ASSERT_TRUE(store.append({stream, Expected::any(), events}, its));
        }
    }
    Code backup(Store& store, Disk& target, Until until = Until::newest()) {
        BackupOptions with;
        with.until = until;
        const Status status = store.backup(with, target, scratch, report, diagnostic);
        EXPECT_EQ(diagnostic.error.code, status.error().code);
        return status.error().code;
    }
    static Lines up_to(const Lines& lines, std::uint64_t commit) {
        Lines part;
        for (const std::string& line : lines)
            if (std::stoull(line) <= commit) part.push_back(line);
        return part;
    }
    Options existing() {
        Options its = options;
        its.create = false;
        return its;
    }

    Options options = tiny_options();
    Machine machine;
    Machine copy;
    std::vector<std::byte> scratch = std::vector<std::byte>(1024 + 8192);
    BackupReport report;
    Diagnostic diagnostic;
};

TEST_F(Backups, AreTheStoreAsOfEachCommitAndGoOn) {
    for (const Digest digest : {Digest::none, Digest::sha256}) {
        options.digest = digest;
        put_files(machine.disk, {});
        OpenStore open{machine.door(), options};
        std::vector<std::uint64_t> times = {0};
        for (int i = 0; i < 40; i++) {
            write(open.store, 1);
            times.push_back(open.store.head().time_us);
        }
        write(open.store, 30);
        const Lines lines = open.read_log();
        for (std::uint64_t commit = 0; commit <= 40; commit += commit < 6 ? 1 : 5) {
            for (const bool by_time : {false, true}) {
                put_files(copy.disk, {});
                const Until until =
                    by_time ? Until::time(times[commit] + 9) : Until::commit(commit);
                ASSERT_EQ(backup(open.store, copy.disk, until), Code::none) << commit;
                EXPECT_EQ(report.head.commit, commit);
                EXPECT_EQ(report.head.epoch, 2U);
                EXPECT_EQ(report.event_count, up_to(lines, commit).size());
                EXPECT_EQ(report.copied_size, report.total_size);
                const Files made = files_of(copy.disk);
                Options read_only = existing();
                read_only.read_only = true;
                {
                    OpenStore look{copy.door(), read_only};
                    ASSERT_EQ(look.error, Code::none);
                    EXPECT_EQ(look.read_log(), up_to(lines, commit));
                    EXPECT_EQ(look.store.head().epoch_nonce, report.head.epoch_nonce);
                }
                OpenStore again{copy.door(), existing()};
                ASSERT_EQ(again.error, Code::none);
                EXPECT_EQ(files_of(copy.disk), made);  // It was closed cleanly, so to speak.
                EXPECT_EQ(again.read_log(), up_to(lines, commit));
                EXPECT_EQ(again.verify(&report.head), Code::none);
                EXPECT_TRUE(again.report.anchor_found);
                const Head head = again.store.head();
                EXPECT_EQ(head.chain, report.head.chain);
                EXPECT_EQ(head.epoch_nonce, report.head.epoch_nonce);
                EXPECT_NE(head.epoch_nonce, open.store.head().epoch_nonce);
                write(again.store, 3);
                EXPECT_EQ(again.verify(), Code::none);
                EXPECT_EQ(again.store.head().epoch, 2U);
            }
        }
        EXPECT_EQ(backup(open.store, copy.disk, Until::commit(71)), Code::ahead_of_log);
        EXPECT_EQ(open.read_log(), lines);
        EXPECT_EQ(open.verify(), Code::none);
    }
}

TEST_F(Backups, ComeFromAStoreThatIsReadOnly) {
    {
        OpenStore open{machine.door(), options};
        write(open.store, 20);
    }
    Options read_only = existing();
    read_only.read_only = true;
    OpenStore reader{machine.door(), read_only};
    ASSERT_EQ(backup(reader.store, copy.disk), Code::none);
    OpenStore again{copy.door(), existing()};
    EXPECT_EQ(again.read_log(), reader.read_log());
    EXPECT_EQ(again.store.head().commit, 20U);
}

TEST_F(Backups, TakeNoPlaceThatIsTaken) {
    OpenStore open{machine.door(), options};
    write(open.store, 5);
    EXPECT_EQ(backup(open.store, machine.disk), Code::locked);
    ASSERT_EQ(backup(open.store, copy.disk), Code::none);
    const Files made = files_of(copy.disk);
    EXPECT_EQ(backup(open.store, copy.disk), Code::already_exists);
    EXPECT_EQ(files_of(copy.disk), made);
    // A store that has lost its head is still somebody's.
    ASSERT_TRUE(copy.disk.remove("head"));
    EXPECT_EQ(backup(open.store, copy.disk), Code::already_exists);
    {
        Holder holder;
        ASSERT_TRUE(copy.disk.lock(holder));
        EXPECT_EQ(backup(open.store, copy.disk), Code::locked);
        copy.disk.unlock();
    }
    std::vector<std::byte> small(1024);
    EXPECT_EQ(open.store.backup({}, copy.disk, small, report, diagnostic).error().code,
              Code::out_of_memory);
    EXPECT_EQ(diagnostic.needed, 1024U + 8192);
    Store closed;
    EXPECT_EQ(backup(closed, copy.disk), Code::invalid_argument);
}

TEST_F(Backups, CanBeCancelledAndMadeAgain) {
    OpenStore open{machine.door(), options};
    write(open.store, 60);
    struct Watch {
        std::uint64_t calls = 0;
        std::uint64_t last = 0;
        std::uint64_t cancel_at = 0;
    } watch;
    BackupOptions with;
    with.progress.context = &watch;
    with.progress.tell = [](void* context, std::uint64_t done, std::uint64_t total) noexcept {
        Watch& watched = *static_cast<Watch*>(context);
        EXPECT_GE(done, watched.last);
        EXPECT_LE(done, total);
        watched.last = done;
        return ++watched.calls == watched.cancel_at ? 1 : 0;
    };
    for (std::uint64_t at = 1;; at++) {
        watch = {0, 0, at};
        const Status status = open.store.backup(with, copy.disk, scratch, report, diagnostic);
        if (status) break;
        ASSERT_EQ(status.error().code, Code::cancelled);
        EXPECT_EQ(OpenStore(copy.door(), existing()).error, Code::not_found);
    }
    EXPECT_GT(watch.calls, 3U);
    EXPECT_EQ(watch.last, report.total_size);
    OpenStore again{copy.door(), existing()};
    EXPECT_EQ(again.read_log(), open.read_log());
}

// A shorter copy in the place of a longer one that failed: nothing of that one is behind its end.
TEST_F(Backups, LeaveNothingOfALongerCopyBehind) {
    OpenStore open{machine.door(), options};
    write(open.store, 60);
    FaultyDisk faulty{copy.disk};
    faulty.wanted = Error{Code::full, 28};
    faulty.fail_at = 40;
    ASSERT_EQ(backup(open.store, faulty), Code::full);
    ASSERT_TRUE(files_of(copy.disk).contains("00000003.log"));
    ASSERT_EQ(backup(open.store, copy.disk, Until::commit(4)), Code::none);
    EXPECT_FALSE(files_of(copy.disk).contains("00000002.log"));
    OpenStore again{copy.door(), existing()};
    EXPECT_EQ(again.store.head().commit, 4U);
    write(again.store, 40);
    EXPECT_EQ(again.verify(), Code::none);
}

// Goal: a disk that fails, of either side, costs the backup and nothing else. Method: each call of
// each disk fails in turn, with each error; then the backup is made again.
TEST_F(Backups, MayFailAtEachCallAndAreMadeAgain) {
    FaultyDisk source{machine.disk};
    OpenStore open{Door{&source, &machine.clock, &machine.gate}, options};
    write(open.store, 25);
    const Lines lines = open.read_log();
    for (const Code wanted : {Code::io, Code::full}) {
        for (const bool of_source : {true, false}) {
            std::uint64_t call = 1;
            for (bool was_made = true; was_made; call++) {
                put_files(copy.disk, {});
                FaultyDisk target{copy.disk};
                FaultyDisk& faulty = of_source ? source : target;
                faulty.wanted = Error{wanted, 5};
                faulty.fail_at = faulty.call_count + call;
                const Code code = backup(open.store, target);
                was_made = faulty.call_count >= faulty.fail_at;
                faulty.fail_at = ~std::uint64_t{0};
                if (was_made) {
                    ASSERT_EQ(code, wanted) << call;
                    ASSERT_EQ(OpenStore(copy.door(), existing()).error, Code::not_found) << call;
                    ASSERT_EQ(backup(open.store, target), Code::none) << call;
                } else {
                    ASSERT_EQ(code, Code::none);
                }
                OpenStore again{copy.door(), existing()};
                ASSERT_EQ(again.read_log(), lines);
                ASSERT_EQ(again.verify(), Code::none);
            }
            EXPECT_GT(call, of_source ? 5U : 20U);
        }
    }
    EXPECT_EQ(open.read_log(), lines);
    write(open.store, 2);
    EXPECT_EQ(open.verify(), Code::none);
}

// Goal: a backup that power loss or a kill ends has made no store, or all of it. Method: the disk
// of the copy crashes at each call; what did not come to the disk is lost, kept, or lost key by
// key; then the backup is made again in the same place.
TEST_F(Backups, MakeAllOfAStoreOrNoneWhereverTheyAreCutOff) {
    OpenStore open{machine.door(), options};
    write(open.store, 12);
    const Lines lines = open.read_log();
    const SimDiskSize size{.file_count_max = 44, .file_size_max = 8192, .version_count_max = 512};
    SimDisk broken{size};
    SimDisk found{size};
    int none = 0;
    int whole = 0;
    for (std::uint64_t call = 0;; call++) {
        broken.restart();
        broken.clear();
        broken.crash_at(broken.call_count() + call, 100);
        const Code code = backup(open.store, broken);
        if (!broken.is_crashed()) break;
        ASSERT_NE(code, Code::none);
        const std::size_t keys = broken.dirty_count();
        for (std::size_t pick = 0; pick < keys + 3; pick++) {
            broken.copy_to(found);
            std::vector<SimPick> picks(keys);
            for (std::size_t key = 0; key < keys; key++)
                if (pick == 1 || pick == key + 3) picks[key].version = broken.version_count(key);
            if (pick == 2)
                found.restart();
            else
                found.power_loss(picks);
            Process process{found};
            const Code opened = process.open(existing());
            (opened == Code::none ? whole : none)++;
            if (opened == Code::none) {
                ASSERT_EQ(process->read_log(), lines);
                ASSERT_EQ(process->verify(), Code::none);
                continue;
            }
            ASSERT_EQ(opened, Code::not_found) << call;
            ASSERT_EQ(backup(open.store, found), Code::none) << call << " " << pick;
            ASSERT_EQ(process.open(existing()), Code::none);
            ASSERT_EQ(process->read_log(), lines);
        }
    }
    EXPECT_GT(none, 100);
    EXPECT_GT(whole, 2);
    EXPECT_EQ(open.read_log(), lines);
}

// Goal: no damage of the source comes into a copy. Method: each byte of the log is changed in turn.
TEST_F(Backups, NameDamageOfTheSource) {
    OpenStore open{machine.door(), options};
    write(open.store, 8);
    const std::uint64_t end = open.store.head().address;
    ASSERT_LT(end, 4096U);
    const File file = *machine.disk.open("00000001.log", OpenMode::write);
    for (std::uint64_t offset = 0; offset < end; offset++) {
        std::byte byte{};
        ASSERT_TRUE(machine.disk.read(file, offset, {&byte, 1}));
        const std::byte changed = byte ^ std::byte{16};
        ASSERT_TRUE(machine.disk.write(file, offset, {&changed, 1}, {}));
        put_files(copy.disk, {});
        ASSERT_EQ(backup(open.store, copy.disk), Code::corrupt) << offset;
        EXPECT_EQ(diagnostic.segment, 1U);
        EXPECT_LE(diagnostic.offset, offset);
        EXPECT_EQ(OpenStore(copy.door(), existing()).error, Code::not_found);
        ASSERT_TRUE(machine.disk.write(file, offset, {&byte, 1}, {}));
    }
    put_files(copy.disk, {});
    EXPECT_EQ(backup(open.store, copy.disk), Code::none);
}

// Goal: a source that changes while it is copied gives no copy. Method: it is cut, replaced by a
// log that is whole, or taken away; and somebody writes into the copy.
TEST_F(Backups, NameASourceOrACopyThatChanges) {
    FaultyDisk source{machine.disk};
    FaultyDisk target{copy.disk};
    OpenStore open{Door{&source, &machine.clock, &machine.gate}, options};
    write(open.store, 30);
    const Files whole = files_of(machine.disk);
    const std::uint32_t count = open.store.statistics().segment_count;
    ASSERT_GT(count, 2U);
    const auto restore = [&] {
        put_files(copy.disk, {});
        put_files(machine.disk, whole);
    };
    const auto cut = [&](std::uint32_t segment) {
        const File file = *machine.disk.open(segment_file(segment), OpenMode::write);
        EXPECT_TRUE(machine.disk.truncate(file, 500));
        machine.disk.close(file);
    };
    for (std::uint32_t segment = 1; segment <= count; segment++) {
        restore();
        cut(segment);
        EXPECT_EQ(backup(open.store, target), Code::corrupt);
        EXPECT_EQ(diagnostic.segment, segment);
        restore();
        std::uint64_t reads = 0;
        source.before_read = [&] {
            if (++reads == 1) cut(1);
        };
        EXPECT_EQ(backup(open.store, target), Code::corrupt);
        source.before_read = nullptr;
        EXPECT_EQ(diagnostic.segment, 1U);
        restore();
        EXPECT_TRUE(machine.disk.remove(segment_file(segment)));
        EXPECT_EQ(backup(open.store, target), Code::corrupt);
        EXPECT_EQ(diagnostic.segment, segment);
    }
    restore();
    target.before_sync = [&] {
        const File file = *copy.disk.open(segment_file(count + 1), OpenMode::create);
        copy.disk.close(file);
    };
    EXPECT_EQ(backup(open.store, target), Code::corrupt);
    target.before_sync = nullptr;
    // The newest commit is another one, and as whole.
    restore();
    const log::Geometry geometry = {open.store.head().store, options.segment_size,
                                    options.frame_size_max, Digest::none};
    const std::uint64_t offset = open.store.head().address - (count - 1) * options.segment_size;
    Files other = whole;
    Contents& last = other.at(segment_file(count));
    Contents image((count - 1) * std::size_t{options.segment_size});
    image.insert(image.end(), last.begin(), last.begin() + static_cast<std::ptrdiff_t>(offset));
    image[image.size() - 20] ^= std::byte{1};
    fuzz::repair_log(image, geometry, fuzz::Repair::checksums);
    std::copy(image.end() - static_cast<std::ptrdiff_t>(offset), image.end(), last.begin());
    put_files(machine.disk, other);
    EXPECT_EQ(backup(open.store, target), Code::corrupt);
    restore();
    EXPECT_EQ(backup(open.store, target), Code::none);
}

TEST_F(Backups, NeedASnapshot) {
    OpenStore open{machine.door(), options};
    write(open.store, 3);
    Snapshot held;
    Snapshot another;
    ASSERT_TRUE(open.store.snapshot(held));
    ASSERT_TRUE(open.store.snapshot(another));
    const Head head = held.head();
    EXPECT_EQ(backup(open.store, copy.disk), Code::too_many_snapshots);
    EXPECT_EQ(open.store.contains(head).error().code, Code::too_many_snapshots);
    EXPECT_EQ(files_of(copy.disk), Files{});
}

// Goal: the place of an older commit is found or the disk is named. Method: each call of the source
// fails in turn while nothing is mapped; and every header of the log is damaged under the store.
TEST_F(Backups, OfAnOlderCommitNameTheDiskThatFails) {
    {
        OpenStore open{machine.door(), options};
        write(open.store, 60);
    }
    std::uint64_t call = 1;
    for (bool was_made = true; was_made; call++) {
        FaultyDisk source{machine.disk};
        OpenStore open{Door{&source, &machine.clock, &machine.gate}, existing()};
        ASSERT_EQ(open.error, Code::none);
        put_files(copy.disk, {});
        source.wanted = Error{Code::io, 5};
        source.fail_at = source.call_count + call;
        const Code code = backup(open.store, copy.disk, Until::commit(30));
        was_made = source.call_count >= source.fail_at;
        ASSERT_EQ(code, was_made ? Code::io : Code::none) << call;
        source.fail_at = ~std::uint64_t{0};
    }
    EXPECT_GT(call, 5U);
    OpenStore open{machine.door(), existing()};
    for (const std::size_t offset : {4U, 40U, 500U}) {
        for (std::uint32_t segment = 1; segment <= 3; segment++) {
            const File file = *machine.disk.open(segment_file(segment), OpenMode::write);
            std::vector<std::byte> bytes(3000);
            ASSERT_TRUE(machine.disk.read(file, offset, bytes));
            const std::vector<std::byte> zeros(bytes.size());
            ASSERT_TRUE(machine.disk.write(file, offset, zeros, {}));
            std::set<Code> codes;
            for (std::uint64_t commit = 1; commit < 60; commit++) {
                put_files(copy.disk, {});
                codes.insert(backup(open.store, copy.disk, Until::commit(commit)));
            }
            EXPECT_TRUE(codes.erase(Code::corrupt) == 1) << segment << " " << offset;
            EXPECT_LE(codes.size(), codes.count(Code::none));
            ASSERT_TRUE(machine.disk.write(file, offset, bytes, {}));
            machine.disk.close(file);
        }
    }
}

// The writer goes on while it is copied: the copy is what it was at one commit.
TEST(BackupsOnADisk, AreMadeBesideAWriterAtWork) {
    TemporaryDirectory directory;
    PosixDoor door;
    ASSERT_TRUE(door.open(directory.path("store").c_str(), true));
    Options options = small_options();
    OpenStore open{door.door(), options};
    ASSERT_EQ(open.error, Code::none);
    std::atomic<bool> done{false};
    std::thread writer{[&] {
        Diagnostic diagnostic;
        const std::string payload(300, 'x');
        const std::vector<Event> events = {event_of(payload), event_of(payload)};
        for (int i = 0; i < 3000 && !done; i++) {
            const StreamAppend append{"s", Expected::any(), events};
            ASSERT_TRUE(open.store.append(append, diagnostic,
                                          i % 8 == 0 ? Durability::durable : Durability::deferred));
        }
    }};
    std::vector<std::byte> scratch(1 << 16);
    std::uint64_t before = 0;
    for (int i = 0; i < 6; i++) {
        const std::string path = directory.path("copy" + std::to_string(i));
        PosixDoor target;
        ASSERT_TRUE(target.open(path.c_str(), true));
        BackupReport report;
        Diagnostic diagnostic;
        const Status status = open.store.backup({}, target.disk, scratch, report, diagnostic);
        ASSERT_TRUE(status) << code_name(status.error().code);
        ASSERT_GE(report.head.commit, before);
        before = report.head.commit;
        Options existing = options;
        existing.create = false;
        OpenStore again{target.door(), existing};
        ASSERT_EQ(again.error, Code::none);
        EXPECT_EQ(again.store.head().commit, report.head.commit);
        EXPECT_EQ(again.store.head().next_ordinal, report.head.commit * 2);
        EXPECT_EQ(again.verify(&report.head), Code::none);
    }
    done = true;
    writer.join();
}

// ---- places that consumers keep ----

// Goal: a consumer is told when a store was restored under it. Method: places of an original and of
// its copy, before, at and behind where they part, held against both.
TEST_F(Backups, TellConsumersWhereHistoriesPart) {
    OpenStore open{machine.door(), options};
    std::vector<Head> heads = {open.store.head()};
    for (int i = 0; i < 30; i++) {
        write(open.store, 1);
        heads.push_back(open.store.head());
    }
    for (const Head& head : heads) EXPECT_TRUE(open.store.contains(head)) << head.commit;
    ASSERT_EQ(backup(open.store, copy.disk, Until::commit(17)), Code::none);
    copy.clock.state = 99;
    OpenStore restored{copy.door(), existing()};
    for (const Head& head : heads) {
        const Code code = restored.store.contains(head).error().code;
        EXPECT_EQ(code, head.commit <= 17 ? Code::none : Code::ahead_of_log) << head.commit;
    }
    Follower follower;
    EXPECT_TRUE(follower.open(restored.store, heads[17]));
    EXPECT_EQ(follower.next_ordinal(), heads[17].next_ordinal);
    EXPECT_EQ(follower.open(restored.store, heads[18]).error().code, Code::ahead_of_log);
    ASSERT_TRUE(restored.append("elsewhere", {"a", "b"}));
    for (int i = 0; i < 30; i++) ASSERT_TRUE(restored.append("elsewhere", {"x"}));
    for (const Head& head : heads) {
        const Code code = restored.store.contains(head).error().code;
        EXPECT_EQ(code, head.commit <= 17 ? Code::none : Code::diverged) << head.commit;
    }
    EXPECT_EQ(follower.open(restored.store, heads[18]).error().code, Code::diverged);
    EXPECT_EQ(open.store.contains(restored.store.head()).error().code, Code::ahead_of_log);
    follower.close();

    Head other = heads[3];
    other.store++;
    EXPECT_EQ(open.store.contains(other).error().code, Code::other_store);
    Head bent = heads[3];
    bent.chain[0] ^= std::byte{1};
    EXPECT_EQ(open.store.contains(bent).error().code, Code::diverged);
    bent = heads[3];
    bent.next_ordinal++;
    EXPECT_EQ(open.store.contains(bent).error().code, Code::diverged);
    Store closed;
    EXPECT_EQ(closed.contains(heads[0]).error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace freshet::test

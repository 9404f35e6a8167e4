// SPDX-License-Identifier: MIT
// The lock of a directory, and the note beside it: between processes that come, go and are killed.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/store_fixture.hpp"
#include "tests/temporary.hpp"

namespace freshet::test {
namespace {

Note note_of(int number) {
    Note note{};
    for (std::size_t i = 0; i < note.size(); i++)
        note[i] = static_cast<std::byte>(number + static_cast<int>(i));
    return note;
}

// A process that locks a directory, says so, and holds the lock until it is killed.
class Locker {
public:
    explicit Locker(const std::string& path, int noted = 0) {
        int ends[2];
        EXPECT_EQ(pipe(ends), 0);
        child = fork();
        if (child == 0) {
            PosixDisk disk;
            Holder holder;
            bool good = disk.open_directory(path.c_str(), false) && disk.lock(holder);
            if (noted != 0) good = good && disk.note(note_of(noted));
            static_cast<void>(!write(ends[1], good ? "y" : "n", 1));
            for (;;) pause();
        }
        char answer = 0;
        EXPECT_EQ(read(ends[0], &answer, 1), 1);
        EXPECT_EQ(answer, 'y');
        ::close(ends[0]);
        ::close(ends[1]);
    }
    Locker(const Locker&) = delete;
    Locker& operator=(const Locker&) = delete;
    ~Locker() { end(); }
    void end() {
        if (child <= 0) return;
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
        child = 0;
    }

    pid_t child = 0;
};

class LockOfADirectory : public ::testing::Test {
protected:
    LockOfADirectory() { EXPECT_TRUE(disk.open_directory(directory.path().c_str(), false)); }
    std::string look() {
        Note note{};
        const Result<bool> noted = disk.look(note, holder);
        if (!noted) return code_name(noted.error().code);
        if (!*noted) return "nothing";
        return std::to_string(static_cast<int>(note[0])) +
               (note == note_of(static_cast<int>(note[0])) ? "" : " torn");
    }

    TemporaryDirectory directory;
    PosixDisk disk;
    Holder holder;
};

TEST_F(LockOfADirectory, ShowsTheNoteOfWhoHoldsItAndOfNobodyElse) {
    EXPECT_EQ(look(), "not-found");
    {
        Locker locker{directory.path()};
        EXPECT_EQ(look(), "nothing");
        EXPECT_EQ(holder.process, static_cast<std::uint64_t>(locker.child));
    }
    // The lock is free; the file is there.
    EXPECT_EQ(look(), "not-found");
    EXPECT_EQ(holder.process, 0U);
    Locker first{directory.path(), 7};
    EXPECT_EQ(look(), "7");
    EXPECT_EQ(holder.process, static_cast<std::uint64_t>(first.child));
    // Killed, it leaves its note behind; nobody holds the lock any more.
    first.end();
    EXPECT_EQ(look(), "not-found");
    // Another one has not noted anything yet.
    Locker second{directory.path()};
    EXPECT_EQ(look(), "nothing");
    EXPECT_EQ(holder.process, static_cast<std::uint64_t>(second.child));
}

TEST_F(LockOfADirectory, ShowsTheNewestNoteWithinOneProcessToo) {
    PosixDisk writer;
    ASSERT_TRUE(writer.open_directory(directory.path().c_str(), false));
    ASSERT_TRUE(writer.lock(holder));
    for (int i = 1; i < 50; i++) {
        ASSERT_TRUE(writer.note(note_of(i)));
        EXPECT_EQ(look(), std::to_string(i));
        Note own{};
        EXPECT_TRUE(*writer.look(own, holder));
        EXPECT_EQ(own, note_of(i));
        EXPECT_EQ(holder.process, static_cast<std::uint64_t>(getpid()));
    }
    writer.unlock();
    EXPECT_EQ(look(), "not-found");
    ASSERT_TRUE(writer.lock(holder));
    EXPECT_EQ(look(), "nothing");
    // A file that somebody cut is one without a note.
    ASSERT_TRUE(writer.note(note_of(3)));
    std::ofstream{directory.path("lock")} << "1 2\n";
    EXPECT_EQ(look(), "nothing");
}

TEST_F(LockOfADirectory, LooksAtNoLinkAndTellsWhatItMayNotRead) {
    std::filesystem::create_symlink("elsewhere", directory.path("lock"));
    EXPECT_EQ(look(), "io");
    std::filesystem::remove(directory.path("lock"));
    const pid_t child = fork();
    if (child == 0) {
        Note note{};
        const bool forked = disk.look(note, holder).error() == Code::forked &&
                            disk.note(note).error() == Code::forked;
        _exit(forked ? 0 : 1);
    }
    int status = 1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

// Goal: whoever is refused is told who is there now, and not who was killed before. Method: holders
// are killed and others take their place at once, while this process asks all the time.
TEST_F(LockOfADirectory, NamesTheHolderOfNowAndNotAKilledOne) {
    for (int round = 0; round < 40; round++) {
        const std::uint64_t before_us = PosixClock{}.now_us();
        Locker locker{directory.path()};
        const Status refused = disk.lock(holder);
        ASSERT_EQ(refused.error().code, Code::locked);
        ASSERT_EQ(holder.process, static_cast<std::uint64_t>(locker.child)) << round;
        ASSERT_GE(holder.since_us, before_us);
        ASSERT_LE(holder.since_us, PosixClock{}.now_us());
    }
    // The text of a killed one stands there, and somebody has the lock without having come to say
    // so: nobody is named rather than the dead.
    pid_t dead = fork();
    if (dead == 0) _exit(0);
    waitpid(dead, nullptr, 0);
    Locker locker{directory.path()};
    const std::string text = std::to_string(dead) + " 1700000000000000\n";
    std::ofstream{directory.path("lock")} << text;
    EXPECT_EQ(disk.lock(holder).error().code, Code::locked);
    EXPECT_EQ(holder.process, 0U);
}

}  // namespace
}  // namespace freshet::test

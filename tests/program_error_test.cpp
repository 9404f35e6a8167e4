// SPDX-License-Identifier: MIT
// Goal: each error has one code and one exit code, and scripts can rely on both. Method: the table
// of `freshet help errors` says which there are; for each one something is done below that leads
// to it, once for people and once for programs.
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cstddef>
#include <filesystem>
#include <map>

#include "base/checksum.hpp"
#include "base/codec.hpp"
#include "tests/expression.hpp"
#include "tests/program_fixture.hpp"

namespace freshet {
namespace {

using namespace test;

// In a child: from here on the system asks whoever holds the descriptor about each sync of data.
int watch_syncs() {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fdatasync, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{4, program};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return static_cast<int>(
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter));
}

// In a child: the system does so many syncs of data, and fails those after. Somebody beside it
// counts them, and ends with it.
void fail_syncs_after(int count) {
    const int asked = watch_syncs();
    if (asked < 0) _exit(126);
    if (fork() != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int descriptor = 0; descriptor < 1024; descriptor++) {
        if (descriptor != asked) close(descriptor);
    }
    for (;;) {
        seccomp_notif question{};
        seccomp_notif_resp answer{};
        if (ioctl(asked, SECCOMP_IOCTL_NOTIF_RECV, &question) != 0) continue;
        answer.id = question.id;
        if (count-- > 0)
            answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        else
            answer.error = -EIO;
        ioctl(asked, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
}

void limit_files() {
    const rlimit small{1 << 20, 1 << 20};
    setrlimit(RLIMIT_FSIZE, &small);
}

void be_nobody() {
    if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(126);
}

// Both slots of a head, as a freshet of the future would write them.
void make_newer(const std::string& path) {
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    std::string head(8192, '\0');
    file.read(head.data(), 8192);
    for (const std::size_t at : std::initializer_list<std::size_t>{0, 4096}) {
        auto* const slot = reinterpret_cast<std::byte*>(head.data() + at);
        store_at(slot + 8, std::uint32_t{99});
        store_at(slot + 12, crc32c(crc32c(0, {slot, 12}), {slot + 16, 4096 - 16}));
    }
    file.clear();
    file.seekp(0);
    file.write(head.data(), 8192);
}

class Errors : public Program {
protected:
    void SetUp() override {
        Program::SetUp();
        if (!IsSkipped()) make(2);
    }

    // A store beside the first one, which is spoilt.
    std::string spoilt(const std::string& name) const {
        std::filesystem::copy(db, directory.path(name), std::filesystem::copy_options::recursive);
        return directory.path(name);
    }

    // What a process says that follows a store in whose place another one is put.
    Ended follow_into(const std::string& other, const Words& flags) const {
        const std::string path = spoilt("followed" + other.substr(other.rfind('/') + 1));
        Words words{"log", path, "--follow"};
        words.insert(words.end(), flags.begin(), flags.end());
        Running follower{words};
        follower.pump([&] { return !follower.ended.out.empty(); });
        follower.send(SIGSTOP);
        for (const auto& file : std::filesystem::directory_iterator(other)) {
            const std::string name = file.path().filename();
            std::filesystem::copy(file.path(), path + "/new");
            std::filesystem::rename(path + "/new", path + "/" + name);
        }
        follower.send(SIGCONT);
        follower.pump();
        Ended ended = follower.wait();
        ended.out.clear();
        return ended;
    }

    using Act = std::function<Ended(const Words& flags)>;

    Ended call(Words words, const Words& flags, const std::string& input = "",
               const std::function<void()>& prepare = {}) const {
        words.insert(words.end(), flags.begin(), flags.end());
        return run(words, input, prepare);
    }

    // A statement on two tables, of which one needs the other.
    Ended sql(const std::string& statement, const Words& flags) const {
        const std::string path = directory.path("tables" + std::to_string(flags.size()));
        if (!std::filesystem::exists(path))
            run({"sql", path, "--create", "CREATE TABLE t (a INT PRIMARY KEY)",
                 "CREATE TABLE u (a INT REFERENCES t (a))"});
        return call({"sql", path, statement}, flags);
    }

    std::map<std::string, Act> acts() {
        std::map<std::string, Act> acts = acts_of_requests();
        acts.merge(acts_of_the_system());
        return acts;
    }

    std::map<std::string, Act> acts_of_requests() {
        const std::string id = "000102030405060708090a0b0c0d0e0f";
        return {
            {"usage",
             [=, this](const Words& f) {
                 return call({"log", db, "--limit", "x"}, f);
             }},
            {"bad-line",
             [=, this](const Words& f) {
                 return call({"append", db, "s"}, f, "{\"type\":1}\n");
             }},
            {"bad-input",
             [=, this](const Words& f) {
                 return call({"append", db, "s", "--type", "x", "--data", "@/none"}, f);
             }},
            {"invalid-name",
             [=, this](const Words& f) {
                 return call({"append", db, ""}, f, events(1));
             }},
            {"too-large",
             [=, this](const Words& f) {
                 return call({"append", db, std::string(256, 'n')}, f, events(1));
             }},
            {"stream-not-found",
             [=, this](const Words& f) {
                 return call({"read", db, "missing"}, f);
             }},
            {"already-exists",
             [=, this](const Words& f) {
                 return call({"create", db}, f);
             }},
            {"wrong-version",
             [=, this](const Words& f) {
                 return call({"append", db, "s", "--expect", "9"}, f, events(1));
             }},
            {"idempotency-conflict",
             [=, this](const Words& f) {
                 call({"append", db, "s", "--type", "x", "--id", id}, {});
                 return call({"append", db, "s", "--type", "y", "--id", id}, f);
             }},
            {"ahead-of-log",
             [=, this](const Words& f) {
                 return call({"log", db, "--after", "1000"}, f);
             }},
            {"invalid-argument",
             [=, this](const Words& f) {
                 return call({"settings", db, "s", "--truncate-before", "100"}, f);
             }},
            {"stream-deleted",
             [=, this](const Words& f) {
                 call({"append", db, "deleted"}, {}, events(1));
                 call({"settings", db, "deleted", "--delete"}, {});
                 return call({"read", db, "deleted"}, f);
             }},
            {"stream-tombstoned",
             [=, this](const Words& f) {
                 call({"append", db, "dead"}, {}, events(1));
                 call({"settings", db, "dead", "--tombstone"}, {});
                 return call({"append", db, "dead"}, f, events(1));
             }},
            {"stream-closed",
             [=, this](const Words& f) {
                 call({"append", db, "closed"}, {}, events(1));
                 call({"settings", db, "closed", "--close"}, {});
                 return call({"append", db, "closed"}, f, events(1));
             }},
            {"condition-failed",
             [=, this](const Words& f) {
                 return call({"append", db, "s", "--fail-if-stream", "s"}, f, events(1));
             }},
            {"checkpoint-behind",
             [=, this](const Words& f) {
                 call({"append", db, "--checkpoint", "mailer=2"}, {});
                 return call({"append", db, "--checkpoint", "mailer=1"}, f);
             }},
            {"diverged",
             [=, this](const Words& f) {
                 const std::string copy = directory.path("copy" + std::to_string(f.size()));
                 run({"backup", db, copy});
                 run({"append", copy, "s"}, events(1));
                 run({"append", db, "s"}, events(1));
                 return call({"log", db, "--head", fact(run({"head", copy}).out, "head")}, f);
             }},
            {"other-store",
             [=, this](const Words& f) {
                 const std::string other = directory.path("other" + std::to_string(f.size()));
                 run({"append", other, "s", "--create"}, events(2));
                 return follow_into(other, f);
             }},
        };
    }

    std::map<std::string, Act> acts_of_the_system() {
        return {
            {"out-of-memory",
             [=, this](const Words& f) {
                 return call({"log", db, "--memory", "1M"}, f);
             }},
            {"full",
             [=, this](const Words& f) {
                 const std::string big = event("x", "\"" + std::string(900'000, 'y') + "\"");
                 return call({"append", db, "s"}, f, big + big, limit_files);
             }},
            {"io",
             [=, this](const Words& f) {
                 return call({"log", db}, f, "", [] { dup2(open("/dev/full", O_WRONLY), 1); });
             }},
            {"locked",
             [=, this](const Words& f) {
                 Running writer{{"append", db, "s"}};
                 writer.write(events(1));
                 const std::size_t count = event_count();
                 writer.pump([&] { return event_count() > count; });
                 return call({"append", db, "s"}, f, events(1));
             }},
            {"not-found",
             [=, this](const Words& f) {
                 return call({"log", directory.path("none")}, f);
             }},
            {"not-a-store",
             [=, this](const Words& f) {
                 return call({"log", "/dev/null"}, f);
             }},
            {"newer-format",
             [=, this](const Words& f) {
                 const std::string path = spoilt("newer" + std::to_string(f.size()));
                 make_newer(path + "/head");
                 return call({"log", path}, f);
             }},
            {"corrupt",
             [=, this](const Words& f) {
                 const std::string path = spoilt("damaged" + std::to_string(f.size()));
                 damage(path + "/00000001.log", 200);
                 return call({"verify", path}, f);
             }},
            {"permission",
             [=, this](const Words& f) {
                 return call({"log", db}, f, "", be_nobody);
             }},
            {"read-only",
             [=, this](const Words& f) {
                 const std::string small = directory.path("small" + std::to_string(f.size()));
                 std::filesystem::create_directory(small);
                 if (mount(directory.path().c_str(), small.c_str(), "", MS_BIND, "") != 0)
                     return Ended{127, "", ""};
                 mount("", small.c_str(), "", MS_BIND | MS_REMOUNT | MS_RDONLY, "");
                 const Ended ended = call({"append", small + "/shop.fdb", "s"}, f, events(1));
                 umount2(small.c_str(), MNT_DETACH);
                 return ended;
             }},
            {"poisoned",
             [=, this](const Words& f) {
                 const std::string path = directory.path("synced" + std::to_string(f.size()));
                 run({"create", path});
                 return call({"append", path, "s"}, f, events(1), [] { fail_syncs_after(0); });
             }},
            // The first sync is for room.
            {"durability-unknown",
             [=, this](const Words& f) {
                 const std::string path = directory.path("half" + std::to_string(f.size()));
                 run({"create", path});
                 return call({"append", path, "s"}, f, events(1), [] { fail_syncs_after(1); });
             }},
            {"syntax", [=, this](const Words& f) { return sql("SELEC 1", f); }},
            {"unknown-name", [=, this](const Words& f) { return sql("SELECT b FROM t", f); }},
            {"type-mismatch",
             [=, this](const Words& f) { return sql("INSERT INTO t VALUES ('x')", f); }},
            {"constraint-failed",
             [=, this](const Words& f) { return sql("INSERT INTO t VALUES (NULL)", f); }},
            {"in-use", [=, this](const Words& f) { return sql("DROP TABLE t", f); }},
            {"interrupted",
             [=, this](const Words& f) {
                 Words words{"append", db, "s"};
                 words.insert(words.end(), f.begin(), f.end());
                 Running writer{words};
                 writer.write(events(1));
                 const std::size_t count = event_count();
                 writer.pump([&] { return event_count() > count; });
                 writer.send(SIGINT);
                 writer.pump();
                 return writer.wait();
             }},
        };
    }
};

// Exit code and name of each line of the table.
std::map<std::string, int> table_of_errors() {
    std::map<std::string, int> table;
    const Expression row{"^ +([0-9]+)  ([a-z-]+) "};
    for (const std::string& line : lines(run({"help", "errors"}).out))
        for (const Words& found : row.find_all(line)) table[found[2]] = std::stoi(found[1]);
    return table;
}

TEST_F(Errors, AreAllReachedAndEndWithTheirExitCode) {
    const std::map<std::string, int> table = table_of_errors();
    ASSERT_GT(table.size(), 20U);
    std::map<std::string, Act> acts = this->acts();
    for (const auto& [name, exit] : table) {
        ASSERT_EQ(acts.count(name), 1U) << "nothing leads to " << name;
        const Ended ended = acts[name]({});
        if (ended.code == 126 || ended.code == 127) continue;  // Not with the rights of this test.
        expect_error(ended, exit, name);
        EXPECT_EQ(ended.out, name == "io" ? ended.out : "") << name;
    }
    for (const auto& [name, act] : acts) EXPECT_EQ(table.count(name), 1U) << name;
}

TEST_F(Errors, AreOneLineOfJsonForPrograms) {
    std::map<std::string, Act> acts = this->acts();
    for (const auto& [name, exit] : table_of_errors()) {
        const Ended ended = acts[name]({"--json"});
        if (ended.code == 126 || ended.code == 127) continue;
        EXPECT_EQ(ended.code, exit) << name << ended.err;
        const std::string start =
            "{\"error\":\"" + name + "\",\"exit\":" + std::to_string(exit) + ",";
        EXPECT_EQ(ended.err.rfind(start, 0), 0U) << name << ended.err;
        EXPECT_TRUE(contains(lines(ended.err)[0], "\"hint\":\"")) << ended.err;
        for (const std::string& line : lines(ended.err)) EXPECT_EQ(line.back(), '}') << line;
    }
}

TEST_F(Errors, OfTheInputSayWhereInJsonToo) {
    const std::string err = run({"append", db, "s", "--json"}, event("x") + "{\"typ\":1}\n").err;
    EXPECT_TRUE(contains(err, "\"file\":\"stdin\",\"line\":2,\"column\":2,")) << err;
}

TEST_F(Errors, WithTheirExitCodesStandInTheReadme) {
    std::ifstream file{"README.md"};
    if (!file) GTEST_SKIP() << "not run from the top of the tree";
    const std::string readme{std::istreambuf_iterator<char>{file}, {}};
    for (const auto& [name, exit] : table_of_errors()) {
        if (exit == 130) continue;
        EXPECT_TRUE(contains(readme, "\n| " + std::to_string(exit) + " | ")) << name;
    }
    EXPECT_TRUE(contains(readme, "\n| 130, 141 | "));
}

}  // namespace
}  // namespace freshet

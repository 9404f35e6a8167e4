// SPDX-License-Identifier: MIT
// Any bytes as names of streams and types: they are refused, or come back byte for byte.
//
// Input: strings, each a byte for its size (255: all that is left) and its bytes; a stream, a type,
// a stream, a type, and so on.
#include <algorithm>
#include <set>

#include "base/utf8.hpp"
#include "fuzz/check_text.hpp"
#include "fuzz/machine.hpp"

namespace freshet::fuzz {
namespace {

constexpr std::size_t pair_count_max = 8;

struct Pair {
    std::string stream;
    std::string type;
};

std::string take_string(std::string_view& rest) {
    if (rest.empty()) return {};
    const auto said = static_cast<unsigned char>(rest[0]);
    rest.remove_prefix(1);
    const std::size_t size = said == 255 ? rest.size() : std::min<std::size_t>(said, rest.size());
    std::string text{rest.substr(0, size)};
    rest.remove_prefix(size);
    return text;
}

std::vector<Pair> pairs_of(std::string_view rest) {
    std::vector<Pair> pairs;
    while (!rest.empty() && pairs.size() < pair_count_max) {
        pairs.emplace_back();
        pairs.back().stream = take_string(rest);
        pairs.back().type = take_string(rest);
    }
    return pairs;
}

Code refusal(const std::string& name) {
    if (is_good_name(name, 255)) return Code::none;
    return name.size() > 255 ? Code::too_large : Code::invalid_name;
}

// Streams whose names begin with $ are the store's own.
Code stream_refusal(const std::string& name) {
    return !name.empty() && name.front() == '$' ? Code::invalid_name : refusal(name);
}

void check_names(const Pair& pair) {
    for (const std::string& name : {pair.stream, pair.type}) {
        // In memory of just this size.
        const std::vector<char> exact(name.begin(), name.end());
        const std::string_view text{exact.data(), exact.size()};
        require(is_utf8(text) == is_text(text), "is_utf8 says something else");
        require(is_name(text, 255) == is_good_name(text, 255), "is_name says something else");
        require(is_name(text, 3) == is_good_name(text, 3), "is_name says something else of size");
    }
}

// Appends one event for each pair, the number of the pair its payload; what must be there then.
Lines append_all(Session& session, const std::vector<Pair>& pairs) {
    Lines expected;
    std::set<std::string> created;
    for (std::size_t i = 0; i < pairs.size(); i++) {
        const Pair& pair = pairs[i];
        const Code bad_stream = stream_refusal(pair.stream);
        if (i % 3 == 0) {
            const Code answer =
                session.store().create(pair.stream, session.diagnostic).error().code;
            const bool is_there = created.count(pair.stream) > 0;
            require(answer == (is_there ? Code::already_exists : bad_stream), "create");
        }
        const std::string payload = std::to_string(i);
        const Code code = session.append(
            pair.stream,
            {.type = pair.type, .payload = as_bytes(payload), .metadata = {}, .id = {}});
        const Code bad_type = refusal(pair.type);
        require(code == (bad_stream == Code::none ? bad_type : bad_stream) ||
                    (code != Code::none && code == bad_type),
                "an append with such names");
        if (bad_stream == Code::none && (i % 3 == 0 || code == Code::none))
            created.insert(pair.stream);
        if (code != Code::none) continue;
        expected.emplace_back();
        expected.back().stream = pair.stream;
        expected.back().type = pair.type;
        expected.back().payload = payload;
    }
    require(session.store().statistics().stream_count == created.size(), "the count of streams");
    return expected;
}

bool is_same(const Lines& found, const Lines& expected) {
    return std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                      [](const Line& a, const Line& b) {
                          return a.stream == b.stream && a.type == b.type && a.payload == b.payload;
                      });
}

Lines filtered(const Lines& lines, std::string_view prefix, std::string_view type) {
    Lines kept;
    for (const Line& line : lines) {
        if (line.stream.compare(0, prefix.size(), prefix) != 0) continue;
        if (type.empty() || line.type == type) kept.push_back(line);
    }
    return kept;
}

void check_filters(Session& session, const std::vector<Pair>& pairs, const Lines& lines) {
    for (const Pair& pair : pairs) {
        const std::string_view name = pair.stream;
        for (const std::size_t size : {name.size() / 2, name.size()}) {
            const std::string_view prefix = name.substr(0, size);
            require(session.read_log({prefix, {}}) == filtered(lines, prefix, {}), "a prefix");
            require(session.read_log({prefix, pair.type}) == filtered(lines, prefix, pair.type),
                    "a prefix and a type");
        }
        Lines found;
        const Code code = session.read_stream(name, Direction::forwards, found);
        require(refusal(pair.stream) == Code::none
                    ? code == Code::none || code == Code::stream_not_found
                    : code == Code::invalid_name,
                "reading such a stream");
    }
}

Seed pairs_seed(std::string name, const std::vector<std::string>& texts) {
    Seed seed{std::move(name), {}};
    for (const std::string& text : texts) {
        const Bytes bytes = as_bytes(text);
        seed.bytes.push_back(static_cast<std::byte>(std::min<std::size_t>(bytes.size(), 255)));
        seed.bytes.insert(seed.bytes.end(), bytes.begin(), bytes.end());
    }
    return seed;
}

}  // namespace

std::vector<Seed> make_seeds() {
    return {
        pairs_seed("plain", {"order-1", "placed", "order-2", "paid", "order-1", "paid"}),
        pairs_seed("utf8", {"\xc3\xa9t\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "t"}),
        pairs_seed("broken-utf8", {"\xc0\xaf", "t", "s", "\xed\xa0\x80", "\xf4\x90\x80\x80", "t"}),
        pairs_seed("controls", {"a\nb", "t", std::string{"a\0b", 3}, "t", "s", "\x7f"}),
        pairs_seed("empty", {"", "t", "s", "", "s", "t"}),
        pairs_seed("longest", {std::string(254, 'n'), std::string(254, 't')}),
        pairs_seed("prefixes", {"a", "t", "ab", "t", "abc", "t", "abcd", "t", "b", "t"}),
        pairs_seed("too-long", {"s", "t", std::string(300, 'n')})};
}

}  // namespace freshet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace freshet::fuzz;
    const std::vector<Pair> pairs = pairs_of(freshet::as_text(input(data, size)));
    for (const Pair& pair : pairs) check_names(pair);
    Machine machine;
    Lines lines;
    {
        Session session{machine, small_options()};
        require(session.code() == freshet::Code::none, "a new store");
        const Lines expected = append_all(session, pairs);
        lines = session.read();
        require(is_same(lines, expected), "what was appended is not what is read");
        check_filters(session, pairs, lines);
    }
    Session again{machine, reading(small_options())};
    require(again.code() == freshet::Code::none && again.read() == lines, "opened again");
    return 0;
}

// SPDX-License-Identifier: MIT
// Any bytes as a line of NDJSON. What is accepted is text, and written out and read in again it is
// the same event.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "fuzz/check_text.hpp"
#include "fuzz/target.hpp"
#include "shell/json.hpp"
#include "shell/ndjson.hpp"
#include "shell/output.hpp"

namespace freshet::fuzz {
namespace {

// Parses in memory of just this size; the views of the event lie in it.
struct Parsed {
    explicit Parsed(std::string_view text, bool with_stream) : line(text.begin(), text.end()) {
        std::string_view name;
        ok = shell::parse_event(line, event, error, with_stream ? &name : nullptr);
        if (ok && with_stream) stream = name;
    }
    std::vector<char> line;
    Event event;
    shell::LineError error;
    std::string stream;
    bool ok = false;
};

std::string written(const Recorded& event) {
    static const int file = memfd_create("line", 0);
    require(file >= 0 && ftruncate(file, 0) == 0 && lseek(file, 0, SEEK_SET) == 0, "memfd");
    static shell::Output output{file};
    shell::write_event(output, event);
    output.flush();
    require(output.error() == 0, "writing fails");
    std::string text(static_cast<std::size_t>(lseek(file, 0, SEEK_CUR)), '\0');
    require(pread(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()), "memfd");
    return text;
}

bool is_same(Bytes a, Bytes b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

void check_line(std::string_view text, bool with_stream) {
    const Parsed first{text, with_stream};
    if (!first.ok) {
        require(first.error.message != nullptr, "an error without a message");
        require(first.error.offset <= text.size(), "an error outside its line");
        return;
    }
    require(is_text(text), "a line that is not UTF-8 was accepted");
    const Event& event = first.event;
    require(is_good_name(event.type, 255), "a type that is no name was accepted");
    if (with_stream) require(is_good_name(first.stream, 255), "a stream that is no name");
    const std::string line = written({.stream = with_stream ? first.stream : "s",
                                      .type = event.type,
                                      .payload = event.payload,
                                      .metadata = event.metadata,
                                      .id = event.id,
                                      .index = 1,
                                      .ordinal = ~std::uint64_t{0},
                                      .commit = 3,
                                      .time_us = 4});
    require(std::count(line.begin(), line.end(), '\n') == 0, "two lines");
    require(is_text(line), "what was written is not UTF-8");
    const Parsed second{line, with_stream};
    require(second.ok, "what was written cannot be read");
    require(second.event.type == event.type && second.event.id == event.id, "type or id changed");
    require(is_same(second.event.payload, event.payload), "the payload changed");
    require(is_same(second.event.metadata, event.metadata), "the metadata changed");
    require(second.stream == first.stream, "the stream changed");
}

Seed line(std::string name, std::string_view text) {
    const Bytes bytes = as_bytes(text);
    return {std::move(name), Contents(bytes.begin(), bytes.end())};
}

}  // namespace

std::vector<Seed> make_seeds() {
    return {
        line("type", R"({"type":"placed"})"),
        line("data", R"({"type":"placed","data":{"n":[1,-2.5e+3,true,null,"x"]}})"),
        line("base64", R"({"type":"t","data_base64":"AAEC/w==","metadata_base64":"/+8="})"),
        line("metadata", R"( { "type" : "t" , "metadata" : { } , "data" : [ 1 , 2 ] } )"),
        line("id", R"({"type":"t","id":"0123456789abcdef0123456789ABCDEF"})"),
        line("uuid", R"({"id":"01234567-89ab-cdef-0123-456789abcdef","type":"t"})"),
        line("escapes", R"({"type":"\u00e9\ud83d\ude00\n\t\"\\\/","stream":"\u0061"})"),
        line("utf8", "{\"type\":\"\xc3\xa9\xf0\x9f\x98\x80\",\"data\":\"\xe2\x82\xac\"}"),
        line("whole",
             R"({"stream":"s","index":0,"ordinal":1,"commit":2,"time":"x","type":"t","data":1})"),
        line("not-text", "{\"type\":\"t\",\"data\":\"\xed\xa0\x80\"}"),
        line("deep", R"({"type":"t","data":[[[[[[[[{"a":{"b":[{}]}}]]]]]]]]})")};
}

}  // namespace freshet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = freshet::as_text(freshet::fuzz::input(data, size));
    freshet::fuzz::check_line(text, false);
    freshet::fuzz::check_line(text, true);
    return 0;
}

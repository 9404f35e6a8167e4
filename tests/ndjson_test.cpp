// SPDX-License-Identifier: MIT
// Goal: a line is an event or says where it is not, and what is printed comes in again as the same
// event.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <random>
#include <string>
#include <vector>

#include "shell/ndjson.hpp"

namespace freshet::shell {
namespace {

using namespace std::string_literals;

class Line {
public:
    explicit Line(std::string text) : text_{std::move(text)} {
        good = parse_event(text_, event, error);
    }

    [[nodiscard]] std::string payload() const { return std::string{as_text(event.payload)}; }
    [[nodiscard]] std::string metadata() const { return std::string{as_text(event.metadata)}; }

private:
    std::string text_;

public:
    bool good = false;
    Event event;
    LineError error;
};

TEST(Ndjson, ReadsAnEvent) {
    const Line line{R"( {"type":"Paid","data":{"cents": 995, "to":"x"},"metadata":["a"],)"
                    R"("id":"000102030405060708090a0b0c0d0e0F"} )"};
    ASSERT_TRUE(line.good) << line.error.message;
    EXPECT_EQ(line.event.type, "Paid");
    EXPECT_EQ(line.payload(), R"({"cents": 995, "to":"x"})");
    EXPECT_EQ(line.metadata(), R"(["a"])");
    for (std::size_t i = 0; i < 16; i++)
        EXPECT_EQ(line.event.id.bytes[i], static_cast<std::byte>(i));
}

TEST(Ndjson, NeedsATypeAndNothingElse) {
    const Line line{R"({"type":"x"})"};
    ASSERT_TRUE(line.good);
    EXPECT_TRUE(line.event.payload.empty());
    EXPECT_TRUE(line.event.metadata.empty());
    EXPECT_FALSE(line.event.id.is_set());
}

TEST(Ndjson, KeepsDataByteForByte) {
    for (const std::string data :
         {"1.0", "1e2", "\"\\u0041\"", "{\"b\":1,\"a\":1,\"a\":2}", "null", "[ 1 ,2 ]",
          "\"\xe2\x82\xac\"", "123456789012345678901234567890"}) {
        EXPECT_EQ(Line{"{\"type\":\"x\",\"data\": " + data + " }"}.payload(), data);
    }
}

TEST(Ndjson, DecodesTypesAndBase64) {
    const Line line{
        R"({"ty\u0070e":"a\u00e9\/","data_base64":"aGVsbG8\u003d","metadata_base64":"\/\/8="})"};
    ASSERT_TRUE(line.good) << line.error.message;
    EXPECT_EQ(line.event.type, "a\xc3\xa9/");
    EXPECT_EQ(line.payload(), "hello");
    EXPECT_EQ(line.metadata(), "\xff\xff");
}

TEST(Ndjson, TakesAUuidAsAnId) {
    const Line line{R"({"type":"x","id":"550e8400-e29b-41d4-a716-446655440000"})"};
    ASSERT_TRUE(line.good) << line.error.message;
    EXPECT_EQ(line.event.id.bytes[0], std::byte{0x55});
    EXPECT_EQ(line.event.id.bytes[15], std::byte{0});
    EXPECT_EQ(line.event.id.bytes[6], std::byte{0x41});
}

TEST(Ndjson, PassesOverWhatItPrints) {
    const Line line{
        R"({"stream":"s","index":1,"ordinal":2,"commit":3,"time":"t","type":"x","data":1})"};
    ASSERT_TRUE(line.good) << line.error.message;
    EXPECT_EQ(line.payload(), "1");
}

TEST(Ndjson, NamesWhatIsWrongAndWhere) {
    const struct {
        std::string text;
        std::size_t offset;
        std::string message;
    } cases[] = {
        {"", 0, "expected '{'"},
        {"[]", 0, "expected '{'"},
        {"{}", 0, "no \"type\""},
        {R"({"data":1})", 0, "no \"type\""},
        {R"({"type":"x"} 1)", 13, "nothing may follow"},
        {R"({"type":"x" "data":1})", 12, "expected ',' or '}'"},
        {R"({"type":"x","data":})", 19, "expected a value"},
        {R"({"type":"x","data")", 18, "expected ':'"},
        {R"({"type":"x",})", 12, "expected '\"'"},
        {R"({"type":1})", 8, "expected '\"'"},
        {R"({"type":null})", 8, "expected '\"'"},
        {R"({"type":""})", 8, "a type is 1 to 255"},
        {R"({"type":"a\n"})", 8, "a type is 1 to 255"},
        {R"({"type":")" + std::string(256, 'x') + R"("})", 8, "a type is 1 to 255"},
        {R"({"type":"\ud800"})", 8, "surrogate"},
        {R"({"type":"x","type":"y"})", 12, "twice"},
        {R"({"type":"x","data":1,"data_base64":"aGVsbG8="})", 21, "as JSON too"},
        {R"({"type":"x","data_base64":"aGVsbG8=","data":1})", 37, "as base64 too"},
        {R"({"type":"x","metadata":1,"metadata_base64":"aGVsbG8="})", 25, "as JSON too"},
        {R"({"type":"x","data_base64":"aGV"})", 26, "not base64"},
        {R"({"type":"x","schema_version":0})", 29, "from 1 to 65535"},
        {R"({"type":"x","schema_version":65536})", 29, "from 1 to 65535"},
        {R"({"type":"x","schema_version":"1"})", 29, "from 1 to 65535"},
        {R"({"type":"x","data_base64":1})", 26, "expected '\"'"},
        {R"({"type":"x","id":"12"})", 17, "an id is"},
        {R"({"type":"x","id":"00000000000000000000000000000000"})", 17, "not all zeros"},
        {R"({"type":"x","id":"0g000000000000000000000000000001"})", 17, "an id is"},
        {R"({"type":"x","id":"550e8400-e29b-41d4-a716-4466554400-0"})", 17, "an id is"},
        {R"({"type":"x","id":"550e84000e29b041d40a7160446655440000"})", 17, "an id is"},
        {R"({"type":"x","playload":1})", 12, "no such member"},
        {"{\"type\":\"x\",\"data\":\"\xff\"}", 20, "not UTF-8"},
        {"{\"type\":\"x\0\"}"s, 10, "control character"},
    };
    for (const auto& [text, offset, message] : cases) {
        const Line line{text};
        ASSERT_FALSE(line.good) << text;
        EXPECT_EQ(line.error.offset, offset) << text << ": " << line.error.message;
        EXPECT_NE(std::string{line.error.message}.find(message), std::string::npos)
            << text << ": " << line.error.message;
    }
}

TEST(Ndjson, GuessesTheMemberThatWasMeant) {
    EXPECT_EQ(Line{R"({"tpye":"x"})"}.error.meant, "type");
    EXPECT_EQ(Line{R"({"type":"x","metdata":1})"}.error.meant, "metadata");
    EXPECT_EQ(Line{R"({"type":"x","something":1})"}.error.meant, "");
}

std::string printed(const Recorded& event) {
    const int descriptor = memfd_create("printed", 0);
    EXPECT_GE(descriptor, 0);
    Output output{descriptor};
    write_event(output, event);
    output.flush();
    EXPECT_EQ(output.error(), 0);
    std::string text(1 << 20, '\0');
    text.resize(static_cast<std::size_t>(pread(descriptor, text.data(), text.size(), 0)));
    close(descriptor);
    return text;
}

TEST(Ndjson, PrintsAnEvent) {
    Recorded event;
    event.stream = "order-\"1\"";
    event.type = "Paid";
    event.payload = as_bytes(R"({"cents":995})");
    event.index = 7;
    event.ordinal = 12;
    event.commit = 3;
    event.time_us = 1'795'218'607'412'001;
    EXPECT_EQ(printed(event),
              "{\"stream\":\"order-\\\"1\\\"\",\"index\":7,\"ordinal\":12,\"commit\":3,"
              "\"time\":\"2026-11-20T23:50:07.412001Z\",\"type\":\"Paid\","
              "\"data\":{\"cents\":995}}");
    event.payload = as_bytes("two\nlines");
    event.metadata = as_bytes("[\n]");
    event.id.bytes[15] = std::byte{0xab};
    EXPECT_EQ(printed(event),
              "{\"stream\":\"order-\\\"1\\\"\",\"index\":7,\"ordinal\":12,\"commit\":3,"
              "\"time\":\"2026-11-20T23:50:07.412001Z\",\"type\":\"Paid\","
              "\"id\":\"000000000000000000000000000000ab\",\"data_base64\":\"dHdvCmxpbmVz\","
              "\"metadata_base64\":\"Wwpd\"}");
}

// Method: random types, ids and payloads, JSON or not, printed and read again.
TEST(Ndjson, ReadsWhatItPrinted) {
    const std::vector<std::string> values{
        "",      "1",    " 1",   "{\"a\":[1,2]}", "\"x\\n\"", "\xff\xfe",
        "null",  "[1",   "a\nb", "{\"a\":\n1}",   "\0"s,      std::string(70'000, 'x'),
        "true ", "\"\"", "\x7f"};
    const std::vector<std::string> types{"x",           "Order Placed", "\"quoted\"",
                                         "back\\slash", "\xe2\x82\xac", "/"};
    std::mt19937 random{7};
    for (int i = 0; i < 500; i++) {
        const std::string payload = values[random() % values.size()];
        const std::string metadata = values[random() % values.size()];
        Recorded event;
        event.stream = "s";
        event.type = types[random() % types.size()];
        event.payload = as_bytes(payload);
        event.metadata = as_bytes(metadata);
        if (random() % 2 == 0)
            event.id.bytes[random() % 16] = static_cast<std::byte>(1 + random() % 255);
        if (random() % 2 == 0)
            event.schema_version = static_cast<std::uint16_t>(1 + random() % 65535);
        const std::string text = printed(event);
        ASSERT_EQ(std::count(text.begin(), text.end(), '\n'), 0);
        const Line line{text};
        ASSERT_TRUE(line.good) << text << line.error.message;
        EXPECT_EQ(line.event.type, event.type);
        EXPECT_EQ(line.payload(), payload);
        EXPECT_EQ(line.metadata(), metadata);
        EXPECT_EQ(line.event.id, event.id);
        EXPECT_EQ(line.event.schema_version, event.schema_version);
    }
}

TEST(Ndjson, PrintsNothingThatControlsATerminal) {
    const int descriptor = memfd_create("printed", 0);
    Output output{descriptor};
    EXPECT_EQ(output.printable("a\x1b[31m\x7f\xc2\x9b"
                               "b\n",
                               100),
              10U);
    output.text("|");
    EXPECT_EQ(output.printable("caf\xc3\xa9", 6), 4U);
    output.text("|");
    EXPECT_EQ(output.printable("too long for it", 5), 5U);
    output.text("|");
    EXPECT_EQ(output.printable("\xe6\xbc\xa2\xe5\xad\x97", 3), 3U);  // Two wide letters.
    output.text("|");
    EXPECT_EQ(output.printable("e\xcc\x81", 1), 1U);  // A letter and what combines with it.
    output.text("|");
    EXPECT_EQ(output.printable("", 0), 0U);
    output.flush();
    std::string text(100, '\0');
    text.resize(static_cast<std::size_t>(pread(descriptor, text.data(), text.size(), 0)));
    close(descriptor);
    EXPECT_EQ(text, "a?[31m??b?|caf\xc3\xa9|too ~|\xe6\xbc\xa2~|e\xcc\x81|");
}

}  // namespace
}  // namespace freshet::shell

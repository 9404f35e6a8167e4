// SPDX-License-Identifier: MIT
#include "shell/ndjson.hpp"

#include <array>

#include "base/nearest.hpp"
#include "base/utf8.hpp"
#include "shell/base64.hpp"
#include "shell/json.hpp"
#include "shell/streams.hpp"
#include "shell/values.hpp"

namespace freshet::shell {
namespace {

constexpr std::array<std::string_view, 12> member_names{
    "type",           "data",   "data_base64", "metadata", "metadata_base64", "id",
    "schema_version", "stream", "index",       "ordinal",  "commit",          "time"};
enum Member : std::size_t {
    type,
    data,
    data_base64,
    metadata,
    metadata_base64,
    id,
    schema_version,
    stream
};

// Reads one line. Errors are those of the reader.
class LineParser {
public:
    LineParser(std::span<char> line, Event& event, std::string_view* stream_name) noexcept
        : line_{line}, reader_{{line.data(), line.size()}}, event_{event}, stream_{stream_name} {}

    bool parse(LineError& error) noexcept {
        reader_.expect('{', "expected '{': one event is one JSON object on one line");
        if (!reader_.accept('}')) {
            do parse_member();
            while (reader_.accept(','));
            reader_.expect('}', "expected ',' or '}'");
        }
        reader_.expect_end();
        if (!has(type)) reader_.fail("the event has no \"type\"", 0);
        if (stream_ != nullptr && !has(stream)) {
            reader_.fail("the event has no \"stream\", and none was given for all", 0);
        }
        error = {reader_.error(), reader_.offset(), meant_};
        return reader_.error() == nullptr;
    }

private:
    [[nodiscard]] bool has(Member member) const noexcept { return (seen_ >> member & 1) != 0; }

    // The part of the line, which may be changed, that a view shows.
    std::span<char> place(std::string_view view) const noexcept {
        if (view.empty()) return {};
        return {line_.data() + (view.data() - line_.data()), view.size()};
    }

    std::size_t offset_of_next() noexcept {
        static_cast<void>(reader_.accept('\0'));
        return reader_.offset();
    }

    std::string_view parse_text() noexcept {
        const std::size_t start = offset_of_next();
        const Unescaped unescaped = unescape(place(reader_.string()));
        if (!unescaped.is_text)
            reader_.fail("half of a surrogate pair stands for no character", start);
        return unescaped.text;
    }

    void parse_member() noexcept {
        const std::size_t start = offset_of_next();
        const std::string_view name = parse_text();
        reader_.expect(':', "expected ':' after a name");
        if (reader_.error() != nullptr) return;
        std::size_t member = 0;
        while (member < member_names.size() && member_names[member] != name) member++;
        if (member == member_names.size()) {
            meant_ = nearest(name, member_names);
            return reader_.fail("an event has no such member", start);
        }
        if ((seen_ >> member & 1) != 0) return reader_.fail("this member is there twice", start);
        seen_ |= 1U << member;
        parse_member_value(member, start);
    }

    void parse_member_value(std::size_t member, std::size_t start) noexcept {
        switch (member) {
            case type: return parse_type();
            case data: return parse_json(event_.payload, data_base64, start);
            case metadata: return parse_json(event_.metadata, metadata_base64, start);
            case data_base64: return parse_base64(event_.payload, data, start);
            case metadata_base64: return parse_base64(event_.metadata, metadata, start);
            case id: return parse_id();
            case schema_version: return parse_schema_version();
            case stream: return parse_stream();
            default: static_cast<void>(reader_.value());
        }
    }

    void parse_type() noexcept {
        const std::size_t start = offset_of_next();
        event_.type = parse_text();
        if (!is_name(event_.type, event_type_size_max)) {
            reader_.fail("a type is 1 to 255 bytes without control characters", start);
        }
    }

    void parse_stream() noexcept {
        if (stream_ == nullptr) return static_cast<void>(reader_.value());
        const std::size_t start = offset_of_next();
        *stream_ = parse_text();
        if (!is_name(*stream_, stream_name_size_max)) {
            reader_.fail("a stream's name is 1 to 255 bytes without control characters", start);
        }
        if (is_own(*stream_)) {
            reader_.fail("streams whose names begin with $ are the store's own, to be read only",
                         start);
        }
    }

    void parse_json(Bytes& bytes, Member other, std::size_t start) noexcept {
        if (has(other)) return reader_.fail("this is there as base64 too", start);
        bytes = as_bytes(reader_.value());
    }

    void parse_base64(Bytes& bytes, Member other, std::size_t start) noexcept {
        if (has(other)) return reader_.fail("this is there as JSON too", start);
        const std::size_t value_start = offset_of_next();
        const Decoded decoded = decode_base64(place(parse_text()));
        if (!decoded.is_base64) reader_.fail("this is not base64", value_start);
        bytes = decoded.bytes;
    }

    void parse_schema_version() noexcept {
        const std::size_t start = offset_of_next();
        std::uint64_t number = 0;
        if (!parse_count(reader_.value(), number) || number == 0 || number > 65535)
            reader_.fail("a schema version is a number from 1 to 65535", start);
        event_.schema_version = static_cast<std::uint16_t>(number);
    }

    void parse_id() noexcept {
        const std::size_t start = offset_of_next();
        if (!parse_event_id(reader_.string(), event_.id)) {
            reader_.fail("an id is 32 hexadecimal digits or a UUID, and not all zeros", start);
        }
    }

    std::span<char> line_;
    JsonReader reader_;
    Event& event_;
    std::string_view* stream_;  // Null: whatever the line says of it is passed over.
    std::uint32_t seen_ = 0;
    std::string_view meant_;
};

void write_bytes(Output& output, std::string_view name, Bytes bytes) noexcept {
    if (bytes.empty()) return;
    if (is_json_line(as_text(bytes))) {
        output.json_member(name).text(as_text(bytes));
    } else {
        output.text(",\"").text(name).text("_base64\":\"").base64(bytes).text("\"");
    }
}

}  // namespace

bool parse_event(std::span<char> line, Event& event, LineError& error,
                 std::string_view* stream_name) noexcept {
    event = {};
    return LineParser{line, event, stream_name}.parse(error);
}

void write_event(Output& output, const Recorded& event) noexcept {
    output.text("{\"stream\":").json_string(event.stream);
    output.json_member("index").number(event.index);
    output.json_member("ordinal").number(event.ordinal);
    output.json_member("commit").number(event.commit);
    output.json_member("time").text("\"").time(event.time_us).text("\"");
    output.json_member("type").json_string(event.type);
    if (event.schema_version != 1)
        output.json_member("schema_version").number(std::uint64_t{event.schema_version});
    if (event.id.is_set()) output.json_member("id").text("\"").hex(event.id.bytes).text("\"");
    write_bytes(output, "data", event.payload);
    write_bytes(output, "metadata", event.metadata);
    output.text("}");
}

}  // namespace freshet::shell

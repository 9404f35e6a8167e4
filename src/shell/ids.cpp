// SPDX-License-Identifier: MIT
#include "shell/ids.hpp"

#include "base/text.hpp"
#include "freshet/metadata.hpp"
#include "shell/exit.hpp"
#include "shell/json.hpp"
#include "shell/report.hpp"

namespace freshet::shell {
namespace {

int refuse(const char* message, const char* hint) noexcept {
    return complain({.code = "usage", .exit_code = exit_usage, .message = message, .hint = hint});
}

// What stands between the braces. Null data: it is no JSON object.
std::string_view members_of(std::string_view object) noexcept {
    JsonReader reader{object};
    const bool is_object = reader.accept('{');
    JsonReader all{object};
    const std::string_view value = all.value();
    all.expect_end();
    if (!is_object || all.error() != nullptr) return {};
    const std::string_view inside{value.data() + 1, value.size() - 2};
    return reader.accept('}') ? std::string_view{inside.data(), 0} : inside;
}

void put_id(TextWriter& text, const char* name, std::string_view id) noexcept {
    if (id.empty()) return;
    text.text(text.written().size() == 1 ? "\"" : ",\"").text(name).text("\":\"");
    for (const char letter : id) {
        if (letter == '"' || letter == '\\') text.character('\\');
        text.character(letter);
    }
    text.text("\"");
}

}  // namespace

int add_ids(const Request& request, std::span<char>& memory, Bytes& metadata) noexcept {
    const std::string_view correlation = request.filter.correlation;
    if (correlation.empty() && request.causation.empty()) return exit_done;
    const std::string_view members = members_of(metadata.empty() ? "{}" : as_text(metadata));
    if (members.data() == nullptr)
        return refuse("--correlation and --causation need --meta to be a JSON object",
                      R"(give metadata like {"by":"ada"}, or none)");
    for (const char* const name : {"$correlationId", "$causationId"}) {
        if (metadata_member(metadata, name).data() != nullptr)
            return refuse("--meta has an id of its own", "give each id once");
    }
    TextWriter text{memory};
    text.text("{");
    put_id(text, "$correlationId", correlation);
    put_id(text, "$causationId", request.causation);
    text.text(members.empty() ? "" : ",").text(members).text("}");
    if (text.is_full()) return report(Code::too_large, "--meta");
    metadata = as_bytes(text.written());
    memory = memory.subspan(metadata.size());
    return exit_done;
}

}  // namespace freshet::shell

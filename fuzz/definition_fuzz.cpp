// SPDX-License-Identifier: MIT
// Any bytes as the definition of a table: what is accepted is encoded as it was.
#include <algorithm>

#include "fuzz/target.hpp"
#include "relation/definition_codec.hpp"
#include "tests/definition_fixture.hpp"

namespace freshet::fuzz {
namespace {

using namespace freshet::relation;

void check_definition_bytes(Bytes bytes) {
    static Contents room(1 << 21);
    Arena memory{room};
    const Result<TableDefinition> table = decode_definition(bytes, memory);
    if (!table) {
        const Code code = table.error().code;
        require(code == Code::corrupt || code == Code::newer_format || code == Code::out_of_memory,
                "another error");
        return;
    }
    require(is_sound(*table), "an unsound definition");
    const Result<Bytes> again = encode_definition(*table, memory);
    require(again && as_text(*again) == as_text(bytes), "a definition has two forms");
    for (const Column& column : table->columns)
        require(!is_live(column) || find_column(*table, column.name) != no_column, "a lost column");
}

Seed seed_of(std::string name, const TableDefinition& table) {
    Contents room(definition_size_max);
    Arena memory{room};
    const Result<Bytes> bytes = encode_definition(table, memory);
    return {std::move(name), {bytes->begin(), bytes->end()}};
}

}  // namespace

std::vector<Seed> make_seeds() {
    Keeper keeper;
    std::mt19937_64 random{1};
    std::vector<Seed> seeds{seed_of("users", users(keeper))};
    for (char i = '0'; i < '6'; i++)
        seeds.push_back(
            seed_of(std::string{"random-"} + i, RandomDefinition{random, keeper}.make()));
    return seeds;
}

}  // namespace freshet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    freshet::fuzz::check_definition_bytes(freshet::fuzz::input(data, size));
    return 0;
}

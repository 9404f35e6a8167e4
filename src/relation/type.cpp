// SPDX-License-Identifier: MIT
#include "freshet/value.hpp"

namespace freshet {

const char* type_name(Type type) noexcept {
    switch (type) {
        case Type::null: return "NULL";
        case Type::boolean: return "BOOL";
        case Type::integer: return "INT";
        case Type::real: return "FLOAT";
        case Type::text: return "TEXT";
        case Type::blob: return "BLOB";
        case Type::date: return "DATE";
        case Type::timestamp: return "TIMESTAMP";
    }
    return "unknown";
}

}  // namespace freshet

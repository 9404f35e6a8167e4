// SPDX-License-Identifier: MIT
// Regular expressions as the system has them, in its extended syntax: those of the standard library
// take longer to compile than the tests that use them.
#pragma once

#include <regex.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace freshet::test {

class Expression {
public:
    explicit Expression(const std::string& pattern) {
        if (regcomp(&compiled_, pattern.c_str(), REG_EXTENDED) != 0)
            throw std::invalid_argument{"no regular expression: " + pattern};
    }
    Expression(const Expression&) = delete;
    Expression& operator=(const Expression&) = delete;
    ~Expression() { regfree(&compiled_); }

    // All that match, which are not empty: each with its groups behind it.
    [[nodiscard]] std::vector<std::vector<std::string>> find_all(const std::string& text) const {
        std::vector<std::vector<std::string>> found;
        each(text, [&](const std::string& rest, const Groups& groups) {
            std::vector<std::string>& match = found.emplace_back();
            for (const regmatch_t& group : groups)
                if (group.rm_so >= 0) match.push_back(part(rest, group.rm_so, group.rm_eo));
        });
        return found;
    }

    [[nodiscard]] std::string replace_all(const std::string& text, const std::string& with) const {
        std::string replaced;
        const std::string left = each(text, [&](const std::string& rest, const Groups& groups) {
            replaced += part(rest, 0, groups[0].rm_so) + with;
        });
        return replaced + left;
    }

private:
    using Groups = std::vector<regmatch_t>;

    static std::string part(const std::string& text, regoff_t begin, regoff_t end) {
        return text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
    }
    // What is behind the last match.
    template <class Use>
    std::string each(std::string rest, Use use) const {
        Groups groups(1 + compiled_.re_nsub);
        while (regexec(&compiled_, rest.c_str(), groups.size(), groups.data(), 0) == 0) {
            use(rest, groups);
            rest.erase(0, static_cast<std::size_t>(groups[0].rm_eo));
        }
        return rest;
    }

    regex_t compiled_{};
};

}  // namespace freshet::test

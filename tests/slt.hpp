// SPDX-License-Identifier: MIT
// Scripts of sqllogictest: a reader of their records, and what runs them on an engine.
//
//      record                          counts as passed if
//      statement ok | error            the engine says so
//      query TYPES [SORT] [LABEL]      it gives as many columns as TYPES has letters (T, I, R), and
//      SQL                             these values, one a line; or as many values as "N values
//      ----                            hashing to MD5" says, with this hash; and the same as the
//      values                          queries before it that had the same label
//      skipif NAME, onlyif NAME        in front of one: whether it is run, by the engine's name
//      hash-threshold N, halt          no record; halt ends the script
//
// Records are apart by blank lines; lines that begin with # are nothing. SORT is nosort, rowsort or
// valuesort, by the bytes of what is shown. NULL is shown as NULL, the empty text as (empty), and
// what is not printable as @.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "md5.hpp"

namespace freshet::slt {

struct Rows {
    std::size_t column_count = 0;
    std::vector<std::string> values;  // Row by row, as they are shown.
};

class Engine {
public:
    virtual ~Engine() = default;
    // Both: empty, or why not.
    virtual std::string execute(const std::string& sql) = 0;
    // Shows each value by the letter of its column in `types`; where these are too few, as a text.
    virtual std::string query(const std::string& sql, const std::string& types, Rows& rows) = 0;
};

inline std::string show_text(std::string_view text) {
    if (text.empty()) return "(empty)";
    std::string shown{text};
    for (char& letter : shown)
        if (letter < ' ' || letter > '~') letter = '@';
    return shown;
}
inline std::string printed(const char* format, double value) {
    std::vector<char> buffer(400);
    const int size = std::snprintf(buffer.data(), buffer.size(), format, value);
    return {buffer.data(), static_cast<std::size_t>(size)};
}
// Three places behind the point. Beyond 16 digits there are zeros: so prints SQLite, which wrote
// the scripts.
inline std::string show_real(double value) {
    constexpr double exact_max = 1e13;
    if (!(value >= exact_max || value <= -exact_max) || value - value != 0.0)
        return printed("%.3f", value);
    const std::string digits = printed("%.15e", value < 0 ? -value : value);
    const std::size_t whole_size = std::stoul(digits.substr(18)) + 1;
    std::string all = digits.substr(0, 1) + digits.substr(2, 15);
    all.resize(std::max(all.size(), whole_size + 3), '0');
    return (value < 0 ? "-" : "") + all.substr(0, whole_size) + "." + all.substr(whole_size, 3);
}

struct Record {
    enum class Kind { statement, query };
    Kind kind = Kind::statement;
    bool is_skipped = false;
    bool must_fail = false;  // Of a statement.
    std::size_t line = 0;    // Of its first line, from 1.
    std::string sql;
    std::string types;
    std::string sort = "nosort";
    std::string label;
    std::vector<std::string> expected;
};

class Reader {
public:
    Reader(std::string_view text, std::string_view engine) : text_{text}, engine_{engine} {}

    // False: no more, or error() is not empty.
    bool next(Record& record) {
        record = {};
        std::string line;
        while (error_.empty() && take(line)) {
            std::istringstream words{line};
            std::string first;
            if (!(words >> first)) {
                record.is_skipped = false;
            } else if (first == "halt") {
                if (!record.is_skipped) return false;
                record.is_skipped = false;
            } else if (first == "hash-threshold") {
                record.is_skipped = false;
            } else if (first == "skipif" || first == "onlyif") {
                std::string name;
                words >> name;
                if ((name == engine_) == (first == "skipif")) record.is_skipped = true;
            } else if (first == "statement" || first == "query") {
                return read(first, words, record);
            } else {
                error_ = "line " + std::to_string(line_) + ": no record begins with " + first;
            }
        }
        return false;
    }
    [[nodiscard]] const std::string& error() const { return error_; }

private:
    bool read(const std::string& first, std::istringstream& words, Record& record) {
        record.line = line_;
        std::string word;
        words >> word;
        if (first == "statement") {
            record.must_fail = word == "error";
            if (!record.must_fail && word != "ok") return fail("neither ok nor error");
        } else {
            record.kind = Record::Kind::query;
            record.types = word;
            if (word.empty() || word.find_first_not_of("TIR") != std::string::npos)
                return fail("types other than T, I and R");
            if (words >> word) record.sort = word;
            if (words >> word) record.label = word;
            if (record.sort != "nosort" && record.sort != "rowsort" && record.sort != "valuesort")
                return fail("it cannot be sorted so");
        }
        bool has_expected = false;
        for (std::string line; take(line) && !line.empty();) {
            if (line == "----" && !has_expected && record.kind == Record::Kind::query) {
                has_expected = true;
            } else if (has_expected) {
                record.expected.push_back(line);
            } else {
                record.sql += (record.sql.empty() ? "" : "\n") + line;
            }
        }
        return true;
    }
    bool fail(const char* why) {
        error_ = "line " + std::to_string(line_) + ": " + why;
        return false;
    }
    // The next line that is no comment, without blanks at its end.
    bool take(std::string& line) {
        while (!text_.empty()) {
            const std::size_t size = std::min(text_.find('\n'), text_.size());
            line = text_.substr(0, size);
            text_.remove_prefix(std::min(size + 1, text_.size()));
            line_++;
            line.erase(line.find_last_not_of(" \t\r") + 1);
            if (line.empty() || line[0] != '#') return true;
        }
        return false;
    }

    std::string_view text_;
    std::string engine_;
    std::size_t line_ = 0;
    std::string error_;
};

struct Report {
    std::size_t record_count = 0;
    std::size_t passed_count = 0;
    std::size_t failed_count = 0;
    std::size_t skipped_count = 0;
    std::vector<std::string> failures;  // The first of them.

    static constexpr std::size_t failure_count_max = 10;

    void add(const Report& other) {
        record_count += other.record_count;
        passed_count += other.passed_count;
        failed_count += other.failed_count;
        skipped_count += other.skipped_count;
        for (const std::string& failure : other.failures)
            if (failures.size() < failure_count_max) failures.push_back(failure);
    }
    void fail(const std::string& failure) {
        failed_count++;
        if (failures.size() < failure_count_max) failures.push_back(failure);
    }
    [[nodiscard]] std::string line() const {
        return std::to_string(record_count) + " records, " + std::to_string(passed_count) +
               " passed, " + std::to_string(failed_count) + " failed, " +
               std::to_string(skipped_count) + " skipped";
    }
};

inline void sort(Rows& rows, const std::string& mode) {
    if (mode == "valuesort") std::sort(rows.values.begin(), rows.values.end());
    if (mode != "rowsort" || rows.column_count == 0) return;
    std::vector<std::vector<std::string>> all;
    for (auto at = rows.values.begin(); at != rows.values.end();) {
        const auto end = at + static_cast<std::ptrdiff_t>(rows.column_count);
        all.emplace_back(at, end);
        at = end;
    }
    std::sort(all.begin(), all.end());
    rows.values.clear();
    for (const auto& row : all) rows.values.insert(rows.values.end(), row.begin(), row.end());
}

inline std::string hash_line(const std::vector<std::string>& values) {
    test::Md5 md5;
    for (const std::string& value : values) {
        md5.update(value);
        md5.update("\n");
    }
    return std::to_string(values.size()) + " values hashing to " + md5.finish();
}

class Runner {
public:
    Runner(Engine& engine, std::string file) : engine_{engine}, file_{std::move(file)} {}

    // The whole script. `engine_name` is what skipif and onlyif ask for.
    Report run(std::string_view script, std::string_view engine_name) {
        Reader reader{script, engine_name};
        Record record;
        while (reader.next(record)) {
            report_.record_count++;
            if (record.is_skipped) {
                report_.skipped_count++;
                if (record.kind == Record::Kind::query) is_as_labelled(record, record.expected);
            } else if (record.kind == Record::Kind::statement) {
                statement(record);
            } else {
                query(record);
            }
        }
        if (!reader.error().empty()) report_.fail(file_ + ": " + reader.error());
        return report_;
    }

private:
    void statement(const Record& record) {
        const std::string error = engine_.execute(record.sql);
        if (error.empty() == !record.must_fail) {
            report_.passed_count++;
        } else {
            fail(record, record.must_fail ? "an error" : "no error",
                 error.empty() ? "none" : error);
        }
    }
    void query(const Record& record) {
        Rows rows;
        const std::string error = engine_.query(record.sql, record.types, rows);
        if (!error.empty()) return fail(record, shown(record.expected), error);
        if (rows.column_count != record.types.size()) {
            return fail(record, std::to_string(record.types.size()) + " columns",
                        std::to_string(rows.column_count));
        }
        sort(rows, record.sort);
        const std::vector<std::string>& expected = record.expected;
        const bool is_hash = expected.size() == 1 && expected[0] != "NULL" &&
                             expected[0].find(" values hashing to ") != std::string::npos;
        const std::vector<std::string> hash{hash_line(rows.values)};
        if (is_hash ? expected != hash : expected != rows.values)
            return fail(record, shown(expected),
                        (is_hash ? hash[0] + ": " : "") + shown(rows.values));
        if (!is_as_labelled(record, is_hash ? expected : rows.values))
            return fail(record, "what another query of label " + record.label + " gave",
                        shown(rows.values));
        report_.passed_count++;
    }
    // Of the first with a label, yes.
    bool is_as_labelled(const Record& record, const std::vector<std::string>& values) {
        if (record.label.empty()) return true;
        const bool is_hash =
            values.size() == 1 && values[0].find(" values hashing to ") != std::string::npos;
        const std::string hash = is_hash ? values[0] : hash_line(values);
        return labels_.emplace(record.label, hash).first->second == hash;
    }
    static std::string shown(const std::vector<std::string>& values) {
        constexpr std::size_t count_max = 20;
        std::string text;
        for (std::size_t i = 0; i < values.size() && i < count_max; i++)
            text += (i == 0 ? "" : " | ") + values[i];
        if (values.size() > count_max)
            text += " | ... " + std::to_string(values.size()) + " values";
        return values.empty() ? "no values" : text;
    }
    void fail(const Record& record, const std::string& expected, const std::string& got) {
        report_.fail(file_ + ":" + std::to_string(record.line) + "\n    " + record.sql +
                     "\n  expected: " + expected + "\n  got:      " + got);
    }

    Engine& engine_;
    std::string file_;
    Report report_;
    std::map<std::string, std::string> labels_;
};

}  // namespace freshet::slt

// SPDX-License-Identifier: MIT
// People and what they ordered, for the promises about tables: text in, text out.
#pragma once

#include "tests/database_fixture.hpp"

namespace freshet::test {

inline constexpr std::string_view people =
    "CREATE TABLE users (id INT PRIMARY KEY, name TEXT, age INT);"
    "INSERT INTO users VALUES (1, 'Ada', 36), (2, 'Grace', 85), (3, 'Alan', NULL);"
    "CREATE TABLE orders (id INT PRIMARY KEY, user INT, cents INT);"
    "INSERT INTO orders VALUES (10, 1, 500), (11, 1, 700), (12, 2, 900), (13, 9, 100);";

class People : public ::testing::Test {
protected:
    People() { EXPECT_EQ(db.run(people), "") << db.error.message(); }
    std::string run(std::string_view sql) { return db.run(sql); }
    std::string message() { return std::string{db.error.message()}; }
    // The same before and after everything was read from the log again.
    void expect(std::string_view sql, std::string_view answer) {
        EXPECT_EQ(run(sql), answer) << sql << ": " << message();
        db.open_again();
        EXPECT_EQ(run(sql), answer) << sql << ": " << message();
    }
    OpenDatabase db;
};

}  // namespace freshet::test

// SPDX-License-Identifier: MIT
// One function for each command: it does all of it, says what there is to say and returns the exit
// code.
#pragma once

#include "shell/options.hpp"

namespace freshet::shell {

int run_create(const Request& request) noexcept;
int run_append(const Request& request) noexcept;
int run_read(const Request& request) noexcept;
int run_log(const Request& request) noexcept;
int run_streams(const Request& request) noexcept;
int run_settings(const Request& request) noexcept;
int run_checkpoints(const Request& request) noexcept;
int run_verify(const Request& request) noexcept;
int run_snapshot(const Request& request) noexcept;
int run_stats(const Request& request) noexcept;
int run_head(const Request& request) noexcept;
int run_backup(const Request& request) noexcept;
int run_sql(const Request& request) noexcept;
int run_help(std::string_view topic) noexcept;
int run_version() noexcept;

}  // namespace freshet::shell

# SPDX-License-Identifier: MIT
# Builds into build/ (BUILD=), needs a C++20 compiler and make, and nothing else. `make help` lists the targets.
#
# Each kind of object has a folder of its own in BUILD (lib, program, sim, test, ...) with a file `flags` that
# changes when the compiler or its flags do; another compiler or sanitizer is the same Makefile with another BUILD.

ifeq ($(origin CXX),default)
CXX := $(if $(shell command -v g++),g++,clang++)
endif
AR ?= ar
BUILD ?= build
J ?= $(shell nproc 2>/dev/null || echo 2)
TIME ?= 60
SEED ?=
SIZE ?= 1
TARGET ?=
PEERS ?=
DIR ?=
SAN ?= address,undefined
CXXFLAGS ?=
LDFLAGS ?=

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Werror
HARDENING := -fstack-protector-strong $(if $(filter x86_64,$(shell uname -m)),-fcf-protection)
COMMON := -std=c++20 -g -fPIC -pthread -ffile-prefix-map=$(CURDIR)=. -Iinclude -Isrc -I. $(WARNINGS)
CORE := -fno-exceptions -fno-rtti -fno-semantic-interposition -ffunction-sections -fdata-sections
LINK := -pthread -Wl,-z,relro -Wl,-z,now -Wl,--as-needed -Wl,--gc-sections

# Nothing unwinds the library's stack; debuggers read -g.
STACK_USAGE := $(if $(findstring clang,$(CXX)),,-fstack-usage)
LIB_FLAGS := $(COMMON) $(CORE) -O2 -fno-asynchronous-unwind-tables $(HARDENING) $(STACK_USAGE) $(CXXFLAGS)
PROGRAM_FLAGS := $(LIB_FLAGS)
SIM_FLAGS := $(COMMON) -O2 $(CXXFLAGS)
# The library is tested as it is shipped, without RTTI, which UBSan's check of virtual tables would need. What g++
# says of std::regex when it sanitizes is a false alarm.
NO_ALARM := $(if $(findstring clang,$(CXX)),,-Wno-maybe-uninitialized)
SANITIZE := -fno-sanitize=vptr -fno-sanitize-recover=all -fno-omit-frame-pointer $(NO_ALARM)
SANITIZER := $(if $(SAN),-fsanitize=$(SAN) $(SANITIZE))
# What sanitizers know of each place in the source has addresses in it: linked where it will stand, none of them is written
# anew when a process begins, nor copied when one forks.
TEST_LINK = $(TEST_FLAGS) -no-pie
# With so much read ahead, a tenth of what g++ takes is looking for memory to use again.
NO_GARBAGE := $(if $(findstring clang,$(CXX)),,--param ggc-min-heapsize=1000000)
# Tests are compiled more often than they are run: half the time goes without -O1 and with less for debuggers. Of the
# library, what the simulator runs for long is optimized; fuzzers, which clang builds, want all of it so.
TEST_FLAGS := $(COMMON) -g1 -O1 -D_GLIBCXX_ASSERTIONS $(SANITIZER) $(NO_GARBAGE) $(CXXFLAGS)

# Where SQLite is installed, tests hold its answers beside ours; they find it by __has_include.
SQLITE = $(shell echo '\#include <sqlite3.h>' | $(CXX) -E -x c++ - > /dev/null 2>&1 && echo -lsqlite3)

LIB_SOURCES := $(wildcard $(addprefix src/,$(addsuffix /*.cpp,base disk log tree store relation query sql database)))
# What runs once a commit at most, or waits for the disk, or plans a statement, is made small; the rest is made fast.
SMALL_SOURCES := $(wildcard src/disk/*.cpp) src/base/sha256.cpp src/base/text.cpp src/base/utf8.cpp \
	src/base/time_text.cpp src/tree/checked_pages.cpp src/tree/cursor.cpp src/tree/pool.cpp src/tree/run_check.cpp src/tree/run_format.cpp src/tree/split.cpp \
	$(addprefix src/log/,commit.cpp format.cpp frame_check.cpp head.cpp note.cpp scan.cpp savepoint.cpp segments.cpp writer.cpp) \
	$(addprefix src/store/,append.cpp backup.cpp batch.cpp checkpoint.cpp describe.cpp follower.cpp gather.cpp log_cursor.cpp) \
	$(addprefix src/store/,upcaster.cpp mark.cpp match.cpp metadata.cpp open.cpp place.cpp read_on.cpp replay.cpp) \
	$(addprefix src/relation/,alter.cpp catalog.cpp catalog_view.cpp conflict.cpp definition.cpp definition_codec.cpp) \
	$(addprefix src/relation/,entry.cpp entry_images.cpp name.cpp row_finder.cpp row_images.cpp row_keeper.cpp type.cpp) \
	$(addprefix src/query/,open.cpp set.cpp subplan.cpp table_source.cpp) src/database/prepare.cpp src/database/row_check.cpp \
	$(filter-out src/sql/lexer.cpp src/sql/statement_hash.cpp,$(wildcard src/sql/*.cpp)) \
	$(addprefix src/database/,change_plan.cpp connection.cpp explain.cpp migrate.cpp pragma.cpp schema.cpp stream.cpp transaction.cpp) \
	$(addprefix src/query/,row_code.cpp shelf.cpp sorter.cpp spill.cpp spilled.cpp spilled_group.cpp spilled_join.cpp) \
	$(addprefix src/query/,function_text.cpp json_text.cpp log_walk.cpp) \
	$(addprefix src/relation/,commit_name.cpp convert.cpp entry_history.cpp layout.cpp pattern.cpp reference.cpp setting.cpp version_reader.cpp) \
	$(addprefix src/store/,replay_own.cpp row_search.cpp savepoint.cpp settings.cpp shown.cpp state.cpp verify.cpp work.cpp work_own.cpp)
PLAIN_SOURCES = $(if $(findstring clang,$(CXX)),,$(wildcard $(addprefix src/,$(addsuffix /*.cpp,sql query database shell))))
PROGRAM_SOURCES := $(wildcard src/shell/*.cpp)
SIM_SOURCES := $(filter-out sim/main.cpp,$(wildcard sim/*.cpp))
SIM_MAIN := $(wildcard sim/main.cpp)
TEST_SOURCES := $(wildcard tests/*_test.cpp)
FUZZ_TARGETS := $(patsubst fuzz/%_fuzz.cpp,%,$(wildcard fuzz/*_fuzz.cpp))

objects = $(patsubst %.cpp,$(BUILD)/$(1)/%.o,$(2))
LIB := $(BUILD)/libfreshet.a
SIM_LIB := $(if $(SIM_SOURCES),$(BUILD)/libfreshet_sim.a)
PROGRAM := $(if $(PROGRAM_SOURCES),$(BUILD)/freshet)
DEMO := $(if $(wildcard tests/demo.cpp),$(BUILD)/demo)
SIM := $(if $(SIM_MAIN),$(BUILD)/sim)
N ?= 200

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-print-directory
.PHONY: all lib demo kills slt durable check test replay fuzz fuzzers ingest sim mutants hashes symbols size bench coverage lint tsan format clean help FORCE
.PHONY: compare

all: $(LIB) $(PROGRAM) $(SIM_LIB)  ## the static library, the program, the simulator's library

lib: $(LIB)

# ---- objects ----

# $(1): folder in BUILD, $(2): its flags, $(3): objects, $(4): sources that have the flags $(5) too, the others $(6).
define kind
$(BUILD)/$(1)/flags: FORCE
	@mkdir -p $$(@D); echo '$(CXX) $(2) $(5) $(6) $(4)' | cmp -s - $$@ || echo '$(CXX) $(2) $(5) $(6) $(4)' > $$@
$(BUILD)/$(1)/%.o: %.cpp $(BUILD)/$(1)/flags
	@mkdir -p $$(@D) && echo '  $(CXX) $(1) $$<'
	@$(CXX) $(2) $$(if $$(filter $$<,$(4)),$(5),$(6)) -MMD -MP -c $$< -o $$@
-include $(3:.o=.d)
endef

LIB_OBJECTS := $(call objects,lib,$(LIB_SOURCES))
PROGRAM_OBJECTS := $(call objects,program,$(PROGRAM_SOURCES))
SIM_OBJECTS := $(call objects,simulator,$(SIM_SOURCES))
SIM_MAIN_OBJECT := $(call objects,simulator,$(SIM_MAIN))
TEST_LIB_OBJECTS := $(call objects,test-lib,$(LIB_SOURCES))
TEST_SHELL_OBJECTS := $(call objects,test-lib,$(filter-out src/shell/main.cpp,$(PROGRAM_SOURCES)))
TEST_OBJECTS := $(call objects,test,$(TEST_SOURCES) $(SIM_SOURCES) fuzz/repair.cpp fuzz/forge.cpp)
REPLAY_OBJECTS := $(call objects,test,$(wildcard fuzz/*.cpp))
FUZZ_OBJECTS := $(call objects,test,$(filter-out fuzz/replay.cpp %_fuzz.cpp,$(wildcard fuzz/*.cpp)) $(SIM_SOURCES)) \
	$(TEST_SHELL_OBJECTS) $(TEST_LIB_OBJECTS)

# A third of what the library takes to compile are headers of the standard library, and clang's half. What tests and
# gates alone compile reads them once (EARLY_LIB=1: all does); what is shipped does not, so that no source lacks an
# include. Compilers try all files in the folder.
EARLY_LIB ?=
STD := $(if $(findstring ccache,$(shell command -v $(CXX))),,$(BUILD)/early/std.hpp)
STD_HEADERS := algorithm array atomic bit cstddef cstdint cstring functional limits map memory new optional random \
	span string string_view type_traits utility vector
STD_IN_LIB := $(and $(EARLY_LIB),$(STD))
STD_IN_TESTS := $(if $(findstring clang,$(CXX)),,$(STD))

# $(1): folder in BUILD, $(2): name, $(3): flags, $(4): objects.
define early
$(4): $(STD).gch/$(2)
$(STD).gch/$(2): $(STD) $(BUILD)/$(1)/flags
	@mkdir -p $$(@D) && echo '  $(CXX) $(2) std.hpp' && $(CXX) $(3) -x c++-header $(STD) -o $$@
endef
$(BUILD)/early/std.hpp:
	@mkdir -p $(@D) && printf '#include <%s>\n' $(STD_HEADERS) > $@
ifneq ($(STD_IN_LIB),)
$(eval $(call early,lib,lib,$(filter-out $(STACK_USAGE),$(LIB_FLAGS)),$(LIB_OBJECTS) $(PROGRAM_OBJECTS)))
$(eval $(call early,lib,lib-small,$(filter-out $(STACK_USAGE),$(LIB_FLAGS)) -Oz $(CXXFLAGS),$(LIB_OBJECTS)))
$(eval $(call early,simulator,simulator,$(SIM_FLAGS),$(SIM_OBJECTS) $(SIM_MAIN_OBJECT)))
endif
ifneq ($(STD_IN_TESTS),)
$(eval $(call early,test,test,$(TEST_FLAGS),$(filter-out %_test.o,$(TEST_OBJECTS)) $(REPLAY_OBJECTS)))
$(eval $(call early,test-lib,test-lib,$(TEST_FLAGS) $(CORE),$(TEST_LIB_OBJECTS) $(TEST_SHELL_OBJECTS)))
$(eval $(call early,test-lib,test-lib-plain,$(TEST_FLAGS) $(CORE) -O0 $(CXXFLAGS),$(TEST_LIB_OBJECTS) $(TEST_SHELL_OBJECTS)))
endif

$(eval $(call kind,lib,$(LIB_FLAGS) $(addprefix -include ,$(STD_IN_LIB)),$(LIB_OBJECTS),$(SMALL_SOURCES),-Oz $(CXXFLAGS)))
$(eval $(call kind,program,$(PROGRAM_FLAGS) $(addprefix -include ,$(STD_IN_LIB)),$(PROGRAM_OBJECTS)))
$(eval $(call kind,simulator,$(SIM_FLAGS) $(addprefix -include ,$(STD_IN_LIB)),$(SIM_OBJECTS) $(SIM_MAIN_OBJECT) \
	$(call objects,simulator,$(addprefix tests/,demo.cpp kill.cpp acknowledge.cpp slt.cpp compare.cpp))))
$(eval $(call kind,test-lib,$(TEST_FLAGS) $(CORE) $(addprefix -include ,$(STD_IN_TESTS)), \
	$(TEST_LIB_OBJECTS) $(TEST_SHELL_OBJECTS),$(PLAIN_SOURCES),-O0 $(CXXFLAGS)))
# A third of what a test takes to compile is GoogleTest: g++ reads it once. A cache of compilers would keep no such tests.
EARLY := $(if $(findstring clang,$(CXX))$(findstring ccache,$(shell command -v $(CXX))),,$(BUILD)/early/gtest.hpp)
# Whether each pointer of a test's own points to something aligned is a quarter of what it takes to compile, and what
# the others of UBSan and ASan see anyway; of what the library has in headers, its own objects, which look at that too,
# are linked first.
UNCHECKED := $(if $(findstring undefined,$(SAN)),-fno-sanitize=null -fno-sanitize=alignment)
EARLY_FLAGS := -O0 $(UNCHECKED) $(CXXFLAGS) $(if $(EARLY),-I$(BUILD)/early -include gtest.hpp)
$(eval $(call kind,test,$(TEST_FLAGS),$(TEST_OBJECTS) $(REPLAY_OBJECTS),$(TEST_SOURCES),$(EARLY_FLAGS), \
	$(addprefix -include ,$(STD_IN_TESTS))))
ifneq ($(EARLY),)
$(call objects,test,$(TEST_SOURCES)): $(EARLY).gch
$(EARLY).gch: $(BUILD)/test/flags
	@mkdir -p $(@D) && echo '  $(CXX) gtest.hpp' && printf '#include <%s>\n' gtest/gtest.h array map string vector > $(EARLY)
	@$(CXX) $(TEST_FLAGS) -O0 $(UNCHECKED) $(CXXFLAGS) -I$(BUILD)/early -x c++-header $(EARLY) -o $@
endif

# ---- products ----

$(LIB): $(LIB_OBJECTS)
	@rm -f $@ && $(AR) rcsD $@ $^ && echo '  $@'

$(BUILD)/libfreshet_sim.a: $(SIM_OBJECTS)
	@rm -f $@ && $(AR) rcsD $@ $^ && echo '  $@'

$(BUILD)/freshet: $(PROGRAM_OBJECTS) $(LIB)
	@$(CXX) $(PROGRAM_FLAGS) $^ $(LINK) $(LDFLAGS) -o $@ && echo '  $@'

$(BUILD)/sim: $(SIM_MAIN_OBJECT) $(SIM_LIB) $(LIB)
	@$(CXX) $(SIM_FLAGS) $^ $(LINK) $(LDFLAGS) -o $@ && echo '  $@'

$(BUILD)/demo: $(call objects,simulator,tests/demo.cpp) $(LIB)
	@$(CXX) $(SIM_FLAGS) $^ $(LINK) $(LDFLAGS) -o $@ && echo '  $@'

$(BUILD)/kills: $(call objects,simulator,tests/kill.cpp) $(LIB)
	@$(CXX) $(SIM_FLAGS) $^ $(LINK) $(LDFLAGS) -o $@ && echo '  $@'

$(BUILD)/acknowledge: $(call objects,simulator,tests/acknowledge.cpp) $(LIB)
	@$(CXX) $(SIM_FLAGS) $^ $(LINK) $(LDFLAGS) -o $@ && echo '  $@'

$(BUILD)/slt: $(call objects,simulator,tests/slt.cpp) $(LIB)
	@$(CXX) $(SIM_FLAGS) $^ $(LINK) $(SQLITE) $(LDFLAGS) -o $@ && echo '  $@'

$(BUILD)/ingest: $(call objects,simulator,tests/ingest.cpp)
	@$(CXX) $(SIM_FLAGS) $^ $(LINK) $(LDFLAGS) -o $@ && echo '  $@'

$(BUILD)/tests: $(TEST_LIB_OBJECTS) $(TEST_SHELL_OBJECTS) $(TEST_OBJECTS)
	@$(CXX) $(TEST_LINK) $^ -lgtest_main -lgtest $(SQLITE) -pthread $(LDFLAGS) -o $@ && echo '  $@'

$(BUILD)/compare: $(call objects,simulator,tests/compare.cpp) $(LIB)
	@$(CXX) $(SIM_FLAGS) $^ -lgtest $(SQLITE) $(LINK) $(LDFLAGS) -o $@ && echo '  $@'

# Of which a replay links what it needs, and not all.
$(BUILD)/fuzz.a: $(FUZZ_OBJECTS)
	@rm -f $@ && $(AR) rcsDT $@ $^

$(BUILD)/replay/%: $(BUILD)/test/fuzz/%_fuzz.o $(BUILD)/test/fuzz/replay.o $(BUILD)/fuzz.a
	@mkdir -p $(@D) && $(CXX) $(TEST_LINK) $^ -pthread $(LDFLAGS) -o $@ && echo '  $@'

$(BUILD)/fuzzer/%: $(BUILD)/test/fuzz/%_fuzz.o $(FUZZ_OBJECTS)
	@mkdir -p $(@D) && $(CXX) $(TEST_FLAGS) -fsanitize=fuzzer $^ -pthread $(LDFLAGS) -o $@ && echo '  $@'

# ---- what people call ----

demo: all $(DEMO)  ## the main job on real input, step by step, in under a minute
	@sh tests/demo.sh $(BUILD)

check:  ## build, tests under sanitizers, gates, and whatever else is installed
	@MAKE='$(MAKE)' CXX='$(CXX)' BUILD='$(BUILD)' SAN='$(SAN)' J='$(J)' bash tests/gates/check.sh

test: $(BUILD)/tests $(PROGRAM)  ## the tests alone, under SAN= (address,undefined)
	@FRESHET='$(PROGRAM)' bash tests/shards.sh $(BUILD)/tests $(J)

replay: $(addprefix $(BUILD)/replay/,$(FUZZ_TARGETS))  ## replay the seeds of the fuzzers, with any compiler
	@for target in $(FUZZ_TARGETS); do $(BUILD)/replay/$$target fuzz/seeds/$$target || exit 1; done

fuzzers: $(addprefix $(BUILD)/fuzzer/,$(FUZZ_TARGETS))

fuzz:  ## fuzz TARGET= (all of them) for TIME= seconds each
	@MAKE='$(MAKE)' BUILD='$(BUILD)' J='$(J)' TIME='$(TIME)' SEED='$(SEED)' \
		bash fuzz/run.sh $(if $(TARGET),$(TARGET),$(FUZZ_TARGETS))

ingest: $(PROGRAM) $(BUILD)/ingest  ## put SIZE= GB of events through 64 MiB of memory; 10 take minutes
	@BUILD='$(BUILD)' SIZE='$(SIZE)' bash tests/ingest.sh

sim: $(SIM)  ## simulate crashes and faults for TIME= seconds, from SEED=
	@$(if $(SIM),$(SIM) --time $(TIME) $(if $(SEED),--seed $(SEED)),echo 'there is no simulator here')

compare: $(BUILD)/compare  ## compare N= (200) SQL queries with SQLite and by rules of SQL, from SEED=
	@BUILD='$(BUILD)' N='$(N)' SEED='$(or $(SEED),1)' bash tests/compare.sh

kills: $(BUILD)/kills  ## kill -9 a writing process N= (200) times, with a follower beside it
	@BUILD='$(BUILD)' N='$(N)' SEED='$(or $(SEED),1)' bash tests/kill.sh

slt: $(BUILD)/slt  ## run the *.test files of sqllogictest below DIR=, each in a store of its own
	@$(BUILD)/slt --jobs $(J) $(DIR)

durable: $(BUILD)/acknowledge  ## strace N= (200) commits: each acknowledgement comes after a sync that covers it
	@BUILD='$(BUILD)' N='$(N)' bash tests/gates/durable.sh

mutants:  ## plant each known bug in turn; the simulator must find it
	@MAKE='$(MAKE)' CXX='$(CXX)' BUILD='$(BUILD)' J='$(J)' bash sim/mutants.sh

hashes:  ## the simulated lives of SEEDS= (10000) seeds end in the same bytes with every compiler
	@MAKE='$(MAKE)' BUILD='$(BUILD)' J='$(J)' bash tests/gates/hashes.sh

symbols:  ## the archive needs no C++ runtime and no malloc: nm, and a C program linked by cc
	@MAKE='$(MAKE)' BUILD='$(BUILD)' J='$(J)' bash tests/gates/symbols.sh

size:  ## sizes: the code of a small program, the deepest stack frames, the public structs
	@MAKE='$(MAKE)' CXX='$(CXX)' BUILD='$(BUILD)' J='$(J)' bash tests/gates/size.sh

bench: $(LIB)  ## measure, beside SQLite if installed; PEERS= folder of a harness with other peers
	@MAKE='$(MAKE)' CXX='$(CXX)' BUILD='$(BUILD)' PEERS='$(PEERS)' bash tests/bench/run.sh

coverage:  ## lines and branches of src/log, src/tree and src/store that the tests reach (needs clang)
	@MAKE='$(MAKE)' BUILD='$(BUILD)' J='$(J)' bash tests/gates/coverage.sh

lint:  ## clang-tidy, cppcheck, floors, banned names
	@BUILD='$(BUILD)' J='$(J)' bash tests/gates/lint.sh

tsan:  ## the tests under ThreadSanitizer
	@$(MAKE) BUILD=$(BUILD)/tsan SAN=thread test

format:  ## clang-format in place
	@clang-format -i $(wildcard include/freshet/*.hpp src/*/*.?pp sim/*.?pp fuzz/*.?pp tests/*.?pp tests/*/*.?pp)

clean:  ## remove BUILD
	@rm -rf $(BUILD)

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-16s%s\n", $$1, $$2 }'
	@echo 'variables: CXX CXXFLAGS LDFLAGS SAN TIME SEED N TARGET DIR PEERS J BUILD'

/* crown-fuzz.h: what a fuzz target is
 *
 * With -Dfuzzing=true and clang each target is a libFuzzer program. In every other build crown-fuzz-main.c runs it over its
 * seeds and a bounded number of mutations of them, so that it is compiled and tried in each test run.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

/* Good inputs, to begin with: strings, ended by NULL. */
extern const char *const crown_fuzz_seeds[];

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

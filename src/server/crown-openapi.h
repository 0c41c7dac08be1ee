/* crown-openapi.h: docs/openapi.json, as it is served
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

extern const char crown_openapi_json[];

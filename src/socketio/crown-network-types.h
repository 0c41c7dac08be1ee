/* crown-network-types.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

void crown_network_types_ensure (void);

G_END_DECLS

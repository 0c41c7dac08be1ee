/* crown-assistant.h: a language model that a person has chosen to write the minutes
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "analysis/crown-transcript.h"

G_BEGIN_DECLS

/* Immutable; atomic reference count. */
typedef struct _CrownAssistant CrownAssistant;

CrownAssistant *crown_assistant_new    (const char             *url,
                                        const char             *model,
                                        const char             *key,
                                        guint                   timeout_seconds,
                                        GError                **error);
CrownAssistant *crown_assistant_ref    (CrownAssistant         *self);
void            crown_assistant_unref  (CrownAssistant         *self);
void            crown_assistant_cancel (CrownAssistant         *self);
void            crown_assistant_reset  (CrownAssistant         *self);
const char     *crown_assistant_model  (CrownAssistant         *self);
gboolean        crown_assistant_refine (CrownAssistant         *self,
                                        const CrownTranscript  *transcript,
                                        JsonObject             *analysis,
                                        GError                **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrownAssistant, crown_assistant_unref)

G_END_DECLS

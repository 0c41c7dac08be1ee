/* crown-ledger-verifier.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-ledger-verifier.h"

#include <string.h>

#include "core/crown-event-apply.h"
#include "core/crown-json.h"
#include "crown-server-error.h"

#define PAGE 1000

static const CrownStore stores[] = {
  CROWN_STORE_MEETINGS, CROWN_STORE_TASKS, CROWN_STORE_ANALYTICS, CROWN_STORE_METADATA
};

/* What the events of a stream say its rows are. */
typedef struct {
  const char      *stream;
  CrownStreamHead  walked;
  GHashTable      *rows;   /* "tasks/12" → JsonObject */
  guint64          emptied[CROWN_N_EVENT_TYPES]; /* the last event without content that none supersedes yet; 0: none */
} Walk;

G_GNUC_PRINTF (3, 4) static gboolean
fail (GError     **error,
      const Walk  *walk,
      const char  *format,
      ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *what = g_strdup_vprintf (format, args);
  va_end (args);

  g_set_error (error, CROWN_SERVER_ERROR, CROWN_SERVER_ERROR_LEDGER, "%s: %s", walk->stream, what);
  return FALSE;
}

static char *
row_key (CrownStore  store,
         const char *id)
{
  return g_strconcat (crown_store_to_string (store), "/", id, NULL);
}

/* Makes the row again from the event, and compares it with what the event says of it. */
static gboolean
walk_row (Walk                 *walk,
          const CrownEnvelope  *envelope,
          GError              **error)
{
  const CrownEventInfo *info = crown_event_info (envelope->type);
  char hex[CROWN_CHECKSUM_HEX_LENGTH + 1] = "";
  g_autoptr (JsonObject) after = NULL;
  g_autofree char *id = NULL;

  if (crown_envelope_is_tombstone (envelope) || info->effect == CROWN_EFFECT_NONE || info->effect == CROWN_EFFECT_INVALIDATE)
    return TRUE;

  id = info->store == CROWN_STORE_METADATA
    ? g_strdup (info->metadata_key)
    : g_strdup_printf ("%" G_GINT64_FORMAT, crown_event_row_id (info, envelope->data));

  g_autofree char *key = row_key (info->store, id);

  if (!crown_event_apply_row (info, envelope->data, g_hash_table_lookup (walk->rows, key), &after, error) ||
      (after != NULL && !crown_checksum_object (after, hex, error)))
    {
      g_prefix_error (error, "%s: event %" G_GUINT64_FORMAT ": ", walk->stream, envelope->sequence);
      return FALSE;
    }

  if (g_strcmp0 (envelope->checksum != NULL ? envelope->checksum : "", hex) != 0)
    return fail (error, walk, "event %" G_GUINT64_FORMAT " does not make the row %s that its checksum is of",
                 envelope->sequence, key);

  if (after != NULL)
    g_hash_table_insert (walk->rows, g_steal_pointer (&key), g_steal_pointer (&after));
  else
    g_hash_table_remove (walk->rows, key);
  return TRUE;
}

/* Without content may be what a later event of the type says again: when that has come, the rows are as with it. */
static gboolean
walk_content (Walk                 *walk,
              const CrownEnvelope  *envelope,
              GError              **error)
{
  const CrownEventInfo *info = crown_event_info (envelope->type);

  if (crown_envelope_is_tombstone (envelope))
    {
      walk->emptied[info->type] = envelope->sequence;
      return TRUE;
    }

  walk->emptied[info->type] = 0;
  if (!crown_event_check_payload (info, envelope->data, error))
    {
      g_prefix_error (error, "%s: event %" G_GUINT64_FORMAT ": ", walk->stream, envelope->sequence);
      return FALSE;
    }

  return TRUE;
}

static gboolean
walk_event (Walk                    *walk,
            const CrownLedgerEvent  *event,
            gboolean                 from_the_start,
            GError                 **error)
{
  const CrownEnvelope *envelope = event->envelope;
  const CrownEventInfo *info = crown_event_info (envelope->type);

  if (envelope->sequence != walk->walked.sequence + 1)
    return fail (error, walk, "event %" G_GUINT64_FORMAT " is missing", walk->walked.sequence + 1);

  if (!walk_content (walk, envelope, error))
    return FALSE;

  for (guint i = 0; i < CROWN_N_NAMESPACES; i++)
    {
      CrownNamespaces ns = (CrownNamespaces) (1u << i);
      guint index = crown_namespace_index (ns);

      if (from_the_start && event->prev[index] != walk->walked.prev[index])
        return fail (error, walk, "event %" G_GUINT64_FORMAT " says %" G_GUINT64_FORMAT " comes before it in %s, it is %"
                     G_GUINT64_FORMAT, envelope->sequence, event->prev[index], crown_namespace_to_string (ns),
                     walk->walked.prev[index]);

      if (info->namespaces & ns)
        walk->walked.prev[index] = envelope->sequence;
    }

  walk->walked.sequence = envelope->sequence;
  return !from_the_start || walk_row (walk, envelope, error);
}

static gboolean
verify_store (CrownEventLedger   *ledger,
              Walk               *walk,
              CrownStore          store,
              gboolean            from_the_start,
              CrownLedgerReport  *report,
              GError            **error)
{
  const char *store_name = crown_store_to_string (store);
  g_autoptr (GPtrArray) rows = crown_event_ledger_list_rows (ledger, walk->stream, store, NULL, 0, error);
  CrownDigest sum = CROWN_DIGEST_INIT;
  CrownDigest digest;
  guint64 count;

  if (rows == NULL)
    return FALSE;

  for (guint i = 0; i < rows->len; i++)
    {
      const CrownLedgerRow *row = g_ptr_array_index (rows, i);
      g_autofree char *key = row_key (store, row->id);
      char hex[CROWN_CHECKSUM_HEX_LENGTH + 1];
      CrownDigest part;

      crown_checksum_bytes (row->json, strlen (row->json), hex);
      if (strcmp (hex, row->checksum) != 0)
        return fail (error, walk, "row %s has another checksum than its content", key);

      if (from_the_start)
        {
          JsonObject *made = g_hash_table_lookup (walk->rows, key);

          if (made == NULL || !crown_checksum_object (made, hex, NULL) || strcmp (hex, row->checksum) != 0)
            return fail (error, walk, "row %s is not what its events make of it", key);

          g_hash_table_remove (walk->rows, key);
        }

      crown_digest_of_row (store_name, row->id, row->checksum, &part);
      crown_digest_add (&sum, &part);
    }

  if (!crown_event_ledger_load_digest (ledger, walk->stream, store, &count, &digest, error))
    return FALSE;

  if (count != rows->len || !crown_digest_equal (&sum, &digest))
    return fail (error, walk, "the digest of %s is not that of its %u rows", store_name, rows->len);

  report->n_rows += rows->len;
  return TRUE;
}

static gboolean
verify_stream (CrownEventLedger   *ledger,
               const char         *stream,
               CrownLedgerReport  *report,
               GError            **error)
{
  g_autoptr (GHashTable) made =
    g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) json_object_unref);
  Walk walk = { .stream = stream, .rows = made };
  CrownStreamHead head;
  GHashTableIter iter;
  gpointer key;

  if (!crown_event_ledger_load_head (ledger, stream, &head, error))
    return FALSE;

  /* Above a floor the beginning is gone: order can be checked, but not what the events made of nothing. */
  gboolean from_the_start = head.floor == 0;

  walk.walked.sequence = head.floor;
  for (;;)
    {
      g_autoptr (GPtrArray) events =
        crown_event_ledger_load_events (ledger, stream, 0, walk.walked.sequence, PAGE, error);

      if (events == NULL)
        return FALSE;

      if (events->len == 0)
        break;

      for (guint i = 0; i < events->len; i++)
        {
          if (!walk_event (&walk, g_ptr_array_index (events, i), from_the_start, error))
            return FALSE;
        }

      report->n_events += events->len;
    }

  if (walk.walked.sequence > head.sequence)
    return fail (error, &walk, "the head says %" G_GUINT64_FORMAT " is the last event, it is %" G_GUINT64_FORMAT,
                 head.sequence, walk.walked.sequence);

  if (walk.walked.sequence < head.sequence)
    return fail (error, &walk, "event %" G_GUINT64_FORMAT " is missing", walk.walked.sequence + 1);

  for (guint i = 0; i < G_N_ELEMENTS (walk.emptied); i++)
    {
      if (walk.emptied[i] > 0)
        return fail (error, &walk, "event %" G_GUINT64_FORMAT " has no content, and no later one supersedes it",
                     walk.emptied[i]);
    }

  for (guint i = 0; from_the_start && i < CROWN_N_NAMESPACES; i++)
    {
      if (walk.walked.prev[i] != head.prev[i])
        return fail (error, &walk, "the stream's head is wrong in %s", crown_namespace_to_string (1u << i));
    }

  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    {
      if (!verify_store (ledger, &walk, stores[i], from_the_start, report, error))
        return FALSE;
    }

  g_hash_table_iter_init (&iter, made);
  if (g_hash_table_iter_next (&iter, &key, NULL))
    return fail (error, &walk, "row %s is missing", (const char *) key);

  report->n_streams++;
  return TRUE;
}

/**
 * crown_ledger_verify:
 * @report: (out): what was looked at, as far as it came
 * @error: (out) (optional): %CROWN_SERVER_ERROR_LEDGER with the first thing that is wrong, or the database's
 *
 * Walks every stream: its events are in order without a gap, each says rightly what came before it in each namespace,
 * none but superseded ones is without content, made again from nothing they give exactly the rows that are stored, and the
 * digests are those of the rows. Sees one moment of a ledger that is in use.
 *
 * Returns: %TRUE if nothing is wrong
 */
gboolean
crown_ledger_verify (CrownEventLedger   *ledger,
                     CrownLedgerReport  *report,
                     GError            **error)
{
  *report = (CrownLedgerReport) { 0 };

  if (!crown_event_ledger_check (ledger, error) || !crown_event_ledger_begin (ledger, FALSE, error))
    return FALSE;

  g_auto (GStrv) streams = crown_event_ledger_list_streams (ledger, error);
  gboolean ok = streams != NULL;

  for (guint i = 0; ok && streams[i] != NULL; i++)
    ok = verify_stream (ledger, streams[i], report, error);

  crown_event_ledger_rollback (ledger);
  return ok;
}

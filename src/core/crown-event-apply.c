/* crown-event-apply.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-core"

#include "crown-event-apply.h"

#include "crown-json.h"

/* A person's reminders, the newest last: older ones stay in the ledger. */
#define REMINDERS_KEPT 100

static gboolean
need_row (const CrownEventInfo  *info,
          JsonObject            *data,
          JsonObject            *before,
          GError               **error)
{
  if (before != NULL)
    return TRUE;
  g_set_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_NO_ROW, "%s: there is no row %" G_GINT64_FORMAT " in %s",
               info->name, crown_event_row_id (info, data), crown_store_to_string (info->store));

  return FALSE;
}

static JsonObject *
put (const CrownEventInfo *info,
     JsonObject           *data)
{
  JsonObject *row = crown_json_opt_object (data, info->row_member);

  return row != NULL ? json_object_ref (row) : NULL;
}

/* @row: (transfer full): is changed and given back */
static JsonObject *
merge (JsonObject *row,
       JsonObject *updates)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (updates == NULL)
    return row;
  json_object_iter_init_ordered (&iter, updates);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    json_object_set_member (row, name, json_node_copy (node));

  return row;
}

static JsonObject *
archive (JsonObject *data,
         JsonObject *row)
{
  json_object_set_boolean_member (row, "archived", TRUE);
  json_object_set_string_member (row, "status", "archived");
  json_object_set_int_member (row, "archived_by", crown_json_opt_int (data, "archived_by", 0));
  json_object_set_string_member (row, "archived_at", crown_json_opt_string (data, "timestamp", ""));

  return row;
}

/* A row of metadata: {key, value, updated_at}. */
static JsonObject *
metadata_row (const CrownEventInfo *info,
              JsonObject           *data,
              JsonNode             *value)
{
  JsonObject *after = json_object_new ();

  json_object_set_string_member (after, "key", info->metadata_key);
  json_object_set_member (after, "value", value);
  json_object_set_string_member (after, "updated_at", crown_json_opt_string (data, "timestamp", ""));

  return after;
}

static JsonNode *
member_of_payload (const CrownEventInfo *info,
                   JsonObject           *data)
{
  JsonNode *node;

  if (info->row_member == NULL)
    return json_node_init_object (json_node_alloc (), data);
  node = json_object_get_member (data, info->row_member);

  return node != NULL ? json_node_copy (node) : json_node_init_null (json_node_alloc ());
}

static JsonObject *
append (const CrownEventInfo *info,
        JsonObject           *data,
        JsonObject           *before)
{
  g_autoptr (JsonArray) list = json_array_new ();
  JsonArray *old = before != NULL ? crown_json_opt_array (before, "value") : NULL;
  guint n_old = old != NULL ? json_array_get_length (old) : 0;

  for (guint i = n_old >= REMINDERS_KEPT ? n_old - REMINDERS_KEPT + 1 : 0; i < n_old; i++)
    json_array_add_element (list, json_node_copy (json_array_get_element (old, i)));
  json_array_add_element (list, member_of_payload (info, data));

  return metadata_row (info, data, json_node_init_array (json_node_alloc (), list));
}

/* @own: whether nobody else has @before, so that it may become @after */
static gboolean
apply (const CrownEventInfo  *info,
       JsonObject            *data,
       JsonObject            *before,
       gboolean               own,
       JsonObject           **after,
       GError               **error)
{
  JsonObject *(*begin) (JsonObject *row) = own ? json_object_ref : crown_json_object_copy;

  *after = NULL;

  switch (info->effect)
    {
    case CROWN_EFFECT_PUT:
      if (!(*after = put (info, data)))
        {
          g_set_error (error, CROWN_EVENT_ERROR, CROWN_EVENT_ERROR_PAYLOAD, "%s: %s is missing", info->name,
                       info->row_member);
          return FALSE;
        }
      return TRUE;

    case CROWN_EFFECT_MERGE:
      if (!need_row (info, data, before, error))
        return FALSE;
      *after = merge (begin (before), crown_json_opt_object (data, "updates"));
      return TRUE;

    case CROWN_EFFECT_ARCHIVE:
      if (!need_row (info, data, before, error))
        return FALSE;
      *after = archive (data, begin (before));
      return TRUE;

    case CROWN_EFFECT_DELETE:
      return need_row (info, data, before, error);

    case CROWN_EFFECT_SET:
      *after = metadata_row (info, data, member_of_payload (info, data));
      return TRUE;

    case CROWN_EFFECT_APPEND:
      *after = append (info, data, before);
      return TRUE;

    case CROWN_EFFECT_NONE:
    case CROWN_EFFECT_INVALIDATE:
      break;
    }

  *after = before != NULL ? json_object_ref (before) : NULL;
  return TRUE;
}

gboolean
crown_event_apply_row (const CrownEventInfo  *info,
                       JsonObject            *data,
                       JsonObject            *before,
                       JsonObject           **after,
                       GError               **error)
{
  return apply (info, data, before, FALSE, after, error);
}

gboolean
crown_event_apply_own_row (const CrownEventInfo  *info,
                           JsonObject            *data,
                           JsonObject            *before,
                           JsonObject           **after,
                           GError               **error)
{
  return apply (info, data, before, TRUE, after, error);
}

gint64
crown_event_row_id (const CrownEventInfo *info,
                    JsonObject           *data)
{
  JsonObject *holder = info->effect == CROWN_EFFECT_PUT ? crown_json_opt_object (data, info->row_member) : data;

  if (info->id_member == NULL || holder == NULL)
    return 0;

  return crown_json_opt_int (holder, info->id_member, 0);
}

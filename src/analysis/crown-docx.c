/* crown-docx.c: the text of a Word document, in which Microsoft Teams gives out its transcripts
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-analysis"

#include "crown-analysis-private.h"

#include "core/crown-limits.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define DOCUMENT_NAME "word/document.xml"
#define UNPACKED_MAX  (4 * (gsize) CROWN_IMPORT_MAX_BYTES) /* XML is longer than its text; a bomb is longer still */
#define ENTRIES_MAX   1000
#define BLOCK_BYTES   65536

gboolean
crown_docx_is_one (const char *data,
                   gsize       length)
{
  return length >= 4 && memcmp (data, "PK\3\4", 4) == 0;
}

static void
set_error (GError     **error,
           const char  *reason)
{
  g_set_error (error, CROWN_TRANSCRIPT_ERROR, CROWN_TRANSCRIPT_ERROR_FORMAT, "line 1: %s", reason);
}

static GString *
read_entry (struct archive  *archive,
            GError         **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *block = g_malloc (BLOCK_BYTES);
  la_ssize_t n;

  while ((n = archive_read_data (archive, block, BLOCK_BYTES)) > 0)
    {
      if (text->len + (gsize) n > UNPACKED_MAX)
        {
          g_set_error_literal (error, CROWN_TRANSCRIPT_ERROR, CROWN_TRANSCRIPT_ERROR_TOO_LARGE,
                               "its text is too large");
          return NULL;
        }
      g_string_append_len (text, block, n);
    }
  if (n < 0)
    {
      set_error (error, "the document is damaged");
      return NULL;
    }
  return g_steal_pointer (&text);
}

static GString *
unpack (const char  *data,
        gsize        length,
        GError     **error)
{
  struct archive *archive = archive_read_new ();
  struct archive_entry *entry;
  GString *text = NULL;
  guint n_entries = 0;
  int status = ARCHIVE_OK;

  archive_read_support_format_zip (archive);
  if (archive_read_open_memory (archive, data, length) == ARCHIVE_OK)
    while (text == NULL && n_entries++ < ENTRIES_MAX &&
           (status = archive_read_next_header (archive, &entry)) == ARCHIVE_OK)
      {
        const char *name = archive_entry_pathname (entry);

        if (name != NULL && strcmp (name, DOCUMENT_NAME) == 0)
          {
            text = read_entry (archive, error);
            break;
          }
      }
  if (text == NULL && (error == NULL || *error == NULL))
    set_error (error, status == ARCHIVE_EOF ? "it is an archive, and no Word document" : "the archive is damaged");
  archive_read_free (archive);
  return text;
}

typedef struct {
  GString *text;
  guint    in_text; /* how many w:t are open */
} Document;

/* "w:p" → "p" */
static const char *
local_name (const char *name)
{
  const char *colon = strchr (name, ':');

  return colon != NULL ? colon + 1 : name;
}

static void
start_element (GMarkupParseContext  *context,
               const char           *name,
               const char          **attribute_names,
               const char          **attribute_values,
               gpointer              data,
               GError              **error)
{
  Document *document = data;

  name = local_name (name);
  if (strcmp (name, "t") == 0)
    document->in_text++;
  else if (strcmp (name, "br") == 0 || strcmp (name, "cr") == 0)
    g_string_append_c (document->text, '\n');
  else if (strcmp (name, "tab") == 0)
    g_string_append (document->text, "  ");
}

static void
end_element (GMarkupParseContext  *context,
             const char           *name,
             gpointer              data,
             GError              **error)
{
  Document *document = data;

  name = local_name (name);
  if (strcmp (name, "t") == 0)
    document->in_text--;
  else if (strcmp (name, "p") == 0)
    g_string_append_c (document->text, '\n');
}

static void
add_text (GMarkupParseContext  *context,
          const char           *text,
          gsize                 length,
          gpointer              data,
          GError              **error)
{
  Document *document = data;

  if (document->in_text > 0)
    g_string_append_len (document->text, text, (gssize) length);
}

/* The paragraphs of a Word document's XML, each on a line. */
char *
crown_docx_text_of_xml (const char  *xml,
                        gsize        length,
                        GError     **error)
{
  static const GMarkupParser parser = { start_element, end_element, add_text, NULL, NULL };
  g_autoptr (GError) local_error = NULL;
  Document document = { g_string_new (NULL), 0 };
  g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, &document, NULL);

  if (!g_markup_parse_context_parse (context, xml, (gssize) length, &local_error) ||
      !g_markup_parse_context_end_parse (context, &local_error))
    {
      int line;

      g_markup_parse_context_get_position (context, &line, NULL);
      g_set_error (error, CROWN_TRANSCRIPT_ERROR, CROWN_TRANSCRIPT_ERROR_FORMAT, "line %d: the document is damaged",
                   line);
      g_string_free (document.text, TRUE);
      return NULL;
    }
  return g_string_free (document.text, FALSE);
}

char *
crown_docx_to_text (const char  *data,
                    gsize        length,
                    GError     **error)
{
  g_autoptr (GString) xml = unpack (data, length, error);

  return xml != NULL ? crown_docx_text_of_xml (xml->str, xml->len, error) : NULL;
}

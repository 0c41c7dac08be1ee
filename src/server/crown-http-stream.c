/* crown-http-stream.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-server"

#include "crown-http-stream.h"

#include "socketio/crown-eio-server.h"

#include <string.h>

#define INPUT_KEY "crown-http-input"

/* Answered to nobody, and not kept for another one after it. */
static const char FAREWELL[] = "OPTIONS * HTTP/1.0\r\n\r\n";

#define CROWN_TYPE_HTTP_INPUT (crown_http_input_get_type ())
G_DECLARE_FINAL_TYPE (CrownHttpInput, crown_http_input, CROWN, HTTP_INPUT, GFilterInputStream)

#define CROWN_TYPE_HTTP_OUTPUT (crown_http_output_get_type ())
G_DECLARE_FINAL_TYPE (CrownHttpOutput, crown_http_output, CROWN, HTTP_OUTPUT, GFilterOutputStream)

struct _CrownHttpInput
{
  GFilterInputStream  parent_instance;

  gboolean            idle;
  gboolean            ended;    /* the farewell was or is being read */
  const char         *farewell; /* (nullable): what is left of it */
};

struct _CrownHttpOutput
{
  GFilterOutputStream  parent_instance;

  CrownHttpInput      *input;
};

static void crown_http_input_pollable_init  (GPollableInputStreamInterface *iface);
static void crown_http_output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CrownHttpInput, crown_http_input, G_TYPE_FILTER_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, crown_http_input_pollable_init))
G_DEFINE_FINAL_TYPE_WITH_CODE (CrownHttpOutput, crown_http_output, G_TYPE_FILTER_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM, crown_http_output_pollable_init))

/* Reading */

static GPollableInputStream *
get_input_below (gpointer stream)
{
  return G_POLLABLE_INPUT_STREAM (g_filter_input_stream_get_base_stream (G_FILTER_INPUT_STREAM (stream)));
}

static gboolean
input_is_readable (GPollableInputStream *stream)
{
  return CROWN_HTTP_INPUT (stream)->farewell != NULL || g_pollable_input_stream_is_readable (get_input_below (stream));
}

static GSource *
input_create_source (GPollableInputStream *stream,
                     GCancellable         *cancellable)
{
  g_autoptr (GSource) below = g_pollable_input_stream_create_source (get_input_below (stream), NULL);

  return g_pollable_source_new_full (stream, below, cancellable);
}

static gssize
read_farewell (CrownHttpInput *self,
               void           *buffer,
               gsize           count)
{
  gsize n = MIN (count, strlen (self->farewell));

  memcpy (buffer, self->farewell, n);
  self->farewell += n;
  if (*self->farewell == '\0')
    self->farewell = NULL;

  return (gssize) n;
}

static gssize
input_read_nonblocking (GPollableInputStream  *stream,
                        void                  *buffer,
                        gsize                  count,
                        GError               **error)
{
  CrownHttpInput *self = CROWN_HTTP_INPUT (stream);
  g_autoptr (GError) local_error = NULL;
  gssize n;

  if (self->farewell != NULL)
    return read_farewell (self, buffer, count);

  n = g_pollable_input_stream_read_nonblocking (get_input_below (stream), buffer, count, NULL, &local_error);
  if (n > 0)
    {
      self->idle = FALSE;
      return n;
    }
  if (self->idle && !self->ended && !g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      self->ended = TRUE;
      self->farewell = FAREWELL;
      return read_farewell (self, buffer, count);
    }
  if (local_error != NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));

  return n;
}

static void
crown_http_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = input_is_readable;
  iface->create_source = input_create_source;
  iface->read_nonblocking = input_read_nonblocking;
}

static void
crown_http_input_class_init (CrownHttpInputClass *klass)
{
}

static void
crown_http_input_init (CrownHttpInput *self)
{
  self->idle = TRUE;
}

/* Writing */

static GPollableOutputStream *
get_output_below (gpointer stream)
{
  return G_POLLABLE_OUTPUT_STREAM (g_filter_output_stream_get_base_stream (G_FILTER_OUTPUT_STREAM (stream)));
}

static gboolean
output_is_writable (GPollableOutputStream *stream)
{
  return CROWN_HTTP_OUTPUT (stream)->input->ended || g_pollable_output_stream_is_writable (get_output_below (stream));
}

static GSource *
output_create_source (GPollableOutputStream *stream,
                      GCancellable          *cancellable)
{
  g_autoptr (GSource) below = g_pollable_output_stream_create_source (get_output_below (stream), NULL);

  return g_pollable_source_new_full (stream, below, cancellable);
}

static gssize
output_write_nonblocking (GPollableOutputStream  *stream,
                          const void             *buffer,
                          gsize                   count,
                          GError                **error)
{
  /* Nobody reads the answer to the farewell. */
  if (CROWN_HTTP_OUTPUT (stream)->input->ended)
    return (gssize) count;

  return g_pollable_output_stream_write_nonblocking (get_output_below (stream), buffer, count, NULL, error);
}

static void
crown_http_output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = output_is_writable;
  iface->create_source = output_create_source;
  iface->write_nonblocking = output_write_nonblocking;
}

static void
crown_http_output_finalize (GObject *object)
{
  g_clear_object (&CROWN_HTTP_OUTPUT (object)->input);

  G_OBJECT_CLASS (crown_http_output_parent_class)->finalize (object);
}

static void
crown_http_output_class_init (CrownHttpOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = crown_http_output_finalize;
}

static void
crown_http_output_init (CrownHttpOutput *self)
{
}

GIOStream *
crown_http_stream_new (GIOStream *connection)
{
  g_autoptr (CrownHttpInput) input =
    g_object_new (CROWN_TYPE_HTTP_INPUT, "base-stream", g_io_stream_get_input_stream (connection), NULL);
  g_autoptr (CrownHttpOutput) output =
    g_object_new (CROWN_TYPE_HTTP_OUTPUT, "base-stream", g_io_stream_get_output_stream (connection), NULL);
  GIOStream *stream = g_simple_io_stream_new (G_INPUT_STREAM (input), G_OUTPUT_STREAM (output));

  output->input = g_object_ref (input);
  g_object_set_data_full (G_OBJECT (stream), CROWN_EIO_STREAM_BELOW, g_object_ref (connection), g_object_unref);
  g_object_set_data (G_OBJECT (stream), INPUT_KEY, input);

  return stream;
}

void
crown_http_stream_set_idle (GIOStream *stream,
                            gboolean   idle)
{
  CROWN_HTTP_INPUT (g_object_get_data (G_OBJECT (stream), INPUT_KEY))->idle = idle;
}

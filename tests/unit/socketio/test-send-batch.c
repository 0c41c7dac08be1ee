/* test-send-batch.c: writes that share a call to the kernel do what writes of their own do
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "socketio/crown-send-batch.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Few have a call each, many share a ring where the kernel gives one, most need several calls. */
static const guint counts[] = { 1, 7, 40, 400 };

typedef struct Sender Sender;
struct Sender {
  CrownSendBatch *batch;
  CrownSend       send;
  int             ends[2];  /* the first sends */
  const char     *parts[3]; /* what is left to be sent, up to a NULL */
  gssize          result;
  guint           n_sent;
  Sender         *again;    /* is added from the callback */
  Sender         *removed;  /* is taken out in it */
};

static guint
fill (gpointer      user_data,
      struct iovec *vectors,
      guint         max)
{
  Sender *sender = user_data;
  guint n = 0;

  for (; n < max && sender->parts[n] != NULL; n++)
    vectors[n] = (struct iovec) { (gpointer) sender->parts[n], strlen (sender->parts[n]) };

  return n;
}

static void
sent (gpointer user_data,
      gssize   result)
{
  Sender *sender = user_data;

  sender->result = result;
  sender->n_sent++;
  if (sender->again != NULL)
    crown_send_batch_add (sender->batch, &g_steal_pointer (&sender->again)->send);
  if (sender->removed != NULL)
    crown_send_batch_remove (sender->batch, &sender->removed->send);
}

static const CrownSendFuncs funcs = { .fill = fill, .sent = sent };

static Sender *
senders_new (CrownSendBatch *batch,
             guint           n)
{
  Sender *senders = g_new0 (Sender, n);

  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, senders[i].ends), ==, 0);
      senders[i].batch = batch;
      senders[i].send = (CrownSend) { &funcs, &senders[i], senders[i].ends[0], 0 };
      senders[i].parts[0] = i % 2 == 0 ? "even" : "odd";
      senders[i].parts[1] = i % 3 == 0 ? ", third" : NULL;
      crown_send_batch_add (batch, &senders[i].send);
    }

  return senders;
}

static void
senders_free (Sender *senders,
              guint   n)
{
  for (guint i = 0; i < n; i++)
    {
      close (senders[i].ends[0]);
      close (senders[i].ends[1]);
    }
  g_free (senders);
}

static void
assert_received (Sender     *sender,
                 const char *expected)
{
  char text[64] = "";

  g_assert_cmpint (recv (sender->ends[1], text, sizeof text - 1, MSG_DONTWAIT), ==,
                   *expected == '\0' ? -1 : (gssize) strlen (expected));
  g_assert_cmpstr (text, ==, expected);
}

static void
test_all (gconstpointer data)
{
  guint n = GPOINTER_TO_UINT (data);
  g_autoptr (CrownSendBatch) batch = crown_send_batch_new ();
  Sender *senders = senders_new (batch, n);

  /* Once more is once. */
  crown_send_batch_add (batch, &senders[0].send);
  for (int round = 1; round <= 2; round++)
    {
      crown_send_batch_run (batch);
      for (guint i = 0; i < n; i++)
        {
          g_autofree char *expected = g_strconcat (i % 2 == 0 ? "even" : "odd", i % 3 == 0 ? ", third" : "", NULL);

          g_assert_cmpint (senders[i].result, ==, strlen (expected));
          g_assert_cmpuint (senders[i].n_sent, ==, round);
          assert_received (&senders[i], expected);
          crown_send_batch_add (batch, &senders[i].send);
        }
    }
  senders_free (senders, n);
}

/* The last is gone, the one before it takes nothing: neither changes what happens to the others. */
static void
test_trouble (gconstpointer data)
{
  guint n = GPOINTER_TO_UINT (data);
  g_autoptr (CrownSendBatch) batch = crown_send_batch_new ();
  Sender *senders = senders_new (batch, n + 2);
  char fill_up[4096] = "";

  while (send (senders[n].ends[0], fill_up, sizeof fill_up, MSG_DONTWAIT) > 0)
    ;
  shutdown (senders[n + 1].ends[1], SHUT_RDWR);
  crown_send_batch_run (batch);

  for (guint i = 0; i < n; i++)
    g_assert_cmpint (senders[i].result, >=, 3);
  g_assert_cmpint (senders[n].result, ==, 0);
  g_assert_cmpint (senders[n + 1].result, ==, -EPIPE);
  senders_free (senders, n + 2);
}

static void
test_changes_while_it_runs (gconstpointer data)
{
  guint n = GPOINTER_TO_UINT (data);
  g_autoptr (CrownSendBatch) batch = crown_send_batch_new ();
  Sender *senders = senders_new (batch, n + 2);

  /* The first's end takes the last with it, which may have been written already: it must not hear of that. */
  senders[0].again = &senders[0];
  senders[0].removed = &senders[n + 1];
  crown_send_batch_remove (batch, &senders[n].send);
  crown_send_batch_run (batch);

  assert_received (&senders[0], "even, thirdeven, third");
  g_assert_cmpuint (senders[0].n_sent, ==, 2);
  g_assert_cmpuint (senders[n].n_sent, ==, 0);
  assert_received (&senders[n], "");
  g_assert_cmpuint (senders[n + 1].n_sent, ==, 0);
  for (guint i = 1; i < n; i++)
    g_assert_cmpuint (senders[i].n_sent, ==, 1);
  senders_free (senders, n + 2);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      static const struct {
        const char    *name;
        GTestDataFunc  func;
      } cases[] = {
        { "all", test_all },
        { "trouble", test_trouble },
        { "changes-while-it-runs", test_changes_while_it_runs },
      };

      for (guint j = 0; j < G_N_ELEMENTS (cases); j++)
        {
          g_autofree char *path = g_strdup_printf ("/send-batch/%s/%u", cases[j].name, counts[i]);

          g_test_add_data_func (path, GUINT_TO_POINTER (counts[i]), cases[j].func);
        }
    }

  return g_test_run ();
}

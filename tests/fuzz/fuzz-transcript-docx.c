/* fuzz-transcript-docx.c: the XML of a Word document becomes UTF-8, or is refused with a reason
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "crown-fuzz.h"

#include "analysis/crown-analysis-private.h"

const char *const crown_fuzz_seeds[] = {
  "<w:document><w:body><w:p><w:r><w:t>Ada Lovelace   0:03</w:t><w:br/><w:t>Good "
  "morning.</w:t></w:r></w:p></w:body></w:document>",
  "<w:document><w:p><w:r><w:t>0:0:3.0 --&gt; 0:0:9.45</w:t></w:r></w:p><w:p><w:t>Ada</w:t></w:p><w:p><w:t>Hi &amp; "
  "hello.</w:t></w:p>"
  "</w:document>",
  "<?xml version=\"1.0\"?><d><p><t>Ada:</t><tab/><t>Hi.</t><cr/></p></d>",
  NULL,
};

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = crown_docx_text_of_xml ((const char *) data, size, &error);

  if ((text == NULL) != (error != NULL))
    g_error ("A document was refused without a reason, or with one and read");
  if (text != NULL && g_utf8_validate (text, -1, NULL))
    {
      g_autoptr (CrownTranscript) transcript = crown_transcript_read_lines (text, NULL);
    }

  return 0;
}

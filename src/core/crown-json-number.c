/* crown-json-number.c: a double as ECMAScript prints it
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "crown-core"

#include "crown-json.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Integers below 2^53 are exact, and print without an exponent below 1e21: digits are enough. */
#define EXACT_INTEGER_MAX 9007199254740992.0

static gsize
format_integer (guint64  value,
                gboolean negative,
                char    *buffer)
{
  char digits[24];
  gsize n = 0;
  gsize length = 0;

  do
    {
      digits[n++] = (char) ('0' + value % 10);
      value /= 10;
    }
  while (value > 0);

  if (negative)
    buffer[length++] = '-';
  while (n > 0)
    buffer[length++] = digits[--n];
  buffer[length] = '\0';

  return length;
}

/* The digits of a number of few decimals, such as most are: 0.85, 78.5. Both the whole number and the power of ten are
 * exact as doubles, so that their quotient is what the decimal reads back as; and no two decimals of up to 15 digits are
 * the same double.
 * Returns: 0 where the number is not of that kind. */
static int
few_decimals (double value,
              char   digits[24],
              int   *point)
{
  static const double powers[] = { 10, 100, 1000, 10000 };

  for (guint i = 0; i < G_N_ELEMENTS (powers); i++)
    {
      gint64 whole = (gint64) (value * powers[i] + 0.5);
      int n_digits;

      if ((double) whole / powers[i] != value)
        continue;
      n_digits = (int) format_integer ((guint64) whole, FALSE, digits);
      *point = n_digits - (int) i - 1;
      return n_digits;
    }

  return 0;
}

/* The fewest digits that read back as @value, without sign, point or exponent; @point is the position of the decimal
 * point behind the first of them (ECMAScript's n). */
static int
shortest_digits (double value,
                 char   digits[24],
                 int   *point)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  int n_digits = 0;
  int unused;
  const char *exponent;

  if (value >= 1e-3 && value < 1e9 && (n_digits = few_decimals (value, digits, point)) > 0)
    return n_digits;

  /* A decimal of up to 15 digits survives the way through a double, so where there is a short form it stands before the
   * zeros of the 15-digit one. Subnormal numbers have fewer digits than that to give: there all lengths are tried. */
  for (int precision = value < DBL_MIN ? 1 : 15; precision <= 17; precision++)
    {
      char format[8];

      g_snprintf (format, sizeof format, "%%.%de", precision - 1);
      g_ascii_formatd (text, sizeof text, format, value);
      if (g_ascii_strtod (text, NULL) == value)
        break;
    }

  /* Above a power of two the doubles lie twice as far apart as below it: there a 16-digit decimal that is not the nearest
   * one may still read back, and is shorter than the 17-digit one. */
  if (frexp (value, &unused) == 0.5 && value >= DBL_MIN)
    {
      char shorter[G_ASCII_DTOSTR_BUF_SIZE];
      guint64 whole;

      g_ascii_formatd (shorter, sizeof shorter, "%.15e", value);
      exponent = strchr (shorter, 'e');
      whole = (guint64) (shorter[0] - '0') * G_GUINT64_CONSTANT (1000000000000000) + g_ascii_strtoull (shorter + 2, NULL, 10) + 1;
      g_snprintf (shorter, sizeof shorter, "%" G_GUINT64_FORMAT "e%d", whole,
                  (int) g_ascii_strtoll (exponent + 1, NULL, 10) - 15);
      if (strcspn (text, "e") == strlen ("d.dddddddddddddddd") && g_ascii_strtod (shorter, NULL) == value)
        {
          *point = (int) g_ascii_strtoll (strchr (shorter, 'e') + 1, NULL, 10) + 16;
          for (const char *p = shorter; *p != 'e'; p++)
            digits[n_digits++] = *p;
          return n_digits;
        }
    }

  exponent = strchr (text, 'e');
  for (const char *p = text; p < exponent; p++)
    if (g_ascii_isdigit (*p))
      digits[n_digits++] = *p;
  while (n_digits > 1 && digits[n_digits - 1] == '0')
    n_digits--;
  *point = (int) g_ascii_strtoll (exponent + 1, NULL, 10) + 1;

  return n_digits;
}

/**
 * crown_json_format_number:
 * @value: a finite number
 * @buffer: (out caller-allocates): room for at least 32 bytes
 *
 * ECMAScript's Number::toString, which RFC 8785 takes for numbers. Any thread.
 *
 * Returns: the length without the final NUL
 */
gsize
crown_json_format_number (double  value,
                          char   *buffer)
{
  char digits[24] = "0"; /* at -O3 gcc does not see that there is always a first digit */
  int n_digits, point;
  char *out = buffer;

  if (value == 0) /* also -0 */
    {
      memcpy (buffer, "0", 2);
      return 1;
    }
  if (fabs (value) < EXACT_INTEGER_MAX && value == (double) (gint64) value)
    return format_integer ((guint64) fabs (value), value < 0, buffer);

  if (value < 0)
    {
      *out++ = '-';
      value = -value;
    }
  n_digits = shortest_digits (value, digits, &point);

  if (point > 0 && point <= 21)
    {
      for (int i = 0; i < MAX (n_digits, point); i++)
        {
          if (i == point)
            *out++ = '.';
          *out++ = i < n_digits ? digits[i] : '0';
        }
    }
  else if (point > -6 && point <= 0)
    {
      *out++ = '0';
      *out++ = '.';
      for (int i = point; i < 0; i++)
        *out++ = '0';
      memcpy (out, digits, (gsize) n_digits);
      out += n_digits;
    }
  else
    {
      *out++ = digits[0];
      if (n_digits > 1)
        {
          *out++ = '.';
          memcpy (out, digits + 1, (gsize) n_digits - 1);
          out += n_digits - 1;
        }
      *out++ = 'e';
      *out++ = point > 0 ? '+' : '-';
      out += format_integer ((guint64) ABS (point - 1), FALSE, out);
    }
  *out = '\0';

  return (gsize) (out - buffer);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "model/yaml_text.h"

#include <string.h>

#include "base/escape.h"
#include "base/macro.h"

#define DIRECTIVES_MAX 64u

static unsigned decode_utf8(const char *s, size_t len)
{
	static const unsigned char first_mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	unsigned c = (unsigned char)s[0] & first_mask[len];

	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

/* Why this character may not stand in a baseline, or NULL. */
static const char *why_refused(unsigned c, const char *next, size_t left)
{
	if (c == '\r' && (left == 0 || *next != '\n'))
		return "a carriage return that does not end a line";
	if (c == 0x85 || c == 0x2028 || c == 0x2029)
		return "a line break that not every YAML reader takes for one";
	if (c == 0)
		return "a NUL byte";
	if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f ||
	    (c >= 0x80 && c < 0xa0))
		return "a control character";
	if (c == 0xfeff)
		return "a byte order mark inside the text";
	if (c == 0xfffe || c == 0xffff)
		return "not a character";
	return NULL;
}

static bool is_utf16(const hf_source *source)
{
	return source->len >= 2 && (memcmp(source->text, "\xff\xfe", 2) == 0 ||
				    memcmp(source->text, "\xfe\xff", 2) == 0);
}

/* libyaml compares each of these directives with all before it: of very many it would
 * not come to an end. No baseline needs one; a line of a quoted text may look like one.
 */
static bool is_tag_directive(hf_mark mark, const char *p, const char *end)
{
	return mark.column == 1 && end - p >= 4 && memcmp(p, "%TAG", 4) == 0;
}

bool hf_yaml_text_check(const hf_source *source, hf_diags *diags)
{
	const char *p = source->text, *end = p + source->len;
	hf_mark mark = { source, 1, 1 };
	unsigned n_directives = 0;

	if (is_utf16(source)) {
		hf_diag_add(diags, HF_DIAG_ERROR, (hf_mark){ source, 0, 0 },
			    "convert it: iconv -f UTF-16 -t UTF-8",
			    "the file is UTF-16; a baseline is UTF-8");
		return false;
	}
	if (source->len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	while (p < end) {
		const char *run = p, *why;
		unsigned c;
		size_t n;

		if (is_tag_directive(mark, p, end) && ++n_directives > DIRECTIVES_MAX) {
			hf_diag_error(diags, mark,
				      "more than %u %%TAG lines, and a baseline has no "
				      "tags",
				      DIRECTIVES_MAX);
			return false;
		}
		while (p < end && *p >= ' ' && *p < 0x7f) /* nearly all there is */
			p++;
		mark.column += (unsigned)(p - run);
		if (p == end)
			break;
		n = hf_utf8_len(p, (size_t)(end - p));
		c = n ? decode_utf8(p, n) : 0;
		why = n ? why_refused(c, p + n, (size_t)(end - p) - n) : "not UTF-8";
		if (why && n) {
			hf_diag_error(diags, mark, "%s: U+%04X", why, c);
			return false;
		}
		if (why) {
			hf_diag_error(diags, mark, "%s: byte 0x%02x", why,
				      (unsigned)(unsigned char)*p);
			return false;
		}
		if (c == '\n') {
			mark.line++;
			mark.column = 0;
		}
		mark.column++;
		p += n;
	}
	return true;
}

/* libyaml's words, ours, and the place that helps: where it noticed, where the thing
 * began, or both. */
static const struct {
	const char *problem;
	const char *context; /* NULL: any */
	const char *message;
	const char *hint; /* or NULL */
	enum { HERE, BEGUN, OPENED } place;
} problems[] = {
	{ "could not find expected ':'", NULL, "expected ':' after this key", NULL,
	  BEGUN },
	{ "mapping values are not allowed in this context", NULL,
	  "a ':' is not expected here",
	  "quote a text that holds ': ', and check the indentation", HERE },
	{ "mapping keys are not allowed in this context", NULL,
	  "a '?' key is not expected here", "quote a text that begins with '? '", HERE },
	{ "block sequence entries are not allowed in this context", NULL,
	  "a '- ' item is not expected here",
	  "begin a list on the line below its key, and quote a text that begins with '- "
	  "'",
	  HERE },
	{ "found character that cannot start any token", NULL,
	  "no value can begin with this character",
	  "quote a text that begins with '@', '`' or '%'", HERE },
	{ "found unexpected end of stream", NULL, "this quoted text is never closed",
	  NULL, BEGUN },
	{ "found unexpected document indicator", NULL, "this quoted text is never closed",
	  NULL, BEGUN },
	{ "found unknown escape character", NULL, "unknown escape after '\\'",
	  "in single quotes a backslash is just a backslash", HERE },
	{ "did not find expected hexdecimal number", NULL,
	  "expected hexadecimal digits after this escape", NULL, HERE },
	{ "found invalid Unicode character escape code", NULL,
	  "this escape is no Unicode character", NULL, HERE },
	{ "found a tab character that violates indentation", NULL,
	  "a tab in the indentation", "indent with blanks", HERE },
	{ "found a tab character where an indentation space is expected", NULL,
	  "a tab in the indentation", "indent with blanks", HERE },
	{ "did not find expected key", NULL, "expected a key, or the end of the mapping",
	  "keys of one mapping begin in one column; a text that goes on after its "
	  "closing "
	  "quote must be quoted as a whole",
	  HERE },
	{ "did not find expected '-' indicator", NULL,
	  "expected '- ', or the end of the list",
	  "items of one list begin in one column", HERE },
	{ "did not find expected ',' or ']'", NULL, "expected ',' or ']'",
	  "a list opened with '[' may lack its end; quote texts that hold commas or "
	  "brackets",
	  OPENED },
	{ "did not find expected ',' or '}'", NULL, "expected ',' or '}'",
	  "a mapping opened with '{' may lack its end; quote texts that hold commas or "
	  "braces",
	  OPENED },
	{ "did not find expected node content", NULL, "expected a value", NULL, HERE },
	{ "did not find expected <document start>", NULL,
	  "the document ended above; nothing may follow it", NULL, HERE },
	{ "did not find expected alphabetic or numeric character",
	  "while scanning an alias", "expected a name after '*'",
	  "quote a text that begins with '*'", BEGUN },
	{ "did not find expected alphabetic or numeric character",
	  "while scanning an anchor", "expected a name after '&'",
	  "quote a text that begins with '&'", BEGUN },
	{ "did not find expected comment or line break", "while scanning a block scalar",
	  "only a comment may follow '|' or '>' on its line", NULL, HERE },
	{ "found undefined tag handle", NULL, "a baseline has no tags",
	  "quote a text that begins with '!'", HERE },
	{ "found incompatible YAML document", NULL, "only YAML 1.1 and 1.2 are read",
	  NULL, HERE },
	{ "found unknown directive name", NULL, "unknown directive",
	  "quote a text that begins with '%'", BEGUN },
	{ "found unexpected ':'", NULL, "a ':' is not expected here",
	  "quote a text that holds ':' inside '[' or '{'", HERE },
};

static void report(hf_diags *diags, hf_mark mark, hf_mark context_mark,
		   const char *context, size_t i)
{
	if (problems[i].place == OPENED && context)
		hf_diag_add(diags, HF_DIAG_ERROR, mark, problems[i].hint,
			    "%s, for the '%c' of line %u", problems[i].message,
			    problems[i].message[strlen(problems[i].message) - 2] == ']'
				    ? '['
				    : '{',
			    context_mark.line);
	else
		hf_diag_add(diags, HF_DIAG_ERROR,
			    problems[i].place == BEGUN && context ? context_mark : mark,
			    problems[i].hint, "%s", problems[i].message);
}

static bool is_tab(hf_mark mark)
{
	size_t len;
	const char *line = hf_diag_source_line(mark, &len);

	return mark.column && mark.column <= len && line[mark.column - 1] == '\t';
}

void hf_yaml_text_problem(hf_diags *diags, hf_mark mark, hf_mark context_mark,
			  const char *context, const char *problem)
{
	if (!problem)
		problem = "not YAML";
	if (is_tab(mark) &&
	    strcmp(problem, "found character that cannot start any token") == 0)
		problem = "found a tab character that violates indentation";
	for (size_t i = 0; i < ARRAY_SIZE(problems); i++) {
		if (strcmp(problems[i].problem, problem) != 0)
			continue;
		if (problems[i].context &&
		    (!context || strcmp(context, problems[i].context) != 0))
			continue;
		report(diags, mark, context_mark, context, i);
		return;
	}
	hf_diag_error(diags, mark, "not valid YAML: %s%s%s", context ? context : "",
		      context ? ": " : "", problem);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "model/resolved.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define FLOW_WIDTH 80 /* a list of words that fits is written in one line */

/* May the text stand without quotes and mean itself to every YAML reader? Said narrowly:
 * words and numbers; what a reader takes for true, null or a number keeps its spelling
 * because the text of a plain scalar is all that counts here. */
static bool is_plain_word(const char *s)
{
	if (*s == '-' && isdigit((unsigned char)s[1]))
		s++;
	if (!*s || !(isalnum((unsigned char)*s) || *s == '/' || *s == '_'))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._/-+", *s))
			return false;
	return true;
}

static void add_quoted(hf_strbuf *out, const char *s)
{
	hf_strbuf_addc(out, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			hf_strbuf_addf(out, "\\%c", c);
		else if (c == '\n')
			hf_strbuf_adds(out, "\\n");
		else if (c == '\t')
			hf_strbuf_adds(out, "\\t");
		else if (c < 0x20 || c == 0x7f)
			hf_strbuf_addf(out, "\\x%02x", c);
		else if (c == 0xc2 &&
			 (unsigned char)s[1] < 0xa0) /* C1: U+0080 to U+009F */
			hf_strbuf_addf(out, "\\x%02x", (unsigned char)*++s);
		else if (strncmp(s, "\xe2\x80\xa8", 3) == 0 ||
			 strncmp(s, "\xe2\x80\xa9", 3) == 0) {
			hf_strbuf_addf(out, "\\u20%x", (unsigned char)s[2] - 0x80);
			s += 2;
		} else if (strncmp(s, "\xef\xbb\xbf", 3) == 0) {
			hf_strbuf_adds(out, "\\ufeff");
			s += 2;
		} else {
			hf_strbuf_addc(out, (char)c);
		}
	}
	hf_strbuf_addc(out, '"');
}

static void add_scalar(hf_strbuf *out, const hf_node *node)
{
	if (hf_node_is_null(node))
		hf_strbuf_adds(out, "null");
	else if (node->plain && is_plain_word(node->text))
		hf_strbuf_adds(out, node->text);
	else
		add_quoted(out, node->text);
}

/* A word that stands for itself: a key, an id. */
static void add_key(hf_strbuf *out, const char *key)
{
	hf_node word = { .type = HF_NODE_SCALAR, .text = key, .plain = true };

	/* a key such as "null" was quoted, else it would not be here */
	if (is_plain_word(key) && !hf_node_is_null(&word))
		hf_strbuf_adds(out, key);
	else
		add_quoted(out, key);
}

static bool is_scalar_list(const hf_node *node)
{
	for (size_t i = 0; i < node->n; i++)
		if (node->items[i]->type != HF_NODE_SCALAR)
			return false;
	return true;
}

/* A list of scalars in one line, if it fits. */
static bool add_flow(hf_strbuf *out, const hf_node *node)
{
	cleanup_(hf_strbuf_done) hf_strbuf line = { 0 };

	if (node->n && !is_scalar_list(node))
		return false;
	hf_strbuf_addc(&line, '[');
	for (size_t i = 0; i < node->n && line.len <= FLOW_WIDTH; i++) {
		if (i)
			hf_strbuf_adds(&line, ", ");
		add_scalar(&line, node->items[i]);
	}
	hf_strbuf_addc(&line, ']');
	out->oom |= line.oom;
	if (line.len > FLOW_WIDTH)
		return false;
	hf_strbuf_add(out, hf_strbuf_str(&line), line.len);
	return true;
}

static void add_node(hf_strbuf *out, const hf_node *node, unsigned indent, bool first);

static void add_indent(hf_strbuf *out, unsigned indent)
{
	hf_strbuf_addf(out, "%*s", (int)(indent * 2), "");
}

/* What follows "key:" or "-": on the same line, or below it. */
static void add_value(hf_strbuf *out, const hf_node *node, unsigned indent)
{
	if (node->type == HF_NODE_SCALAR) {
		hf_strbuf_addc(out, ' ');
		add_scalar(out, node);
		hf_strbuf_addc(out, '\n');
		return;
	}
	if (node->n == 0 || node->type == HF_NODE_SEQUENCE) {
		size_t len = out->len;

		hf_strbuf_addc(out, ' ');
		if (node->type == HF_NODE_MAPPING ? (hf_strbuf_adds(out, "{}"), true)
						  : add_flow(out, node)) {
			hf_strbuf_addc(out, '\n');
			return;
		}
		if (hf_strbuf_ok(out))
			out->len = len;
	}
	hf_strbuf_addc(out, '\n');
	add_node(out, node, indent + 1, false);
}

/* A collection, block style. @first: the cursor stands where the first line begins. */
static void add_node(hf_strbuf *out, const hf_node *node, unsigned indent, bool first)
{
	for (size_t i = 0; i < node->n; i++) {
		const hf_node *item = node->items[i];

		if (!first || i)
			add_indent(out, indent);
		if (node->type == HF_NODE_MAPPING) {
			add_key(out, node->keys[i]->text);
			hf_strbuf_addc(out, ':');
			add_value(out, item, indent);
			continue;
		}
		hf_strbuf_addc(out, '-');
		if (item->type == HF_NODE_MAPPING && item->n) {
			hf_strbuf_addc(out, ' ');
			add_node(out, item, indent + 1, true);
		} else {
			add_value(out, item, indent);
		}
	}
}

/* A final text ("${" is itself) as it must be written to be read as such again. */
static void add_text(hf_strbuf *out, unsigned indent, const char *key, const char *text)
{
	cleanup_(hf_strbuf_done) hf_strbuf literal = { 0 };
	const char *p;

	if (!text)
		return;
	while ((p = strstr(text, "${"))) {
		hf_strbuf_add(&literal, text, (size_t)(p - text));
		hf_strbuf_adds(&literal, "$${");
		text = p + 2;
	}
	hf_strbuf_adds(&literal, text);
	out->oom |= literal.oom;
	hf_strbuf_addf(out, "%*s%s: ", (int)(indent * 2), "", key);
	add_quoted(out, hf_strbuf_str(&literal));
	hf_strbuf_addc(out, '\n');
}

/* Name, title and version of what was asked for: of several baselines, joined. */
static void add_head(const hf_model *model, hf_strbuf *out)
{
	cleanup_(hf_strbuf_done) hf_strbuf name = { 0 }, title = { 0 };
	const char *version = NULL;
	unsigned n = 0;

	for (size_t i = 0; i < model->n_baselines; i++) {
		const hf_baseline *b = model->baselines[i];

		if (!b->requested)
			continue;
		hf_strbuf_addf(&name, "%s%s", n ? "-" : "", b->name);
		hf_strbuf_addf(&title, "%s%s", n ? ", " : "", b->title);
		version = n++ ? NULL : b->version;
	}
	out->oom |= name.oom || title.oom;
	hf_strbuf_adds(out, "holdfast: 1\nname: ");
	add_key(out, hf_strbuf_str(&name));
	hf_strbuf_addc(out, '\n');
	add_text(out, 0, "title", hf_strbuf_str(&title));
	add_text(out, 0, "version", version);
	if (model->has_restart)
		hf_strbuf_addf(out, "restart: %s\n", hf_restart_name(model->restart));
}

static void add_select(const hf_model *model, hf_strbuf *out)
{
	bool any = false;

	for (size_t i = 0; i < model->n_controls; i++) {
		const hf_control *c = model->controls[i];

		if (c->own_selected)
			continue;
		if (!any)
			hf_strbuf_adds(out, "select:\n  skip:\n");
		any = true;
		hf_strbuf_adds(out, "    - ");
		add_key(out, c->id);
		hf_strbuf_addc(out, '\n');
	}
}

static void add_waivers(const hf_model *model, hf_strbuf *out)
{
	if (model->n_waivers)
		hf_strbuf_adds(out, "waivers:\n");
	for (size_t i = 0; i < model->n_waivers; i++) {
		const hf_waiver *w = model->waivers[i];

		hf_strbuf_adds(out, "  - control: ");
		add_key(out, w->control);
		hf_strbuf_addc(out, '\n');
		for (size_t k = 0; k < w->n_hosts; k++) {
			hf_strbuf_adds(out, k ? ", " : "    hosts: [");
			add_quoted(out, w->hosts[k]);
		}
		if (w->n_hosts)
			hf_strbuf_adds(out, "]\n");
		add_text(out, 2, "reason", w->reason);
		add_text(out, 2, "approved_by", w->approved_by);
		add_text(out, 2, "until", w->until);
	}
}

int hf_model_resolved(const hf_model *model, hf_strbuf *out)
{
	add_head(model, out);
	add_select(model, out);
	hf_strbuf_adds(out, "controls:\n");
	for (size_t i = 0; i < model->n_controls; i++) {
		hf_strbuf_adds(out, "  - ");
		add_node(out, model->controls[i]->node, 2, true);
	}
	add_waivers(model, out);
	return hf_strbuf_ok(out) ? 0 : -ENOMEM;
}

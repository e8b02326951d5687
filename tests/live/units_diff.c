/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units as this library reads them from disk, against what systemd's manager has loaded:
 * whether they are loaded at all, their drop-ins, and the command of ExecStart.
 *
 *	units_diff <NAMES	a line for each difference, then a summary; 1 if any
 *
 * What differs on purpose is counted, not complained about: see reasons[].
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "host/host.h"
#include "host/sd.h"
#include "kinds/units/units_observe.h"
#include "kinds/units/units_view.h"

#define NAME "org.freedesktop.systemd1"
#define UNIT_IFACE NAME ".Unit"
#define SERVICE_IFACE NAME ".Service"

enum {
	SEVERAL,
	OF_HOST,
	UNSENT,
	N_REASONS,
};

/* The deliberate differences. */
static const char *const reasons[N_REASONS] = {
	[SEVERAL] = "ExecStart holds several commands, or lines (Type=oneshot): holdfast "
		    "changes flags of units with one command only and says so",
	[OF_HOST] =
		"a % specifier of the host, the boot or the manager: left as written, "
		"and known to be so",
	[UNSENT] = "the command is no UTF-8, which D-Bus cannot carry",
};

static unsigned counts[N_REASONS], n_same, n_refused, n_bad;

/* What the manager has. */
typedef struct loaded {
	const char *state;
	const char *why;
	char **dropins;
	size_t n_commands;
	char *path;
	char **argv;
	bool no_env;
	bool unsent;
} loaded;

static void complain(const char *unit, const char *what, const char *ours,
		     const char *theirs)
{
	printf("not ok: %s: %s: holdfast '%s', systemd '%s'\n", unit, what,
	       ours ? ours : "-", theirs ? theirs : "-");
	n_bad++;
}

static int read_exec(sd_bus *bus, const char *path, loaded *ret)
{
	sd_bus_message *m = NULL;
	int r = sd_bus_get_property(bus, NAME, path, SERVICE_IFACE, "ExecStartEx", NULL,
				    &m, "a(sasasttttuii)");

	if (r < 0) {
		ret->unsent = true;
		return 0;
	}
	r = sd_bus_message_enter_container(m, 'a', "(sasasttttuii)");
	while (r >= 0 &&
	       (r = sd_bus_message_enter_container(m, 'r', "sasasttttuii")) > 0) {
		const char *s;
		char **flags = NULL, **argv = NULL;

		r = sd_bus_message_read(m, "s", &s);
		if (r >= 0)
			r = sd_bus_message_read_strv(m, &argv);
		if (r >= 0)
			r = sd_bus_message_read_strv(m, &flags);
		if (r >= 0)
			r = sd_bus_message_skip(m, "ttttuii");
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
		if (r < 0)
			break;
		if (!ret->n_commands++) {
			ret->path = strdup(s);
			ret->argv = argv;
			for (char **flag = flags; flag && *flag; flag++)
				ret->no_env |= !strcmp(*flag, "no-env-expand");
		}
	}
	sd_bus_message_unref(m);
	return r;
}

static int read_loaded(sd_bus *bus, const char *unit, loaded *ret)
{
	sd_bus_message *m = NULL, *drop = NULL;
	char *state = NULL;
	const char *path;
	int r = sd_bus_call_method(bus, NAME, "/org/freedesktop/systemd1",
				   NAME ".Manager", "LoadUnit", NULL, &m, "s", unit);

	if (r >= 0)
		r = sd_bus_message_read(m, "o", &path);
	if (r >= 0)
		r = sd_bus_get_property_string(bus, NAME, path, UNIT_IFACE, "LoadState",
					       NULL, &state);
	if (r >= 0)
		r = sd_bus_get_property(bus, NAME, path, UNIT_IFACE, "DropInPaths", NULL,
					&drop, "as");
	if (r >= 0)
		r = sd_bus_message_read_strv(drop, &ret->dropins);
	if (r >= 0)
		r = read_exec(bus, path, ret);
	ret->state = state;
	sd_bus_message_unref(m);
	sd_bus_message_unref(drop);
	return r;
}

/* One word as holdfast has it, against the manager's. */
static void compare_word(hf_arena *arena, const char *unit, const char *what,
			 const char *word, const char *theirs)
{
	const char *ours;
	hf_expansion how;

	if (hf_specifiers_expand(arena, unit, word, &ours, &how) < 0)
		abort();
	if (how == HF_EXPAND_INEXACT)
		counts[OF_HOST]++;
	else if (strcmp(ours, theirs) != 0)
		complain(unit, what, ours, theirs);
}

/* The program to run, where "//" and "/./" are gone. */
static const char *simplified(hf_arena *arena, const char *path)
{
	char *s = hf_arena_strdup(arena, path), *at;

	while ((at = strstr(s, "/./")))
		memmove(at, at + 2, strlen(at + 2) + 1);
	return hf_path_clean(arena, s);
}

static void compare_command(hf_arena *arena, const char *unit, const hf_cmd *cmd,
			    const loaded *l)
{
	size_t skip = cmd->separate_argv0, n = 0;
	unsigned bad = n_bad;

	while (l->argv && l->argv[n])
		n++;
	if (cmd->n_words - skip != n) {
		complain(unit, "number of words", cmd->raw,
			 l->argv ? l->argv[n - 1] : NULL);
		return;
	}
	if (cmd->no_env != l->no_env)
		complain(unit, "no expansion of $", cmd->no_env ? "yes" : "no",
			 l->no_env ? "yes" : "no");
	compare_word(arena, unit, "program", simplified(arena, cmd->program), l->path);
	for (size_t i = 0; i < n; i++)
		compare_word(arena, unit, "word",
			     !i && !skip ? cmd->program : cmd->words[i + skip].text,
			     l->argv[i]);
	n_same += bad == n_bad;
}

static void compare_dropins(const char *unit, const hf_unit_stack *stack, const loaded *l)
{
	size_t n = 0;

	for (char **path = l->dropins; path && *path; path++) {
		const char *theirs = *path;
		struct stat st;

		/* an empty one masks others; there is nothing in it to read */
		if (stat(theirs, &st) == 0 && !st.st_size)
			continue;
		if (++n >= stack->n) {
			complain(unit, "drop-in", NULL, theirs);
			return;
		}
		if (strcmp(strstr(stack->files[n]->path, "/systemd/"),
			   strstr(theirs, "/systemd/")) != 0)
			complain(unit, "drop-in", stack->files[n]->path, theirs);
	}
	if (n + 1 < stack->n)
		complain(unit, "drop-in", stack->files[n + 1]->path, NULL);
}

static void compare(const hf_units_search *search, const char *unit, const loaded *l)
{
	bool is_loaded = !strcmp(l->state, "loaded");
	hf_units_obs none = { 0 };
	hf_units_exec exec = { 0 };
	hf_units_unit *u;
	hf_unit_stack stack = { 0 };
	hf_error *err = NULL;

	if (hf_units_read(search, unit, &u, &err) < 0)
		abort();
	if (u->load == HF_UNIT_LOADED) {
		if (hf_units_stack(search->arena, u, u->ours, &stack, &err) < 0 ||
		    hf_units_exec_read(search->arena, &none, unit, &stack, NULL, &exec,
				       &err) < 0)
			abort();
	} else {
		exec.broken = u->why ? u->why : "masked or not found";
	}
	if (is_loaded && u->load != HF_UNIT_LOADED) {
		complain(unit, "load state", exec.broken, l->state);
		return;
	}
	if (is_loaded)
		compare_dropins(unit, &stack, l);
	if (!is_loaded) {
		n_refused++;
		if (!exec.broken)
			complain(unit, "load state", "loaded", l->state);
	} else if (l->unsent) {
		counts[UNSENT]++;
	} else if (l->n_commands != 1) {
		counts[SEVERAL]++;
		if (!exec.broken)
			complain(unit, "commands", exec.cmd.raw, "not one");
	} else if (exec.broken) {
		complain(unit, "command", exec.broken, l->path);
	} else {
		compare_command(search->arena, unit, &exec.cmd, l);
	}
}

int main(void)
{
	hf_arena arena = { 0 };
	hf_units_search search;
	hf_host host;
	hf_error *err = NULL;
	sd_bus *bus = NULL;
	char name[256];
	unsigned n = 0;

	if (hf_host_open(&host, NULL, &err) < 0 ||
	    hf_units_search_open(&host, &arena, &search, &err) < 0 ||
	    sd_bus_open_system(&bus) < 0) {
		fprintf(stderr, "no manager to ask: %s\n",
			err ? hf_error_text(err) : "bus");
		return 2;
	}
	while (fgets(name, sizeof(name), stdin)) {
		loaded l = { 0 };
		int r;

		name[strcspn(name, "\n")] = '\0';
		r = read_loaded(bus, name, &l);
		if (r < 0)
			complain(name, "the manager does not tell", NULL, strerror(-r));
		else
			compare(&search, name, &l);
		n++;
	}
	for (size_t i = 0; i < N_REASONS; i++)
		printf("%u differ: %s\n", counts[i], reasons[i]);
	printf("%u units: %u commands alike, %u refused by both, %u complaints\n", n,
	       n_same, n_refused, n_bad);
	return n_bad != 0;
}

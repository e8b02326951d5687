/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is standard input one JSON report with all its members, each of its type? Used by
 * json.sh; says what is wrong and exits 1.
 *
 *	json_members COMMAND EXIT	without arguments: that nothing is no report
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Types by letter: s text, i whole number, b flag, o object, a list, n null.
 * A path ends in the member; "[]" stands for every element on the way. */
static const struct {
	const char *path, *types;
} members[] = {
	{ "holdfast", "s" },
	{ "schema", "s" },
	{ "command", "s" },
	{ "root", "s" },
	{ "exit", "i" },
	{ "changed", "b" },
	{ "comment", "s" },
	{ "result", "s" },
	{ "host", "o" },
	{ "host.name", "sn" },
	{ "host.machine_id", "sn" },
	{ "host.boot_id", "sn" },
	{ "host.os", "sn" },
	{ "host.kernel", "sn" },
	{ "host.engine", "sn" },
	{ "time", "o" },
	{ "time.started", "s" },
	{ "time.finished", "s" },
	{ "baselines", "a" },
	{ "baselines[].name", "s" },
	{ "baselines[].version", "sn" },
	{ "baselines[].file", "s" },
	{ "baselines[].digest", "s" },
	{ "selection", "o" },
	{ "vars", "o" },
	{ "summary", "o" },
	{ "summary.controls", "i" },
	{ "summary.pass", "i" },
	{ "summary.drift", "i" },
	{ "summary.finding", "i" },
	{ "summary.pending_restart", "i" },
	{ "summary.pending_reboot", "i" },
	{ "summary.not_applicable", "i" },
	{ "summary.unknown", "i" },
	{ "summary.waived", "i" },
	{ "summary.manual", "i" },
	{ "summary.disabled", "i" },
	{ "summary.not_selected", "i" },
	{ "summary.changes", "i" },
	{ "controls", "a" },
	{ "controls[].id", "s" },
	{ "controls[].title", "s" },
	{ "controls[].level", "i" },
	{ "controls[].severity", "s" },
	{ "controls[].tags", "a" },
	{ "controls[].refs", "o" },
	{ "controls[].state", "s" },
	{ "controls[].underlying", "sn" },
	{ "controls[].reason", "sn" },
	{ "controls[].waiver", "on" },
	{ "controls[].resources", "a" },
	{ "resources", "a" },
	{ "resources[].kind", "s" },
	{ "resources[].resource", "s" },
	{ "resources[].layer", "s" },
	{ "resources[].state", "s" },
	{ "resources[].wanted", "sn" },
	{ "resources[].found", "sn" },
	{ "resources[].why", "sn" },
	{ "resources[].controls", "a" },
	{ "resources[].declared", "on" },
	{ "resources[].found_at", "on" },
	{ "changes", "a" },
	{ "changes[].kind", "s" },
	{ "changes[].resource", "s" },
	{ "changes[].layer", "s" },
	{ "changes[].op", "s" },
	{ "changes[].before", "sn" },
	{ "changes[].after", "sn" },
	{ "changes[].controls", "a" },
	{ "changes[].cause", "s" },
	{ "changes[].blocked", "sn" },
	{ "changes[].resources", "a" },
	{ "effects", "a" },
	{ "asides", "a" },
	{ "asides[].kind", "s" },
	{ "asides[].layer", "s" },
	{ "asides[].name", "s" },
	{ "asides[].value", "s" },
	{ "asides[].why", "sn" },
	{ "asides[].found_at", "on" },
	{ "effects[].action", "s" },
	{ "effects[].unit", "sn" },
	{ "effects[].decision", "s" },
	{ "effects[].why", "sn" },
	{ "effects[].containers", "a" },
	{ "effects[].pending_since", "sn" },
	{ "errors", "a" },
	{ "errors[].message", "s" },
	{ "errors[].file", "sn" },
	{ "errors[].line", "in" },
	{ "errors[].column", "in" },
	{ "errors[].hint", "sn" },
	{ "transaction", "sn" },
};

static char letter(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return 'o';
	case JSON_ARRAY:
		return 'a';
	case JSON_STRING:
		return 's';
	case JSON_INTEGER:
		return 'i';
	case JSON_TRUE:
	case JSON_FALSE:
		return 'b';
	case JSON_NULL:
		return 'n';
	case JSON_REAL:
		break;
	}
	return 'r';
}

static bool holds(const json_t *at, const char *path, const char *types)
{
	size_t len = strcspn(path, ".[");
	char name[64];
	const json_t *value;

	(void)snprintf(name, sizeof(name), "%.*s", (int)len, path);
	value = json_object_get(at, name);
	if (!value) {
		fprintf(stderr, "there is no '%s'\n", name);
		return false;
	}
	if (!path[len]) {
		if (strchr(types, letter(value)))
			return true;
		fprintf(stderr, "'%s' is of type '%c', not of '%s'\n", name,
			letter(value), types);
		return false;
	}
	if (path[len] == '.')
		return holds(value, path + len + 1, types);
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!holds(json_array_get(value, i), path + len + 3, types))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	json_error_t error;
	json_t *report;
	bool ok = true;

	if (argc == 1) /* run as a test of its own */
		return holds(NULL, "schema", "s") ? 1 : 0;
	if (argc != 3)
		return 64;
	report = json_loadf(stdin, JSON_REJECT_DUPLICATES, &error);
	if (!report) {
		fprintf(stderr, "not JSON: %s\n", error.text);
		return 1;
	}
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		if (holds(report, members[i].path, members[i].types))
			continue;
		fprintf(stderr, "  at %s\n", members[i].path);
		ok = false;
	}
	if (ok &&
	    strcmp(json_string_value(json_object_get(report, "command")), argv[1])) {
		fprintf(stderr, "another command\n");
		ok = false;
	}
	if (ok && json_integer_value(json_object_get(report, "exit")) !=
			  strtol(argv[2], NULL, 10)) {
		fprintf(stderr, "another exit status\n");
		ok = false;
	}
	if (ok && strcmp(json_string_value(json_object_get(report, "schema")), "1.0")) {
		fprintf(stderr, "another schema\n");
		ok = false;
	}
	json_decref(report);
	return ok ? 0 : 1;
}

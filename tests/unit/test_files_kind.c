/* SPDX-License-Identifier: Apache-2.0 */
/* The `files` section: decoding, contradictions, lexical matching. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "files_world.h"

static int setup(void **state)
{
	return files_world_make(state);
}

static int teardown(void **state)
{
	return kind_world_remove(state);
}

static const files_spec *only_spec(files_world *w)
{
	assert_int_equal(w->model.n_demands, 1);
	return w->model.demands[0]->spec;
}

static void a_full_entry(void **state)
{
	files_world *w = *state;
	const files_spec *s;

	kind_world_control(
		w, "a",
		"- {path: //etc//docker/, recurse: true, type: file, owner: root,\n"
		"   group: '0', exclude: ['*.pem'], max_mode: 0644}\n");
	assert_string_equal(files_world_diags(w), "");
	s = only_spec(w);
	assert_string_equal(s->path, "/etc/docker");
	assert_string_equal(s->owner, "root");
	assert_string_equal(s->group, "0");
	assert_true(s->recurse && s->has_max && !s->has_mode && !s->is_glob &&
		    !s->has_ref);
	assert_int_equal(s->mode, 0644);
	assert_int_equal(s->type, FILES_FILE);
	assert_int_equal(s->n_exclude, 1);
	assert_string_equal(s->exclude[0], "*.pem");
}

static void paths(void **state)
{
	files_world *w = *state;

	kind_world_control(w, "a",
			   "- {path: '${unit:docker.service}', owner: root}\n"
			   "- {path: '/etc/$${x}', owner: root}\n"
			   "- {path: '/etc/[ab]*', owner: root}\n"
			   "- {path: '${daemon:data-root}/*', owner: root}\n");
	assert_string_equal(files_world_diags(w), "");
	assert_int_equal(w->model.n_demands, 4);
	assert_true(((const files_spec *)w->model.demands[0]->spec)->has_ref);
	assert_string_equal(((const files_spec *)w->model.demands[1]->spec)->path,
			    "/etc/${x}");
	assert_true(((const files_spec *)w->model.demands[2]->spec)->is_glob);
	assert_true(((const files_spec *)w->model.demands[3]->spec)->is_glob);
	assert_int_equal(w->model.n_refs, 2);
}

static void mistakes(void **state)
{
	files_world *w = *state;

	kind_world_control(w, "a",
			   "- {path: etc/docker, owner: root}\n"
			   "- {path: /etc/../x, owner: root}\n"
			   "- {path: /a}\n"
			   "- {path: /a, mode: '0600', max_mode: '0644'}\n"
			   "- {path: /a, owner: 'root:root'}\n"
			   "- {path: /a, mode: '0888'}\n"
			   "- {path: /a, owner: root, type: directory}\n"
			   "- {path: /a, owner: root, exclude: ['*.pem']}\n"
			   "- {path: /a, owners: root}\n"
			   "- {owner: root}\n"
			   "- text\n");
	assert_string_equal(
		files_world_diags(w),
		"error 1:10 path 'etc/docker' is not absolute\n"
		"error 2:10 path '/etc/../x' contains '.' or '..'\n"
		"error 3:3 a 'files' entry needs at least one of owner, group, mode and "
		"max_mode\n"
		"error 4:38 'mode' and 'max_mode' exclude each other | 'mode' is the "
		"exact "
		"mode; 'max_mode' only says which bits may be set\n"
		"error 5:21 'root:root' is not the name of a user | write 'owner' and "
		"'group' "
		"apart\n"
		"error 6:20 'mode' must be an octal mode such as \"0644\", not the text "
		"'0888'\n"
		"error 7:33 unknown type 'directory' | types are any, file, dir and "
		"socket\n"
		"error 8:36 'exclude' needs 'recurse: true' or a pattern in 'path'\n"
		"error 9:14 unknown key 'owners' in a 'files' entry (did you mean "
		"'owner'?)\n"
		"error 10:3 missing key 'path' in a 'files' entry\n"
		"error 11:3 a 'files' entry must be a mapping, not 'text'\n");
	assert_int_equal(w->model.n_demands, 0);
}

static void not_a_list(void **state)
{
	files_world *w = *state;

	kind_world_control(w, "a", "path: /a\n");
	assert_string_equal(
		files_world_diags(w),
		"error 1:1 'files' must be a list of entries, not a mapping\n");
}

static void closing_directories(void **state)
{
	files_world *w = *state;

	kind_world_control(w, "a", "- {path: /a, recurse: true, max_mode: '0644'}\n");
	assert_string_equal(
		files_world_diags(w),
		"warning 1:39 mode 0644 closes the directories of '/a', too | add "
		"'type: file', and a second entry for the directories\n");
	assert_int_equal(w->model.n_demands, 1);
}

static void contradictions(void **state)
{
	files_world *w = *state;

	kind_world_control(w, "a",
			   "- {path: /a, owner: root, mode: '0644'}\n"
			   "- {path: /b, max_mode: '0640', group: docker}\n"
			   "- {path: /c, max_mode: '0600'}\n"
			   "- {path: /c, max_mode: '0444'}\n");
	kind_world_control(w, "b",
			   "- {path: /a, owner: daemon, mode: '0640'}\n"
			   "- {path: /b, mode: '0644', group: '106'}\n"
			   "- {path: /c, owner: root}\n");
	assert_int_equal(hf_kind_files.check(&w->model, &w->diags), 0);
	assert_string_equal(
		files_world_diags(w),
		"error 1:21 owner daemon of '/a' contradicts root, which control "
		"'a' demands (b.yaml:1)\n"
		"error 1:35 mode 0640 of '/a' contradicts 0644, which control 'a' "
		"demands (b.yaml:1)\n"
		"error 2:20 mode 0644 of '/b' contradicts at most 0640, which control "
		"'a' demands (b.yaml:2)\n");
}

static void conditions_may_part_them(void **state)
{
	files_world *w = *state;
	static const hf_when when = { .type = HF_WHEN_ENGINE };

	kind_world_control(w, "a", "- {path: /a, mode: '0644'}\n");
	kind_world_control(w, "b", "- {path: /a, mode: '0640'}\n");
	w->controls[0].when = w->controls[1].when = &when;
	w->controls[0].n_when = w->controls[1].n_when = 1;
	assert_int_equal(hf_kind_files.check(&w->model, &w->diags), 0);
	assert_string_equal(files_world_diags(w), "");
	w->controls[1].n_when = 0;
	w->controls[1].disabled = "not here";
	assert_int_equal(hf_kind_files.check(&w->model, &w->diags), 0);
	assert_string_equal(files_world_diags(w), "");
}

static void covering(void **state)
{
	const char *pem[] = { "*.pem", "keep/*", ".*" };
	files_spec literal = { .path = "/a" };
	files_spec glob = { .is_glob = true };
	files_spec tree = { .recurse = true, .exclude = pem, .n_exclude = 3 };
	files_spec trees = { .recurse = true, .is_glob = true };

	(void)state;
	assert_true(files_covers(&literal, "/a", "/a"));
	assert_false(files_covers(&literal, "/a", "/a/b"));
	assert_true(files_covers(&glob, "/c/*/*.key", "/c/x/y.key"));
	assert_false(files_covers(&glob, "/c/*/*.key", "/c/x/z/y.key"));
	assert_false(files_covers(&glob, "/c/*/*.key", "/c/x/.key.key"));
	assert_true(files_covers(&tree, "/t", "/t"));
	assert_true(files_covers(&tree, "/t", "/t/x/y"));
	assert_false(files_covers(&tree, "/t", "/tt"));
	assert_false(files_covers(&tree, "/t", "/t/x/y.pem"));
	assert_false(files_covers(&tree, "/t", "/t/x.pem/y"));
	assert_false(files_covers(&tree, "/t", "/t/keep/y"));
	assert_true(files_covers(&tree, "/t", "/t/x/keep/y"));
	assert_false(files_covers(&tree, "/t", "/t/.git/y"));
	assert_true(files_covers(&trees, "/t/*", "/t/x/y/z"));
	assert_false(files_covers(&trees, "/t/*", "/t"));
}

static void modes(void **state)
{
	files_spec max = { .has_max = true, .mode = 0644 };
	files_spec exact = { .has_mode = true, .mode = 0644 };

	(void)state;
	/* a smaller number is not a tighter mode */
	assert_true(files_mode_fits(&max, S_IFREG | 0444));
	assert_false(files_mode_fits(&max, S_IFREG | 0577));
	assert_false(files_mode_fits(&max, S_IFREG | 0602));
	assert_false(files_mode_fits(&max, S_IFREG | 04644));
	assert_false(files_mode_fits(&max, S_IFREG | 01600));
	assert_true(files_mode_fits(&exact, S_IFREG | 0644));
	assert_false(files_mode_fits(&exact, S_IFREG | 0444));
}

static void ids(void **state)
{
	cleanup_(hf_arena_done) hf_arena arena = { 0 };
	files_aspect aspect;
	char *path;

	(void)state;
	assert_string_equal(files_id_text(&arena, "/a#b", FILES_GROUP),
			    "files:/a#b#group");
	assert_int_equal(files_id_parse(&arena, "files:/a#b#group", &path, &aspect), 0);
	assert_string_equal(path, "/a#b");
	assert_int_equal(aspect, FILES_GROUP);
	assert_int_equal(files_id_parse(&arena, "daemon:/a#icc", &path, &aspect),
			 -EINVAL);
	assert_int_equal(files_id_parse(&arena, "files:/a#icc", &path, &aspect), -EINVAL);
	assert_int_equal(files_id_parse(&arena, "files:/a", &path, &aspect), -EINVAL);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_full_entry),
		T(paths),
		T(mistakes),
		T(not_a_list),
		T(closing_directories),
		T(contradictions),
		T(conditions_may_part_them),
		cmocka_unit_test(covering),
		cmocka_unit_test(modes),
		cmocka_unit_test(ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

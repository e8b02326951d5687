/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random unit files and drop-ins for the comparison with systemd's manager: quoting,
 * escapes, continuations, comments, line ends, resets, specifiers, prefixes, templates,
 * aliases, masks, directories of every precedence; good and bad. The same seed gives the
 * same files.
 *
 *	units_gen SEED COUNT ROOT	prints the name of each unit
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PICK(a) a[pick(COUNT(a))]

static uint64_t seed;
static const char *root;
/* Two thirds of the units are good but for what is rare in itself, so that most are
 * loaded. */
static int odd;

static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* One in @n; in units that are to be good much less often. */
static int rare(unsigned n)
{
	return !pick(odd ? n : n * 40);
}

static const char *const dirs[] = {
	"/etc/systemd/system",
	"/run/systemd/system",
	"/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system",
};

static const char *const programs[] = {
	"/bin/true",	 "/usr/bin/true", "/usr//bin/./true", "/bin/../bin/true",
	"true",		 "\"/bin/true\"", "'/bin/true'",      "/bin/\"true\"",
	"/bin/t\\x72ue", "/%p",		  "/bin/%%",	      "/bin/true%",
};
static const char *const bad_programs[] = {
	"bin/true", "/bin/", "\"\"", "/bin/\\x01", "\"/bin/true", "/bin/%Z", "/",
	"..",	    ".",     "%H",   "'a b'",	   "/a\\qb",	  "%n",	     "/bin/%!",
};
static const char *const prefixes[] = { "-", "@", ":", "+", "!", "!!" };
static const char *const atoms[] = {
	"a",	       "b",	 "--flag",	"--x=y", "-H",	   "fd://",  "=",
	"/var/lib",    "0",	 "caf\xc3\xa9", ",",	 "#",	   "a#b",    "[x]",
	":",	       "&|<>*?", "$A",		"${A}",	 "$$",	   "$",	     "$$A",
	"${",	       "a$b",	 "${A",		"%n",	 "%N",	   "%p",     "%P",
	"%i",	       "%I",	 "%j",		"%J",	 "%%",	   "%t",     "%S",
	"%C",	       "%L",	 "%E",		"%u",	 "%U",	   "%g",     "%G",
	"%h",	       "%f",	 "%.",		"%-",	 "% ",	   "%%n",    "\\a",
	"\\b",	       "\\f",	 "\\n",		"\\r",	 "\\t",	   "\\v",    "\\s",
	"\\\\",	       "\\\"",	 "\\'",		"\\x41", "\\x7e",  "\\101",  "\\u00e9",
	"\\U0001f433", "\\;",	 "a;b",		";c",	 "\\x25n", "\\x24A", "\\x3b",
	"\\040",       "~",
};
/* Of the host, the boot or the manager: not in a program, which systemd then would take
 * or refuse by what they stand for. */
static const char *const host_atoms[] = {
	"%H", "%b", "%m", "%d", "%T", "%V", "%v", "%s"
};
static int in_arguments;
static const char *const bad_atoms[] = {
	"\\q",		"\\x4",	       "\\9",	      "\\x00",	 "\\000", "\\400",
	"\\ud800",	"\\U00110000", "\\U0000fdd0", "\\uffff", "%Z",	  "%0",
	"%O",		"\"",	       "'",	      "\\",	 "\\xff", "\\ ",
	"%k",		"\xff",	       "\\u12",	      "\\8",	 "\\xzz", "%e",
	"\xed\xa0\x80", "\\%n",
};
static const char *const blanks[] = { " ", " ", " ", " ", "  ", "\t", " \t " };

/* A piece of a word: bare, or in quotes with blanks and the other quote inside. */
static void piece(FILE *f)
{
	char quote = "\"'"[pick(2)];

	if (rare(30)) {
		fputs(PICK(bad_atoms), f);
	} else if (in_arguments && !pick(25)) {
		fputs(PICK(host_atoms), f);
	} else if (pick(4)) {
		fputs(PICK(atoms), f);
	} else {
		fputc(quote, f);
		for (unsigned n = pick(4); n > 0; n--) {
			const char *atom = PICK(atoms);

			if (!pick(3))
				fputs(PICK(blanks), f);
			fputs(atom, f);
			if (!pick(8))
				fputc(quote == '"' ? '\'' : '"', f);
		}
		fputc(quote, f);
	}
}

/* The end of a line. */
static const char *eol;

/* Between words: blanks, or a continued line, with comments and odd lines after it. */
static void gap(FILE *f)
{
	fputs(PICK(blanks), f);
	if (pick(12))
		return;
	fprintf(f, "\\%s", eol);
	while (!pick(4))
		fprintf(f, "%s%s%s%s", pick(2) ? "" : " \t", pick(2) ? "#" : ";",
			pick(2) ? " ExecStart=/no \\" : "", eol);
	if (rare(10))
		fprintf(f, "%s", eol); /* an empty one ends it */
	fputs(PICK(blanks), f);
}

static void command(FILE *f)
{
	if (rare(40))
		fputs("; ", f);
	while (!pick(4))
		fputs(PICK(prefixes), f);
	if (rare(40))
		fputs(PICK(blanks), f);
	fputs(rare(12) ? PICK(bad_programs) : PICK(programs), f);
	in_arguments = 1;
	for (unsigned n = pick(6); n > 0; n--) {
		gap(f);
		if (rare(25)) {
			fputs(";", f);
			in_arguments = 0;
		} else if (!pick(30)) {
			fputs("\\;", f);
		} else {
			for (unsigned k = 1 + (pick(2) ? pick(3) : 0); k > 0; k--)
				piece(f);
		}
	}
	if (rare(12)) {
		fputs(" ; ", f);
		if (pick(3))
			fputs(PICK(programs), f);
		else
			fputs(PICK(bad_programs), f);
	}
	if (!pick(10))
		fputs(PICK(blanks), f);
	if (rare(40))
		fputc('\\', f);
}

static void key(FILE *f, const char *name)
{
	fprintf(f, "%s%s%s=%s", pick(8) ? "" : "  ", name, pick(8) ? "" : " ",
		pick(8) ? "" : "\t ");
}

static void reset(FILE *f)
{
	key(f, "ExecStart");
	if (!pick(12))
		fprintf(f, "\\%s ", eol);
	fputs(eol, f);
}

static void exec_start(FILE *f)
{
	key(f, "ExecStart");
	command(f);
	fputs(eol, f);
}

/* What stands between commands. */
static void other(FILE *f)
{
	static const char *const lines[] = {
		"# ExecStart=/bin/false",
		"; ExecStart=/bin/false \\",
		"",
		" \t",
		"Environment=A=1 \"B=2 3\"",
		"SyslogIdentifier=%n",
		"NoSuchKey=ExecStart=/bin/false",
		"[X-Other]\nExecStart=/bin/false\n[Service]",
		"[Unit]\nDescription=ExecStart=/bin/false \\\n  [Service]\n[Service]",
		"  [Service]  ",
		"ExecStart",
		"execstart=/bin/false",
		"ExecReload=/bin/true \\\n\tExecStart=/bin/false",
	};
	static const char *const bad[] = {
		"[Service",
		"=/bin/false",
		"Description=\xff",
		"ExecStop=\"/bin/true x\" relative/",
		"ExecReload=/bin/true %Z",
		"ExecReload=-/bin/true %Z",
		"[]\nExecStart=/bin/false\n[Service]",
		"[Service]x",
		"ExecStartPre=relative/true",
		"\xef\xbb\xbf[Service]",
		"KillMode=sometimes",
	};

	fputs(rare(15) ? PICK(bad) : PICK(lines), f);
	fputs(eol, f);
}

static FILE *create(const char *dir, const char *sub, const char *name)
{
	char path[1024];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", root, dir);
	mkdir(path, 0755);
	if (sub) {
		snprintf(path, sizeof(path), "%s%s/%s", root, dir, sub);
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			perror(path);
	}
	snprintf(path, sizeof(path), "%s%s/%s%s%s", root, dir, sub ? sub : "",
		 sub ? "/" : "", name);
	unlink(path);
	f = fopen(path, "w");
	if (!f) {
		perror(path);
		exit(1);
	}
	return f;
}

static void lines(FILE *f)
{
	while (!pick(3))
		other(f);
	if (!pick(2) || rare(3))
		reset(f);
	for (unsigned n = rare(6) ? 2 : 1; n > 0; n--) {
		exec_start(f);
		while (!pick(4))
			other(f);
	}
	if (rare(30))
		reset(f);
}

static void ending(FILE *f)
{
	if (!pick(10))
		fputs(pick(2) ? "# end" : "RemainAfterExit=yes", f); /* no line end */
	else if (!pick(20))
		fputs("RemainAfterExit=yes\\", f);
}

static void begin(FILE *f)
{
	static const char *const eols[] = { "\n", "\n",	  "\n",	  "\n",
					    "\n", "\r\n", "\n\r", "\r" };

	eol = PICK(eols);
	if (rare(30)) {
		fwrite("\0\n", 1, 2, f);
	}
	if (!pick(20))
		fputs("\xef\xbb\xbf", f);
	if (rare(40))
		exec_start(f); /* in no section */
	fprintf(f, "[Service]%s", eol);
}

static void fragment(const char *dir, const char *name)
{
	FILE *f = create(dir, NULL, name);

	begin(f);
	if (!pick(4))
		fprintf(f, "Type=oneshot%s", eol);
	lines(f);
	ending(f);
	fclose(f);
}

static void dropin(const char *sub)
{
	static const char *const names[] = {
		"10-a.conf", "20-b.conf",    "5-c.conf", "a.conf",	 "zz.conf",
		"B.conf",    ".hidden.conf", "c.txt",	 "override.conf"
	};
	const char *dir = PICK(dirs);
	const char *name = PICK(names);
	char path[1024];
	FILE *f = create(dir, sub, name);

	if (!pick(8)) { /* a mask of this name */
		fclose(f);
		if (pick(2))
			return;
		snprintf(path, sizeof(path), "%s%s/%s/%s", root, dir, sub, name);
		unlink(path);
		if (symlink("/dev/null", path) < 0)
			perror(path);
		return;
	}
	begin(f);
	if (pick(3)) {
		reset(f);
		exec_start(f);
	} else {
		lines(f);
	}
	ending(f);
	fclose(f);
}

static void unit(unsigned i)
{
	static const char *const instances[] = { "x",	  "a-b",	  "a\\x2db",
						 "\\x41", "c\\x2fd\\x2d", "a\\b",
						 "1:2",	  "x@y" };
	static const char *const stems[] = { "", "-b-c", "\\x2dy", "_z", ".w" };
	char name[128], template[128], sub[160];
	const char *stem = PICK(stems), *dir = PICK(dirs);
	int has_instance = !pick(4);

	odd = !pick(3);
	snprintf(template, sizeof(template), "hf%05u%s@.service", i, stem);
	if (has_instance)
		snprintf(name, sizeof(name), "hf%05u%s@%s.service", i, stem,
			 PICK(instances));
	else
		snprintf(name, sizeof(name), "hf%05u%s.service", i, stem);
	fragment(dir, has_instance && pick(3) ? template : name);
	if (!pick(12))
		fragment(PICK(dirs), name); /* of higher or lower precedence */
	for (unsigned n = pick(4); n > 0; n--) {
		snprintf(sub, sizeof(sub), "%s.d", name);
		if (has_instance && !pick(3))
			snprintf(sub, sizeof(sub), "%s.d", template);
		else if (*stem == '-' && !pick(3))
			snprintf(sub, sizeof(sub), "hf%05u-%s.service.d", i,
				 pick(2) ? "b-" : "");
		dropin(sub);
	}
	puts(name);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	seed = strtoull(argv[1], NULL, 10) * 2654435761u + 1;
	root = argv[3];
	for (unsigned i = 0; i < (unsigned)atoi(argv[2]); i++)
		unit(i);
	return fflush(stdout) || ferror(stdout);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was observed of dockerd's configuration, and the value that is in force: the
 * engine's default, then daemon.json, then the command line.
 */
#ifndef HF_KINDS_DAEMON_STATE_H
#define HF_KINDS_DAEMON_STATE_H

#include "kinds/daemon/daemon_argv.h"
#include "kinds/daemon/daemon_spec.h"
#include "plan/plan.h"
#include "plan/store.h"

#define HF_DAEMON_JSON "/etc/docker/daemon.json"

/* plan->obs[HF_RANK_DAEMON]; made by observe, read by plan. */
typedef struct hf_daemon_obs {
	const char *path;	/* of daemon.json */
	const char *absent_why; /* neither unit nor file: the kind does not apply */
	const char
		*rootless; /* engines of users, beside the system's, in words; or NULL */
	hf_known file;	   /* UNKNOWN: there, and not usable */
	const char *file_why;
	unsigned file_line; /* of .file_why; 0: none */
	const char *text;
	size_t len;
	const hf_json *root; /* NULL unless PRESENT */
	bool dir_missing;    /* the directory of .path */
	const char
		*unit_why; /* the unit cannot be read: its flags are UNKNOWN; or NULL */

	/* Without a manager to ask: the process that is found by its name. */
	bool searched;
	uint32_t found_pid;	/* 0: none */
	uint32_t rootless_pid;	/* of a rootless dockerd seen on the way; 0: none */
	const char *search_why; /* it cannot be told; or NULL */

	/* The running dockerd. */
	hf_known running;
	const char *process;	 /* names it: boot, pid, start; NULL: unknown */
	const char *running_why; /* of UNKNOWN */
	const hf_arg *live_argv; /* its command line; NULL: could not be read */
	size_t n_live_argv;
	const char **live_env; /* its environment, where that is looked at; or NULL */
	size_t n_live_env;
	uint64_t started_usec;	/* CLOCK_REALTIME; 0: unknown */
	uint64_t changed_usec;	/* the latest change of the file or of a drop-in */
	uint64_t reloaded_usec; /* its last successful reload after that; 0: none seen */
	bool asked;		/* the API was: .shown is what it shows */
	const char *driver;	/* the storage driver it shows; or NULL */
	const char *api_why;	/* why it did not answer; or NULL */
	hf_map shown;		/* key name -> const hf_json */
	const char **plugins;	/* authorization plugins that can be found */
	size_t n_plugins;
	hf_store store; /* looked at where a change of where or how it is kept is at stake
			 */
} hf_daemon_obs;

typedef enum hf_daemon_source {
	HF_DAEMON_FROM_DEFAULT,
	HF_DAEMON_FROM_FILE,
	HF_DAEMON_FROM_FLAG,
} hf_daemon_source;

/* One configuration: a file and a command line. */
typedef struct hf_daemon_config {
	const hf_json *root; /* NULL: no file */
	const hf_dargv *argv;
	const char *engine; /* NULL: unknown */
} hf_daemon_config;

typedef struct hf_daemon_value {
	const hf_json *value; /* NULL: none, as a default that the host decides */
	hf_daemon_source source;
	const hf_json *in_file; /* what the file has, in force or not */
	const hf_dflag *flag;	/* the flag that stands for the key */
	bool conflict;		/* both: dockerd does not start */
	const char *variable;	/* of the unit's environment, that decides it; or NULL */
	const char *streams; /* a socket unit: its TCP addresses are in .value; or NULL */
} hf_daemon_value;

/** hf_daemon_in_force - the value of @key, or of its member @subkey; 0 or -ENOMEM; pure
 */
int hf_daemon_in_force(const hf_daemon_config *config, const hf_dkey *key,
		       const char *subkey, hf_arena *arena,
		       hf_daemon_value *ret) _must_check_;

/** hf_daemon_variable - the value of @name in @env, which is "NAME=VALUE" @n times or
 * until NULL; NULL: it is not in it, or @env is; borrowed; pure */
const char *hf_daemon_variable(const char *const *env, size_t n, const char *name);

/** hf_daemon_variable_why - may a variable of the unit's environment decide @key that is
 *  not known? The reason, static or the plan's; NULL: none may; pure */
const char *hf_daemon_variable_why(const hf_plan *plan, const hf_dkey *key);

/** hf_daemon_may_repeat - may the key be given both ways? pure */
bool hf_daemon_may_repeat(const hf_dkey *key);

/** hf_daemon_socket - where dockerd listens, of what can be asked: unix:// of the command
 * line or the file, the socket unit's stream for fd://, else the default
 * @ret: NULL: nowhere. Returns 0 or -ENOMEM. Pure. */
int hf_daemon_socket(const hf_daemon_config *config, hf_plan *plan,
		     const char **ret) _must_check_;

/** hf_daemon_has_tls - is TLS on? The mere presence of tlsverify switches it on. 1, 0 or
 * -ENOMEM; pure. Source: loadDaemonCliConfig in moby. */
int hf_daemon_has_tls(const hf_daemon_config *config, hf_arena *arena) _must_check_;

/**
 * hf_daemon_value_for - the value that @spec is judged by
 *
 * That in force, but for forbidden "hosts": there it is where dockerd listens, as it
 * reads each. Without a scheme it is TCP, an empty one or none the default, which is TCP
 * with TLS; for fd:// comes what socket units listen on for it. And DOCKER_DRIVER in the
 * unit's environment goes before any "storage-driver". Returns 0 or -ENOMEM. Pure.
 * Source: ParseHost in moby's opts/hosts.go, loadDaemonCliConfig, NewDaemon.
 */
int hf_daemon_value_for(hf_plan *plan, const hf_daemon_config *config,
			const hf_daemon_spec *spec, hf_daemon_value *ret) _must_check_;

/** hf_daemon_is_met - does the value meet the demand? 1, 0, -ENOMEM; pure */
int hf_daemon_is_met(const hf_daemon_spec *spec, const hf_daemon_value *value,
		     const char *engine, hf_arena *arena) _must_check_;

/* A pair of settings that dockerd refuses at start. */
typedef struct hf_daemon_refusal {
	const char *keys[3]; /* that take part; NULL: fewer */
	const char *message;
	bool perhaps; /* something outside of the configuration may make it work */
} hf_daemon_refusal;

/**
 * hf_daemon_refusals - what dockerd would refuse of a configuration
 * @swarm: the host is a swarm node
 * @ret:   array in @arena
 *
 * Returns 0 or -ENOMEM. Pure. Source: verifyDaemonSettings and initialisation in moby's
 * daemon/daemon_unix.go, daemon/config; facts of the field where they differ by release.
 */
int hf_daemon_refusals(const hf_daemon_config *config, bool swarm, hf_arena *arena,
		       hf_daemon_refusal **ret, size_t *ret_n) _must_check_;

/** hf_daemon_plan - hf_kind.plan */
int hf_daemon_plan(const hf_model *model, hf_plan *plan, hf_error **err);

/** hf_daemon_ahead - hf_kind.ahead: the process, where its name must tell */
int hf_daemon_ahead(struct hf_host *host, hf_plan *plan, hf_error **err) _must_check_;

/** hf_daemon_observe - hf_kind.observe */
int hf_daemon_observe(struct hf_host *host, const hf_model *model, hf_plan *plan,
		      hf_error **err);

/* --- between the files of the planner --------------------------------------------- */

typedef struct hf_daemon_want hf_daemon_want; /* a name that shall change */

/* A member of a map whose flag goes: the other members of the flag go into the file. */
typedef struct hf_daemon_move {
	const hf_daemon_spec *spec;
	const hf_resource *row; /* that needs it */
	bool followed;		/* the flag went earlier, and says something else now */
} hf_daemon_move;

typedef struct hf_daemon_ctx {
	const hf_model *model;
	hf_plan *plan;
	const hf_daemon_obs *obs;
	const hf_unit_view *unit; /* dockerd's, or NULL */
	hf_dargv argv;		  /* after the plan */
	hf_dargv argv_now;	  /* with our drop-in as it is */
	hf_dargv argv_base;	  /* without our drop-in */
	const char *argv_why;	  /* not NULL: it may hold flags that are not seen */
	const char *engine;
	const char *file_id;	/* "daemon:PATH": noted when we make the file */
	const char *process_id; /* "daemon:PATH@process": what dockerd was started with */
	hf_daemon_config before; /* the file as it is */
	hf_daemon_config after;	 /* the file as planned */
	hf_daemon_want **wants;
	size_t n_wants;
	hf_map want_by_name;
	hf_daemon_move *moves;
	size_t n_moves;
	char *first; /* what the file holds while the units change; NULL: no third state
		      */
	size_t first_len;
	const hf_json *found; /* what hf_daemon_found() put into words last */
	const char *found_text;
} hf_daemon_ctx;

struct hf_daemon_want {
	const hf_dkey *key;
	const char *subkey;
	const char *name;
	const char *id;
	const hf_json *value; /* NULL: remove */
	hf_json *list;	      /* the value while controls add to it */
	hf_map in_list;	      /* canonical texts of its elements */
	hf_change *change;
	bool released;
	bool followed; /* its flag, which was taken out earlier, has changed */
};

/** hf_daemon_want_get - the want of @name, made when new; NULL: no memory */
hf_daemon_want *hf_daemon_want_get(hf_daemon_ctx *ctx, const hf_dkey *key,
				   const char *subkey, const char *name);

/** hf_daemon_want_change - make the change of @w, from @v; 0 or -ENOMEM */
int hf_daemon_want_change(hf_daemon_ctx *ctx, hf_daemon_want *w,
			  const hf_daemon_value *v) _must_check_;

/** hf_daemon_want_more - add to the list of @w, which is @base where nothing was added
 *  yet; 0 or -ENOMEM */
int hf_daemon_want_more(hf_daemon_ctx *ctx, hf_daemon_want *w, const hf_json *base,
			const hf_json *more) _must_check_;

/** hf_daemon_flag_place - "'--log-level' in /lib/systemd/system/docker.service:14";
 *  NULL: no memory */
const char *hf_daemon_flag_place(hf_plan *plan, const hf_dflag *flag);

/** hf_daemon_moves - does the plan take the key's flag off the command line? pure */
bool hf_daemon_moves(const hf_daemon_ctx *ctx, const hf_dkey *key, const char *subkey);

/** hf_daemon_note_move - @spec is not met by the flag that goes: for
 *  hf_daemon_move_members(); 0 or -ENOMEM */
int hf_daemon_note_move(hf_daemon_ctx *ctx, const hf_daemon_spec *spec,
			const hf_resource *row) _must_check_;

/** hf_daemon_move_members - what else the flags of maps say that go goes into the file,
 *  but for what is demanded; 0 or -ENOMEM */
int hf_daemon_move_members(hf_daemon_ctx *ctx) _must_check_;

/**
 * hf_daemon_follow - has the unit's own flag changed since it was taken out?
 * @spec: a demand for the sake of which it was
 * @ret:  the flag, if it says more than @spec demands, and something new; else NULL
 *
 * What is new goes into the file; of a map with hf_daemon_move_members(). A value that
 * somebody else gave a member there stays. 0 or -ENOMEM.
 */
int hf_daemon_follow(hf_daemon_ctx *ctx, const hf_daemon_spec *spec,
		     const hf_resource *row, const hf_dflag **ret) _must_check_;

/** hf_daemon_block_lost - a row that is UNKNOWN while its flag would go: the key cannot
 *  be set, and --leave-unknown leaves out no halves; 0 or -ENOMEM */
int hf_daemon_block_lost(hf_daemon_ctx *ctx, const hf_demand *demand,
			 const hf_resource *row) _must_check_;

/** hf_daemon_brings_secret - does the plan write a credential into the file? pure */
bool hf_daemon_brings_secret(const hf_daemon_ctx *ctx);

/** hf_daemon_hides - what would go out of view with another value of @key, which
 *  hf_daemon_hides_data(); NULL: no memory */
const hf_store *hf_daemon_hides(hf_plan *plan, const hf_dkey *key);

/** hf_daemon_name_hides - is "userns-remap" the name of such a key? pure */
bool hf_daemon_name_hides(const char *name);

/** hf_daemon_id_hides - hf_kind.hides */
int hf_daemon_id_hides(hf_plan *plan, const char *id, const hf_store **ret);

/** hf_daemon_hidden - the same in words; NULL: no memory */
const char *hf_daemon_hidden(hf_plan *plan, const hf_store *store);

/** hf_daemon_claim_members - those belong to the demand while it stands; 0 or -ENOMEM */
int hf_daemon_claim_members(hf_daemon_ctx *ctx, const hf_daemon_spec *spec) _must_check_;

/** hf_daemon_clash - the first member of @root that @argv gives, too, where the host does
 *  not have it in both places already; *ret NULL: none; 0 or -ENOMEM; pure */
int hf_daemon_clash(const hf_daemon_ctx *ctx, const hf_json *root, const hf_dargv *argv,
		    const hf_json **ret) _must_check_;

/**
 * hf_daemon_order - in which order the file and the units are to change
 * @ret:       the stage of the file: before the units if it gives up a key for a flag
 * @ret_again: a change was blocked that the edit had; edit again
 *
 * Where keys move both ways, the file changes before and after the units: ctx->first is
 * set. Blocks what cannot be done in any order. Errors: -ENOMEM.
 */
int hf_daemon_order(hf_daemon_ctx *ctx, hf_stage *ret, bool *ret_again,
		    hf_error **err) _must_check_;

/** hf_daemon_release - take back what is in the record and demanded no more; what stays
 *  is noted; 0 or -ENOMEM */
int hf_daemon_release(hf_daemon_ctx *ctx);

/* The running process, while it is compared with what comes. */
typedef struct hf_daemon_live {
	hf_daemon_ctx *ctx;
	hf_dargv argv;		  /* of the running process */
	hf_daemon_config config;  /* of it, if it has read the file */
	hf_daemon_config started; /* with the file that it was started with */
	bool started_known;
	bool restart, reload; /* is needed */
	bool bridge;	      /* the restart is for a key that containers hold back */
	bool pending;	      /* something on disk already is not in force */
	hf_strbuf restart_keys, reload_keys;
} hf_daemon_live;

/** hf_daemon_reloaded - what is in force after a reload: the file's reloadable keys over
 *  what was before; NULL: no memory */
hf_json *hf_daemon_reloaded(const hf_daemon_live *l);

/** hf_daemon_reload_refused - is a key of the file @root a flag of the running process?
 *  dockerd refuses the whole reload then. systemd does, where the unit has no way to
 *  reload. Pure. */
bool hf_daemon_reload_refused(const hf_daemon_live *l, const hf_json *root);

/**
 * hf_daemon_offer_first - what would make a restart safe while containers run
 *
 * A reload of the file as it is with live-restore alone added, into the engine view,
 * where dockerd would take it and it can be seen to be in force. Whether a restart needs
 * it, plan/finish.c decides. 0 or -ENOMEM; pure
 */
int hf_daemon_offer_first(hf_daemon_live *l) _must_check_;

/** hf_daemon_has_plugin - is @name among the plugins that dockerd has, or could load?
 * pure
 */
bool hf_daemon_has_plugin(const hf_daemon_obs *obs, const char *name);

/** hf_daemon_tell_edits - name in the effects on dockerd's unit what others changed that
 *  they put in force, and hold what would hurt; 0 or -ENOMEM; pure */
int hf_daemon_tell_edits(hf_daemon_live *l);

/** hf_daemon_noted - the file as the running process found it, by the record; *ret NULL:
 *  that is not known; 0 or -ENOMEM; pure */
int hf_daemon_noted(hf_plan *plan, const hf_daemon_obs *obs,
		    const hf_json **ret) _must_check_;

/** hf_daemon_file_is_older - has the process read the file as it is? pure */
bool hf_daemon_file_is_older(const hf_daemon_obs *obs);

#define HF_DAEMON_HIDING_MAX 8 /* there are fewer such keys */

/**
 * hf_daemon_hiding - keys that would take data out of view if dockerd was started anew
 * @was:	what it was started with; with the file as it is now where .root is not
 * known
 * @file_known: .root is
 * @next:	what it would be started with
 * @ret:	the keys that differ; where it cannot be told, those that may
 *
 * Returns 0 or -ENOMEM. Pure.
 */
int hf_daemon_hiding(hf_plan *plan, const hf_daemon_obs *obs, const hf_daemon_config *was,
		     bool file_known, const hf_daemon_config *next,
		     const hf_dkey *ret[HF_DAEMON_HIDING_MAX],
		     size_t *ret_n) _must_check_;

/** hf_daemon_plan_live - live rows, effects and the engine view; 0 or -ENOMEM; pure */
int hf_daemon_plan_live(hf_daemon_ctx *ctx);

/** hf_daemon_put_trial - what dockerd is to judge before anything is visible, into the
 *  engine view; 0 or -ENOMEM; pure */
int hf_daemon_put_trial(hf_daemon_ctx *ctx, hf_error **err) _must_check_;

/** hf_daemon_tell_foreign - findings for keys that are not ours and that dockerd ignores
 * or stops on; of our own, and where no control looks, a warning; 0 or -ENOMEM */
int hf_daemon_tell_foreign(hf_daemon_ctx *ctx);

/** hf_daemon_found - @value as compact JSON; many demands in a row may ask for one long
 *  list; NULL: no memory */
const char *hf_daemon_found(hf_daemon_ctx *ctx, const hf_json *value);

/** hf_daemon_fill_refs - values of "daemon:KEY" after the plan; 0 or -ENOMEM */
int hf_daemon_fill_refs(hf_daemon_ctx *ctx);

/** hf_daemon_resource_id - "daemon:PATH#NAME"; NULL: no memory */
const char *hf_daemon_resource_id(const hf_daemon_ctx *ctx, const char *name);

#endif

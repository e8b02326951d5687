/* SPDX-License-Identifier: Apache-2.0 */
/* What one entry of `files` demands, and what was seen for it. */
#ifndef HF_KINDS_FILES_SPEC_H
#define HF_KINDS_FILES_SPEC_H

#include <stdbool.h>
#include <sys/types.h>

#include "model/kind.h"
#include "plan/plan.h"

typedef enum files_type { FILES_ANY, FILES_FILE, FILES_DIR, FILES_SOCKET } files_type;

typedef enum files_aspect {
	FILES_OWNER,
	FILES_GROUP,
	FILES_MODE,
	FILES_ASPECTS
} files_aspect;

typedef struct files_spec {
	const char *path;  /* clean; with .has_ref as written */
	bool has_ref;	   /* to be expanded by hf_plan_expand() */
	bool is_glob;	   /* has *, ? or [ outside of the reference */
	const char *owner; /* user name or number, or NULL */
	const char *group;
	bool has_mode; /* exactly .mode */
	bool has_max;  /* no bit outside .mode */
	mode_t mode;
	bool recurse;
	files_type type;
	const char **exclude; /* globs */
	size_t n_exclude;
	hf_mark marks[FILES_ASPECTS]; /* where each is demanded */
} files_spec;

/* An owner or group as this host knows it. */
typedef struct files_id {
	hf_known known; /* UNKNOWN: .why */
	uint32_t number;
	const char *why;
} files_id;

/* One inode that demands look at, by the path it was reached at. */
typedef struct files_object {
	const char *path;
	hf_known known; /* ABSENT, or UNKNOWN with .why */
	const char *why;
	bool masked; /* a symlink to /dev/null: a masked unit */
	mode_t mode; /* type and permission bits */
	uid_t uid;
	gid_t gid;
	const char *user; /* names of them on this host, or the numbers */
	const char *groupname;
	nlink_t nlink;
	dev_t dev;
	ino_t ino;
	bool through_link;
	bool has_acl;
	const char *blocked; /* why owner and mode cannot be changed here, or NULL */
} files_object;

/* What one demand found under one path (one value of its reference). */
typedef struct files_seen {
	const hf_demand *demand;
	const char *path;	/* NULL: the reference has no value */
	hf_state state;		/* without any object: NOT_APPLICABLE or UNKNOWN */
	const char *why;	/* of that state; or that a part could not be read */
	bool partial;		/* some of it could not be read: .why */
	files_object **objects; /* recursive: only those that diverge */
	size_t n;
	size_t n_passed; /* recursive: objects that are as demanded */
	size_t n_mounts; /* recursive: mounts that were not entered */
	bool tree;	 /* a directory was walked: .objects are those that diverge */
} files_seen;

/* A recorded value that nothing demands any more. */
typedef struct files_release {
	const hf_record_entry *entry;
	files_aspect aspect;
	files_object *object;
	files_id left;	 /* what we left: number, or mode */
	files_id before; /* what there was */
} files_release;

typedef struct files_obs {
	files_seen *seen;
	size_t n_seen;
	files_release *releases;
	size_t n_releases;
	hf_map objects; /* path -> files_object */
	hf_map ids;	/* "u:root", "g:docker" -> files_id */
	uid_t euid;	/* who changes it; not 0: cannot give files away */
	gid_t egid;
	bool unmapped_ids; /* 65534 may be anybody, hf_host */
} files_obs;

#define FILES_OVERFLOW_ID 65534

extern const char *const files_aspect_names[FILES_ASPECTS]; /* "owner", "group", "mode" */

/** files_id_text - "files:PATH#owner"; NULL: out of memory; pure */
char *files_id_text(hf_arena *arena, const char *path, files_aspect aspect) _must_check_;

/** files_id_parse - the reverse; -EINVAL: not of this kind; pure */
int files_id_parse(hf_arena *arena, const char *id, char **ret_path,
		   files_aspect *ret_aspect) _must_check_;

/** files_demands - does @spec say anything about @aspect? pure */
bool files_demands(const files_spec *spec, files_aspect aspect);

/** files_type_fits - is @mode's type the one that @spec asks for? pure */
bool files_type_fits(const files_spec *spec, mode_t mode);

/** files_mode_fits - are the permission bits of @mode as demanded? pure */
bool files_mode_fits(const files_spec *spec, mode_t mode);

/** files_excluded - is @path, found below or as @top, taken out by `exclude`? pure */
bool files_excluded(const files_spec *spec, const char *top, const char *path);

/** files_covers - would @spec, with its path expanded to @value, look at @path?
 *  Lexical: globs and recursion are matched, symlinks are not followed. Pure. */
bool files_covers(const files_spec *spec, const char *value, const char *path);

/** files_id_get - what was learned of a user (@type 'u') or group ('g'); pure */
const files_id *files_id_get(const files_obs *obs, char type, const char *name);

/** files_id_of - the user or group that @spec demands; NULL where @aspect is the mode, or
 *  not demanded; pure */
const files_id *files_id_of(const files_obs *obs, const files_spec *spec,
			    files_aspect aspect);

/* The parts of the kind. */
int files_decode(hf_decoder *d, const hf_node *node);
int files_check(const hf_model *model, hf_diags *diags);
int files_observe(struct hf_host *host, const hf_model *model, struct hf_plan *plan,
		  hf_error **err);
int files_plan(const hf_model *model, struct hf_plan *plan, hf_error **err);
int files_settle(const hf_model *model, struct hf_plan *plan, hf_error **err);

/* What the enforced demands on one inode, or on one file to be made, come to. */
typedef struct files_target {
	const hf_demand *from[FILES_ASPECTS]; /* who decided owner, group, exact mode */
	uid_t uid;
	gid_t gid;
	mode_t exact;
	mode_t max; /* 07777: no bound */
	const hf_demand *max_from;
	bool conflict; /* reported */
	bool drifts;
	bool linked;	      /* one of its paths is a symlink to it */
	files_object *object; /* the first path it was seen at; NULL: to be made */
	hf_group *group;
	const char *blocked; /* why it cannot be done here, or NULL */
} files_target;

extern const char files_why_removed[]; /* of a file that this plan removes */

/** files_row - the row of @demand for one aspect of @path; NULL: out of memory; pure */
hf_resource *files_row(hf_plan *plan, const hf_demand *demand, const char *path,
		       files_aspect aspect) _must_check_;

/** files_target_add - merge what @demand says of @path into @target; contradictions go
 *  to the plan's diagnostics; pure */
void files_target_add(hf_plan *plan, const files_obs *obs, files_target *target,
		      const hf_demand *demand, const char *path);

/** files_target_mode - the mode that comes of @mode; pure */
mode_t files_target_mode(const files_target *target, mode_t mode);

#endif

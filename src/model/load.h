/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of hf_model_load(): what its parts share. For the model's own files only.
 *
 *	load.c	   files: reading, headers, `extends`; then the parts in their order
 *	layer.c	   controls of all files into one list, `tailor`, `vars`
 *	decode.c   controls into the typed model
 *	top.c	   waivers, `select`, `restart`
 */
#ifndef HF_MODEL_LOAD_H
#define HF_MODEL_LOAD_H

#include <stdint.h>

#include "model/kind.h"
#include "model/vars.h"

#define HF_FILES_MAX 64 /* baselines in one run; the bits of hf_file.closure */

typedef enum hf_top_key {
	HF_TOP_HOLDFAST,
	HF_TOP_NAME,
	HF_TOP_TITLE,
	HF_TOP_VERSION,
	HF_TOP_REQUIRES,
	HF_TOP_EXTENDS,
	HF_TOP_SELECT,
	HF_TOP_RESTART,
	HF_TOP_VARS,
	HF_TOP_TAILOR,
	HF_TOP_CONTROLS,
	HF_TOP_WAIVERS,
	HF_TOP_META,
	HF_TOP_MAX_,
} hf_top_key;

/* One baseline file. */
typedef struct hf_file {
	hf_baseline *baseline;
	const hf_node *root;
	const hf_node *top[HF_TOP_MAX_]; /* NULL: absent, or wrong and reported */
	size_t index;			 /* bit of the masks */
	uint64_t closure;		 /* itself and all it extends, directly or not */
	uint64_t parents;		 /* what it extends directly */
	bool loading;			 /* not done yet: met again it is a circle */
	bool incomplete;		 /* something it extends could not be read */
	const struct hf_file *child;	 /* who asked for it first, for circles */
} hf_file;

/* A control on its way through the layers. */
typedef struct hf_patch {
	const hf_node *node;
	const hf_file *file;
} hf_patch;

typedef struct hf_entry {
	const char *id;
	const hf_node *node; /* as merged so far */
	const hf_file *file; /* that declares it */
	hf_patch *patches;   /* that changed it */
	size_t n_patches;
} hf_entry;

typedef struct hf_loader {
	hf_model *model;
	hf_arena *arena; /* the model's */
	const hf_load_request *request;
	hf_diags *diags;
	hf_file *files[HF_FILES_MAX];
	size_t n_files;
	size_t order[HF_FILES_MAX]; /* indices of files that are done, extended first */
	size_t n_order;
	uint64_t requested;
	hf_map file_by_name;
	hf_entry **entries;
	size_t n_entries;
	hf_map entry_by_id;
	hf_vars vars;
	unsigned restart_by; /* 1 + index of the file that set model->restart */
} hf_loader;

/* Each returns 0, or -ENOMEM; problems are reported. */
int hf_layer_vars(hf_loader *l, const hf_file *file) _must_check_;
int hf_layer_sets(hf_loader *l) _must_check_;
int hf_layer_tailor(hf_loader *l, const hf_file *file) _must_check_;
int hf_layer_controls(hf_loader *l, const hf_file *file) _must_check_;
int hf_decode_controls(hf_loader *l) _must_check_;
int hf_top_restart(hf_loader *l, const hf_file *file) _must_check_;
int hf_top_waivers(hf_loader *l, const hf_file *file) _must_check_;
int hf_top_select(hf_loader *l) _must_check_;

/** hf_load_id_ok - letters, digits, '.', '_' and '-', beginning with a letter or digit,
 * at most 128; pure */
bool hf_load_id_ok(const char *s);

/** hf_load_nearest - the nearest id of a control that @file inherits or (@own) declares
 */
const char *hf_load_nearest(const hf_loader *l, const hf_file *file, const char *id,
			    bool own);

#endif

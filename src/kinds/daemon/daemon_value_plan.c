/* SPDX-License-Identifier: Apache-2.0 */
/* What a demand is judged by, where that is not a key's value as it is written. Pure. */
#include <errno.h>
#include <string.h>

#include "kinds/daemon/daemon_state.h"

int hf_daemon_has_tls(const hf_daemon_config *config, hf_arena *arena)
{
	hf_daemon_value tls, verify;

	if (hf_daemon_in_force(config, hf_dkey_find("tls"), NULL, arena, &tls) < 0 ||
	    hf_daemon_in_force(config, hf_dkey_find("tlsverify"), NULL, arena, &verify) <
		    0)
		return -ENOMEM;
	return verify.source != HF_DAEMON_FROM_DEFAULT ||
	       (tls.value && tls.value->type == HF_JSON_BOOL && tls.value->boolean);
}

/* What is empty stands for the default, which is another one with TLS. NULL: no memory */
static hf_json *as_read(const char *text, bool tls, hf_arena *arena)
{
	const char *host = hf_dkey_host(arena, text);

	if (host && !*host)
		host = tls ? "tcp://localhost:2376" : "unix:///var/run/docker.sock";
	return host ? hf_json_new(arena, HF_JSON_STRING, host) : NULL;
}

/* Is dockerd given the sockets of this unit? */
static bool gives_sockets(const hf_plan *plan, const hf_unit_view *socket)
{
	const char *engine = plan->engine.unit;
	const hf_unit_view *view = engine ? hf_map_get(&plan->units, engine) : NULL;

	if (!view || socket->load != HF_UNIT_LOADED)
		return false;
	for (size_t i = 0; i < view->n_sockets; i++)
		if (strcmp(view->sockets[i], socket->name) == 0)
			return true;
	return socket->service && strcmp(socket->service, engine) == 0;
}

/* fd:// stands for whatever socket units listen on for dockerd, and that may be TCP. */
static int add_streams(hf_plan *plan, hf_json *hosts, hf_daemon_value *v)
{
	for (size_t s = 0; s < plan->units.cap; s++) {
		const hf_unit_view *unit =
			plan->units.slots[s].key ? plan->units.slots[s].value : NULL;

		if (!unit || !unit->n_listen_tcp || !gives_sockets(plan, unit))
			continue;
		for (size_t i = 0; i < unit->n_listen_tcp; i++) {
			hf_json *host = hf_json_new(&plan->arena, HF_JSON_STRING,
						    unit->listen_tcp[i]);

			if (!host || hf_json_add(&plan->arena, hosts, NULL, host) < 0)
				return -ENOMEM;
		}
		v->streams = unit->name;
	}
	return 0;
}

/* .value of @v, of "hosts", becomes where dockerd listens. */
static int listens(hf_plan *plan, const hf_daemon_config *config, hf_daemon_value *v)
{
	hf_arena *arena = &plan->arena;
	hf_json *hosts = hf_json_new(arena, HF_JSON_ARRAY, NULL);
	int tls = hf_daemon_has_tls(config, arena);
	size_t n = v->source == HF_DAEMON_FROM_DEFAULT ? 1 : v->value ? v->value->n : 0;
	bool sockets = false;

	if (!hosts || tls < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *text = v->source == HF_DAEMON_FROM_DEFAULT
					   ? ""
					   : v->value->items[i]->text;
		hf_json *host = as_read(text ? text : "", tls, arena);

		if (!host || hf_json_add(arena, hosts, NULL, host) < 0)
			return -ENOMEM;
		sockets |= strncmp(host->text, "fd://", 5) == 0;
	}
	v->value = hosts;
	return sockets ? add_streams(plan, hosts, v) : 0;
}

static const char driver[] = "DOCKER_DRIVER";

static const hf_unit_view *engine_unit(const hf_plan *plan)
{
	return plan->engine.unit ? hf_map_get(&plan->units, plan->engine.unit) : NULL;
}

const char *hf_daemon_variable_why(const hf_plan *plan, const hf_dkey *key)
{
	const hf_unit_view *unit = engine_unit(plan);

	if (!unit || strcmp(key->name, "storage-driver") != 0)
		return NULL;
	if (unit->env_why)
		return unit->env_why;
	if (hf_daemon_variable(unit->env, SIZE_MAX, driver))
		return NULL;
	for (size_t i = 0; unit->env_unknown && unit->env_unknown[i]; i++)
		if (strcmp(unit->env_unknown[i], driver) == 0)
			return "DOCKER_DRIVER, which goes before file and flag, is known "
			       "only to the running manager";
	return NULL;
}

static int driver_of_environment(hf_plan *plan, hf_daemon_value *v)
{
	const hf_unit_view *unit = engine_unit(plan);
	const char *text = unit ? hf_daemon_variable(unit->env, SIZE_MAX, driver) : NULL;

	if (!text || !*text)
		return 0;
	v->value = hf_json_new(&plan->arena, HF_JSON_STRING, text);
	v->variable = driver;
	return v->value ? 0 : -ENOMEM;
}

int hf_daemon_value_for(hf_plan *plan, const hf_daemon_config *config,
			const hf_daemon_spec *spec, hf_daemon_value *ret)
{
	if (hf_daemon_in_force(config, spec->key, spec->subkey, &plan->arena, ret) < 0)
		return -ENOMEM;
	if (strcmp(spec->key->name, "storage-driver") == 0)
		return driver_of_environment(plan, ret);
	return spec->op == HF_DAEMON_FORBID && strcmp(spec->key->name, "hosts") == 0
		       ? listens(plan, config, ret)
		       : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The connection to systemd's manager, with libsystemd's functions replaced by our own.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/bus.h"
#include "host/sd.h"

/* What the bus does; sd_bus is opaque, so that any pointers will do. */
static struct {
	int opened, closed, called;
	int fail; /* -errno of the next call */
} bus;
static char connections[8];

static int fake_open_system(sd_bus **ret)
{
	*ret = (sd_bus *)(void *)&connections[bus.opened++];
	return 0;
}

static sd_bus *fake_close(sd_bus *b)
{
	assert_ptr_equal(b, &connections[bus.opened - 1]);
	bus.closed++;
	return NULL;
}

static int fake_timeout(sd_bus *b, uint64_t usec)
{
	(void)b, (void)usec;
	return 0;
}

static int fake_is_client(sd_bus *b)
{
	(void)b;
	return 1;
}

static void fake_error_free(sd_bus_error *e)
{
	(void)e;
}

static int fake_call(sd_bus *b, const char *destination, const char *path,
		     const char *interface, const char *member, sd_bus_error *e,
		     sd_bus_message **reply, const char *types, ...)
{
	int r = bus.fail;

	(void)destination, (void)path, (void)interface, (void)member, (void)e;
	(void)reply, (void)types;
	assert_ptr_equal(b, &connections[bus.opened - 1]);
	bus.called++;
	bus.fail = 0;
	return r;
}

static int setup(void **state)
{
	hf_error *err = NULL;

	(void)state;
	if (hf_sd_load(&err) < 0) {
		print_message("%s\n", hf_error_text(err));
		hf_error_free(err);
		return 0;
	}
	hf_sd_table.sd_bus_open_system = fake_open_system;
	hf_sd_table.sd_bus_flush_close_unref = fake_close;
	hf_sd_table.sd_bus_set_method_call_timeout = fake_timeout;
	hf_sd_table.sd_bus_is_bus_client = fake_is_client;
	hf_sd_table.sd_bus_error_free = fake_error_free;
	hf_sd_table.sd_bus_call_method = fake_call;
	return 0;
}

/* daemon-reload may cost the connection; what puts it back needs one. */
static void test_lost_connection(void **state)
{
	static const int lost[] = { -ENOTCONN, -ECONNRESET, -EPIPE };
	hf_host host = { .root_fd = -1, .audit_fd = -1 };
	hf_error *err = NULL;

	(void)state;
	if (hf_sd_table.sd_bus_call_method != fake_call)
		skip();
	host.units.known = HF_PRESENT;
	for (size_t i = 0; i < ARRAY_SIZE(lost); i++) {
		bus.fail = lost[i];
		assert_int_equal(hf_bus_daemon_reload(&host, &err), lost[i]);
		assert_false(hf_bus_is_refusal(lost[i]));
		hf_error_free(take_ptr(err));
		assert_null(host.bus);
		assert_int_equal(bus.closed, (int)i + 1);
		assert_int_equal(hf_bus_daemon_reload(&host, &err), 0);
		assert_int_equal(bus.opened, (int)i + 2);
	}
	/* an answer leaves it open, and so does none in time */
	bus.fail = -EACCES;
	assert_int_equal(hf_bus_daemon_reload(&host, &err), -EACCES);
	assert_true(hf_bus_is_refusal(-EACCES));
	hf_error_free(take_ptr(err));
	bus.fail = -ETIMEDOUT;
	assert_int_equal(hf_bus_daemon_reload(&host, &err), -ETIMEDOUT);
	assert_false(hf_bus_is_refusal(-ETIMEDOUT));
	hf_error_free(take_ptr(err));
	assert_non_null(host.bus);
	hf_host_close(&host);
	assert_int_equal(bus.closed, bus.opened);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost_connection),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

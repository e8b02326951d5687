/* SPDX-License-Identifier: Apache-2.0 */
/* plan: what apply would change; never changes anything. */
#include "cli/run.h"

int hf_cmd_plan(hf_cli *cli)
{
	return hf_run_look(cli, false);
}

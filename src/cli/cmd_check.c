/* SPDX-License-Identifier: Apache-2.0 */
/* check: does the host still hold? */
#include "cli/run.h"

int hf_cmd_check(hf_cli *cli)
{
	return hf_run_look(cli, true);
}

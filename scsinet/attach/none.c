/* SPDX-License-Identifier: MIT */
#include "scsinet/cli.h"

int cmd_attach(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return fail("this build has no way to attach: it was made without libfuse3");
}

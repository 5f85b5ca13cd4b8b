/* SPDX-License-Identifier: MIT */
/* sc.h - the commands of ntio that have a file of their own. Each returns an exit status. */
#ifndef NTIO_TOOLS_SC_H
#define NTIO_TOOLS_SC_H

int sc_command(int count, char **arguments);

#endif

/* SPDX-License-Identifier: MIT */
/* join.h - what win32 asks of the shutdown. */
#ifndef NTIO_WIN32_JOIN_H
#define NTIO_WIN32_JOIN_H

#include "ntio/ntos.h"

/* Joins the programs' threads that have ended, so that nothing of them is under way when the
 * accounting begins. */
VOID Win32JoinEndedThreads(VOID);
/* A program ends (NULL: all do): what it keeps inside win32, its notifications and device
 * information sets, ends with it. Waits for its callbacks. */
struct _EPROCESS;
VOID Win32EndProgram(struct _EPROCESS *Process);

/* Closes the .inf files that programs left open. */
VOID Win32ForgetInfs(VOID);
/* And their file queues, uncommitted. */
VOID Win32ForgetQueues(VOID);

/* Frees the searches that programs have left open (FindFirstFile without FindClose). */
VOID Win32FreeSearches(VOID);

#endif

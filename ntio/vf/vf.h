/* SPDX-License-Identifier: MIT */
/*
 * vf.h - what stops the host, and the accounting.
 *
 * The lowest component: everybody may call it; it calls the host alone, but for the accounting,
 * which asks each component's enumerator.
 */
#ifndef NTIO_VF_H
#define NTIO_VF_H

#include "ntio/ntos.h"
#include <stdio.h>

/*
 * KeBugCheckEx itself is here. It prints a stop report (code by name and number, four parameters,
 * what they mean where known, the driver whose code is on the stack, a backtrace) to stderr, then
 * aborts: SIGABRT, so that a core is written. The first line of it is `*** STOP: 0x000000C4 (0x...,
 * 0x..., 0x..., 0x...) NAME`, each parameter 16 hexadecimal digits.
 */
const char *VfBugCheckName(ULONG Code); /* NULL: not known */

/* ntio's own codes (bit 29: not Microsoft's). Parameter 1: address of the routine's name, or of the
 * text that failed. */
#define NTIO_ROUTINE_NOT_IMPLEMENTED ((ULONG)0xE0000001)
#define NTIO_ASSERTION_FAILED        ((ULONG)0xE0000002)

/* KeBugCheckEx with a sentence of its own in the report: what happened, in words. What may be NULL.
 */
_Noreturn VOID NTAPI VfBugCheck(ULONG Code, ULONG_PTR P1, ULONG_PTR P2, ULONG_PTR P3, ULONG_PTR P4,
                                const char *What);

/* Stops with 0xC4 and this subcode in parameter 1: what Windows' driver verifier would say. */
_Noreturn VOID NTAPI VfStop(ULONG Subcode, ULONG_PTR P2, ULONG_PTR P3, ULONG_PTR P4,
                            const char *What);

/* A routine that is known but not there yet: stops with its name. */
_Noreturn VOID NTAPI VfNotImplemented(const char *Routine);

/*
 * One thing that was left when it should be gone: `kind` ("IRP", "pool block", ...), and a sentence
 * that names it. VfAccount calls Print for each and returns how many there were. Components add
 * their sources at their initialisation.
 */
typedef VOID VF_LEFT_ROUTINE(const char *Kind, const char *Sentence, PVOID Context);
typedef VOID VF_SOURCE_ROUTINE(VF_LEFT_ROUTINE *Left, PVOID Context);
VOID VfAddAccountingSource(const char *Component, VF_SOURCE_ROUTINE *Source);
ULONG VfAccount(VF_LEFT_ROUTINE *Left, PVOID Context);
/*
 * ntio_shutdown, while every component still stands: prints each to Out (may be NULL) as `ntio:
 * left behind: KIND: SENTENCE`; returns how many. It leaves out the sources of component "pool",
 * because ntio's own objects and tables are pool blocks.
 */
ULONG VfAccountAtShutdown(FILE *Out);
/* The same for component "pool", when everything above ex is gone; forgets all sources. */
ULONG VfAccountPoolAtShutdown(FILE *Out);

/* "driver.so!Routine+0x12" of a code address into Text; uses the loader's tables and dladdr. */
VOID VfDescribeAddress(PVOID Address, char *Text, size_t Size);
/*
 * The loader registers this: "image.sys!Routine+0x12" of an address in an image that dladdr does
 * not know (PE), and FALSE where it is not the loader's. Called while the host stops: it takes no
 * lock and allocates nothing.
 */
typedef BOOLEAN VF_DESCRIBE_IMAGE(PVOID Address, char *Text, size_t Size);
VOID VfSetImageDescriber(VF_DESCRIBE_IMAGE *Describe);
/* Is Address code of a driver (a PE image, or a shared object that is neither ntio, the program nor
 * a library of the host)? */
BOOLEAN VfIsDriverAddress(PVOID Address);
/* Is it ntio's own code? In a test that has ntio linked in statically the whole program is. */
BOOLEAN VfIsKernelAddress(PVOID Address);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * ntos.h - what every source file of ntio includes first.
 *
 * It brings the driver's view of the system (include/ddk) and the few parts of the host's C library
 * that all components use. NTIO_KERNEL_SOURCE keeps ddk/ntcrt.h from renaming the C library.
 */
#ifndef NTIO_NTOS_H
#define NTIO_NTOS_H

#ifndef NTIO_KERNEL_SOURCE
#define NTIO_KERNEL_SOURCE 1
#endif

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ntifs.h"
#include "bugcodes.h"

/* Exported to programs that link with libntio; never visible to drivers. */
#define NTIO_API __attribute__((visibility("default")))

#define NTIO_LIKELY(x)   __builtin_expect(!!(x), 1)
#define NTIO_UNLIKELY(x) __builtin_expect(!!(x), 0)

/*
 * States an invariant of ntio itself. A failure is a fault of ntio, never of a driver, a program or
 * the network: those are answered with a status or a bugcheck.
 *
 * It is NTAPI, as are other routines that hot NTAPI routines call in rare cases only: a call to a
 * routine of the host's convention makes the compiler save ten vector registers at entry, 10 ns,
 * call or not.
 */
NTIO_API _Noreturn void NTAPI NtioAssertionFailed(const char *Text, const char *File, int Line);
#define NTIO_ASSERT(x) (NTIO_LIKELY(x) ? (void)0 : NtioAssertionFailed(#x, __FILE__, __LINE__))

#endif

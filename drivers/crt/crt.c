/* SPDX-License-Identifier: MIT */
/*
 * What a compiler calls behind a driver's back: memcpy and its kin, in each driver, hidden, over
 * the routines that ntoskrnl exports.
 */
#include "ntdef.h"

NTSYSAPI void *NTAPI NtCrt_memcpy(void *To, const void *From, SIZE_T Length);
NTSYSAPI void *NTAPI NtCrt_memmove(void *To, const void *From, SIZE_T Length);
NTSYSAPI void *NTAPI NtCrt_memset(void *To, int Value, SIZE_T Length);
NTSYSAPI int NTAPI NtCrt_memcmp(const void *A, const void *B, SIZE_T Length);

void *memcpy(void *restrict To, const void *restrict From, SIZE_T Length);
void *memmove(void *To, const void *From, SIZE_T Length);
void *memset(void *To, int Value, SIZE_T Length);
int memcmp(const void *A, const void *B, SIZE_T Length);

void *memcpy(void *restrict To, const void *restrict From, SIZE_T Length)
{
    return NtCrt_memcpy(To, From, Length);
}

void *memmove(void *To, const void *From, SIZE_T Length)
{
    return NtCrt_memmove(To, From, Length);
}

void *memset(void *To, int Value, SIZE_T Length)
{
    return NtCrt_memset(To, Value, Length);
}

int memcmp(const void *A, const void *B, SIZE_T Length)
{
    return NtCrt_memcmp(A, B, Length);
}

/* A virtual function that no class has defined was called (C++). */
void __cxa_pure_virtual(void);
void __cxa_pure_virtual(void)
{
    __builtin_trap(); /* an exception that nobody handles: the report names the place */
}

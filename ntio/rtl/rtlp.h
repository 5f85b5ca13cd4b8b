/* SPDX-License-Identifier: MIT */
/* rtlp.h - what the files of rtl share, and the routines that only compiled drivers call by name.
 */
#ifndef NTIO_RTL_RTLP_H
#define NTIO_RTL_RTLP_H

#include "ntio/ntos.h"

#define RTL_TAG 0x67727453u /* "Strg": strings that RtlFreeUnicodeString and its kin free */

/* Strings that a caller frees with RtlFreeXxxString. */
static inline PVOID RtlpAllocate(SIZE_T Bytes)
{
    return ExAllocatePoolWithTag(PagedPool, Bytes, RTL_TAG);
}

/* A copy of SourceString in DestinationString, terminated; RtlFreeUnicodeString. FALSE: no memory,
 * or too long. PASSIVE_LEVEL. */
NTSYSAPI BOOLEAN NTAPI RtlCreateUnicodeString(PUNICODE_STRING DestinationString,
                                              PCWSTR SourceString);

/* One character of UTF-8 from *At (below End) to *Code; FALSE, and U+FFFD, where it is malformed.
 */
BOOLEAN RtlpDecodeUtf8(const CHAR **At, const CHAR *End, ULONG *Code);
/* One character of UTF-16; an unpaired surrogate is FALSE and U+FFFD. */
BOOLEAN RtlpDecodeUtf16(const WCHAR **At, const WCHAR *End, ULONG *Code);
/* Into at most 4 units; their number. */
ULONG RtlpEncodeUtf8(ULONG Code, CHAR *To);
ULONG RtlpEncodeUtf16(ULONG Code, WCHAR *To);

/*
 * The formatter behind all of the printf family. Format's units are narrow or wide, and so are the
 * output's. Emit is called once for each unit. Returns the number of units.
 */
typedef struct _RTLP_OUTPUT {
    BOOLEAN Wide;
    PVOID Buffer; /* CHAR or WCHAR */
    SIZE_T Limit; /* units that fit */
    SIZE_T Count; /* units written, or that would have been */
} RTLP_OUTPUT;
/* NT_VA_LIST may be an array type, which can't be passed on by address otherwise. */
typedef struct _RTLP_ARGUMENTS {
    NT_VA_LIST List;
} RTLP_ARGUMENTS;
VOID RtlpFormat(RTLP_OUTPUT *Output, const VOID *Format, RTLP_ARGUMENTS *Arguments);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * crt.h - what crt.c gives to compiled drivers under the names of the C library (exports.inc).
 * Native code uses the compiler's own or ddk/ntcrt.h; declared here for the tests. Each is its C
 * namesake, for the ASCII locale.
 */
#ifndef NTIO_RTL_CRT_H
#define NTIO_RTL_CRT_H

#include "ntio/ntos.h"

NTSYSAPI void *NTAPI NtCrt_memcpy(void *To, const void *From, SIZE_T Length);
NTSYSAPI void *NTAPI NtCrt_memmove(void *To, const void *From, SIZE_T Length);
NTSYSAPI void *NTAPI NtCrt_memset(void *To, int Value, SIZE_T Length);
NTSYSAPI int NTAPI NtCrt_memcmp(const void *A, const void *B, SIZE_T Length);
NTSYSAPI void *NTAPI NtCrt_memchr(const void *Where, int c, SIZE_T Length);
NTSYSAPI VOID NTAPI NtRtl_FillMemory(PVOID Destination, SIZE_T Length, UCHAR Fill);
NTSYSAPI VOID NTAPI NtRtl_ZeroMemory(PVOID Destination, SIZE_T Length);
NTSYSAPI USHORT NTAPI NtRtl_UshortByteSwap(USHORT Value);
NTSYSAPI ULONG NTAPI NtRtl_UlongByteSwap(ULONG Value);
NTSYSAPI ULONGLONG NTAPI NtRtl_UlonglongByteSwap(ULONGLONG Value);
NTSYSAPI SIZE_T NTAPI NtCrt_strlen(const char *s);
NTSYSAPI SIZE_T NTAPI NtCrt_strnlen(const char *s, SIZE_T max);
NTSYSAPI char *NTAPI NtCrt_strcpy(char *to, const char *from);
NTSYSAPI char *NTAPI NtCrt_strncpy(char *to, const char *from, SIZE_T n);
NTSYSAPI char *NTAPI NtCrt_strcat(char *to, const char *from);
NTSYSAPI char *NTAPI NtCrt_strncat(char *to, const char *from, SIZE_T n);
NTSYSAPI int NTAPI NtCrt_strcmp(const char *a, const char *b);
NTSYSAPI int NTAPI NtCrt_strncmp(const char *a, const char *b, SIZE_T n);
NTSYSAPI char *NTAPI NtCrt_strchr(const char *s, int c);
NTSYSAPI char *NTAPI NtCrt_strrchr(const char *s, int c);
NTSYSAPI char *NTAPI NtCrt_strstr(const char *s, const char *part);
NTSYSAPI SIZE_T NTAPI NtCrt_strspn(const char *s, const char *set);
NTSYSAPI int NTAPI NtCrt_tolower(int c);
NTSYSAPI int NTAPI NtCrt_toupper(int c);
NTSYSAPI int NTAPI NtCrt_isdigit(int c);
NTSYSAPI int NTAPI NtCrt_isxdigit(int c);
NTSYSAPI int NTAPI NtCrt_isspace(int c);
NTSYSAPI int NTAPI NtCrt_islower(int c);
NTSYSAPI int NTAPI NtCrt_isupper(int c);
NTSYSAPI int NTAPI NtCrt_isprint(int c);

#endif

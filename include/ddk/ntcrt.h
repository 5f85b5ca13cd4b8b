/* SPDX-License-Identifier: MIT */
/*
 * ntcrt.h - the C library of kernel mode.
 *
 * mem* and the narrow str* routines are the compiler's and libc's: their types agree. Wide ones
 * cannot be (libc's wchar_t has 32 bits), and the printf family must understand %wZ, %I64d and
 * 16-bit %ws and take an NT_VA_LIST; so a driver's wcslen is ntio's NtCrt_wcslen. ntio's own
 * sources define NTIO_KERNEL_SOURCE and write the NtCrt_ names, which leaves libc's free for them.
 */
#ifndef NTIO_DDK_NTCRT_H
#define NTIO_DDK_NTCRT_H

#include "ntdef.h"

#ifdef __cplusplus
#include <string.h>
extern "C" {
#elif !defined(_STRING_H)
void *memcpy(void *__restrict to, const void *__restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
void *memchr(const void *p, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t n);
char *strcpy(char *__restrict to, const char *__restrict from);
char *strncpy(char *__restrict to, const char *__restrict from, size_t n);
char *strcat(char *__restrict to, const char *__restrict from);
char *strncat(char *__restrict to, const char *__restrict from, size_t n);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *part);
size_t strspn(const char *s, const char *set);
#endif

/* Wide strings: as their C namesakes, over 16-bit units. The i and lwr/upr forms fold by RtlUpcase.
 */
NTKERNELAPI SIZE_T NTAPI NtCrt_wcslen(const WCHAR *s);
NTKERNELAPI SIZE_T NTAPI NtCrt_wcsnlen(const WCHAR *s, SIZE_T max);
NTKERNELAPI int NTAPI NtCrt_wcscmp(const WCHAR *a, const WCHAR *b);
NTKERNELAPI int NTAPI NtCrt_wcsncmp(const WCHAR *a, const WCHAR *b, SIZE_T n);
NTKERNELAPI int NTAPI NtCrt__wcsicmp(const WCHAR *a, const WCHAR *b);
NTKERNELAPI int NTAPI NtCrt__wcsnicmp(const WCHAR *a, const WCHAR *b, SIZE_T n);
NTKERNELAPI WCHAR *NTAPI NtCrt_wcscpy(WCHAR *to, const WCHAR *from);
NTKERNELAPI WCHAR *NTAPI NtCrt_wcsncpy(WCHAR *to, const WCHAR *from, SIZE_T n);
NTKERNELAPI WCHAR *NTAPI NtCrt_wcscat(WCHAR *to, const WCHAR *from);
NTKERNELAPI WCHAR *NTAPI NtCrt_wcsncat(WCHAR *to, const WCHAR *from, SIZE_T n);
NTKERNELAPI WCHAR *NTAPI NtCrt_wcschr(const WCHAR *s, WCHAR c);
NTKERNELAPI WCHAR *NTAPI NtCrt_wcsrchr(const WCHAR *s, WCHAR c);
NTKERNELAPI WCHAR *NTAPI NtCrt_wcsstr(const WCHAR *s, const WCHAR *part);
NTKERNELAPI SIZE_T NTAPI NtCrt_wcsspn(const WCHAR *s, const WCHAR *set);
NTKERNELAPI WCHAR *NTAPI NtCrt__wcslwr(WCHAR *s);
NTKERNELAPI WCHAR *NTAPI NtCrt__wcsupr(WCHAR *s);
NTKERNELAPI WCHAR NTAPI NtCrt_towlower(WCHAR c);
NTKERNELAPI WCHAR NTAPI NtCrt_towupper(WCHAR c);
NTKERNELAPI ULONG NTAPI NtCrt_wcstoul(const WCHAR *s, WCHAR **end, int base);
NTKERNELAPI LONG NTAPI NtCrt__wtoi(const WCHAR *s);

/* Narrow strings that libc has under other names. */
NTKERNELAPI int NTAPI NtCrt__stricmp(const char *a, const char *b);
NTKERNELAPI int NTAPI NtCrt__strnicmp(const char *a, const char *b, SIZE_T n);
NTKERNELAPI char *NTAPI NtCrt__strlwr(char *s);
NTKERNELAPI char *NTAPI NtCrt__strupr(char *s);
NTKERNELAPI int NTAPI NtCrt_atoi(const char *s);
NTKERNELAPI ULONG NTAPI NtCrt_strtoul(const char *s, char **end, int base);

/*
 * printf family. The n forms return the text's length when that is at most n (then without a
 * closing zero when it is exactly n), else -1 with n units written and no zero: as on Windows.
 */
NTKERNELAPI int NTAPI NtCrt__snprintf(char *to, SIZE_T n, const char *format, ...);
NTKERNELAPI int NTAPI NtCrt__vsnprintf(char *to, SIZE_T n, const char *format, NT_VA_LIST args);
NTKERNELAPI int NTAPI NtCrt_sprintf(char *to, const char *format, ...);
NTKERNELAPI int NTAPI NtCrt_vsprintf(char *to, const char *format, NT_VA_LIST args);
NTKERNELAPI int NTAPI NtCrt__snwprintf(WCHAR *to, SIZE_T n, const WCHAR *format, ...);
NTKERNELAPI int NTAPI NtCrt__vsnwprintf(WCHAR *to, SIZE_T n, const WCHAR *format, NT_VA_LIST args);
NTKERNELAPI int NTAPI NtCrt_swprintf(WCHAR *to, const WCHAR *format, ...);

#ifdef __cplusplus
}
#endif

#ifndef NTIO_KERNEL_SOURCE
#define wcslen      NtCrt_wcslen
#define wcsnlen     NtCrt_wcsnlen
#define wcscmp      NtCrt_wcscmp
#define wcsncmp     NtCrt_wcsncmp
#define _wcsicmp    NtCrt__wcsicmp
#define _wcsnicmp   NtCrt__wcsnicmp
#define wcscpy      NtCrt_wcscpy
#define wcsncpy     NtCrt_wcsncpy
#define wcscat      NtCrt_wcscat
#define wcsncat     NtCrt_wcsncat
#define wcschr      NtCrt_wcschr
#define wcsrchr     NtCrt_wcsrchr
#define wcsstr      NtCrt_wcsstr
#define wcsspn      NtCrt_wcsspn
#define _wcslwr     NtCrt__wcslwr
#define _wcsupr     NtCrt__wcsupr
#define towlower    NtCrt_towlower
#define towupper    NtCrt_towupper
#define wcstoul     NtCrt_wcstoul
#define _wtoi       NtCrt__wtoi
#define _stricmp    NtCrt__stricmp
#define _strnicmp   NtCrt__strnicmp
#define _strlwr     NtCrt__strlwr
#define _strupr     NtCrt__strupr
#define atoi        NtCrt_atoi
#define strtoul     NtCrt_strtoul
#define _snprintf   NtCrt__snprintf
#define _vsnprintf  NtCrt__vsnprintf
#define sprintf     NtCrt_sprintf
#define vsprintf    NtCrt_vsprintf
#define _snwprintf  NtCrt__snwprintf
#define _vsnwprintf NtCrt__vsnwprintf
#define swprintf    NtCrt_swprintf
#endif

#endif

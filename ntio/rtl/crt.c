/* SPDX-License-Identifier: MIT */
/*
 * crt.c - memory and narrow strings of kernel mode, in the drivers' calling convention. Native
 * drivers have mem* from drivers/crt; compiled ones import all of these by their plain names
 * (exports.inc).
 */
#include "rtlp.h"

#include "crt.h"

#undef RtlFillMemory
#undef RtlZeroMemory

void *NTAPI NtCrt_memcpy(void *To, const void *From, SIZE_T Length)
{
    /* Microsoft's memcpy stands overlapping buffers. */
    return memmove(To, From, Length);
}

void *NTAPI NtCrt_memmove(void *To, const void *From, SIZE_T Length)
{
    return memmove(To, From, Length);
}

void *NTAPI NtCrt_memset(void *To, int Value, SIZE_T Length)
{
    return memset(To, Value, Length);
}

int NTAPI NtCrt_memcmp(const void *A, const void *B, SIZE_T Length)
{
    return memcmp(A, B, Length);
}

void *NTAPI NtCrt_memchr(const void *Where, int c, SIZE_T Length)
{
    return (void *)memchr(Where, c, Length);
}

VOID NTAPI NtRtl_FillMemory(PVOID Destination, SIZE_T Length, UCHAR Fill)
{
    memset(Destination, Fill, Length);
}

VOID NTAPI NtRtl_ZeroMemory(PVOID Destination, SIZE_T Length)
{
    memset(Destination, 0, Length);
}

SIZE_T NTAPI RtlCompareMemory(const VOID *Source1, const VOID *Source2, SIZE_T Length)
{
    const UCHAR *a = Source1, *b = Source2;
    SIZE_T Same = 0;

    while (Same < Length && a[Same] == b[Same])
        Same++;
    return Same;
}

/* In bytes; a rest that is no whole ULONG is left out. */
SIZE_T NTAPI RtlCompareMemoryUlong(PVOID Source, SIZE_T Length, ULONG Pattern)
{
    const ULONG *Words = Source;
    SIZE_T Same = 0;

    while (Same < Length / sizeof(ULONG) && Words[Same] == Pattern)
        Same++;
    return Same * sizeof(ULONG);
}

USHORT NTAPI NtRtl_UshortByteSwap(USHORT Value)
{
    return __builtin_bswap16(Value);
}

ULONG NTAPI NtRtl_UlongByteSwap(ULONG Value)
{
    return __builtin_bswap32(Value);
}

ULONGLONG NTAPI NtRtl_UlonglongByteSwap(ULONGLONG Value)
{
    return __builtin_bswap64(Value);
}

SIZE_T NTAPI NtCrt_strlen(const char *s)
{
    return strlen(s);
}

SIZE_T NTAPI NtCrt_strnlen(const char *s, SIZE_T max)
{
    return strnlen(s, max);
}

char *NTAPI NtCrt_strcpy(char *to, const char *from)
{
    return strcpy(to, from);
}

char *NTAPI NtCrt_strncpy(char *to, const char *from, SIZE_T n)
{
    SIZE_T Length = strnlen(from, n);

    memcpy(to, from, Length);
    memset(to + Length, 0, n - Length);
    return to;
}

char *NTAPI NtCrt_strcat(char *to, const char *from)
{
    return strcat(to, from);
}

char *NTAPI NtCrt_strncat(char *to, const char *from, SIZE_T n)
{
    SIZE_T Before = strlen(to), Length = strnlen(from, n);

    memcpy(to + Before, from, Length);
    to[Before + Length] = 0;
    return to;
}

int NTAPI NtCrt_strcmp(const char *a, const char *b)
{
    return strcmp(a, b);
}

int NTAPI NtCrt_strncmp(const char *a, const char *b, SIZE_T n)
{
    return strncmp(a, b, n);
}

char *NTAPI NtCrt_strchr(const char *s, int c)
{
    return (char *)strchr(s, c);
}

char *NTAPI NtCrt_strrchr(const char *s, int c)
{
    return (char *)strrchr(s, c);
}

char *NTAPI NtCrt_strstr(const char *s, const char *part)
{
    return (char *)strstr(s, part);
}

SIZE_T NTAPI NtCrt_strspn(const char *s, const char *set)
{
    return strspn(s, set);
}

int NTAPI NtCrt_tolower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

int NTAPI NtCrt_toupper(int c)
{
    return c >= 'a' && c <= 'z' ? c - 32 : c;
}

int NTAPI NtCrt_isdigit(int c)
{
    return c >= '0' && c <= '9';
}

int NTAPI NtCrt_isxdigit(int c)
{
    return NtCrt_isdigit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

int NTAPI NtCrt_isspace(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

int NTAPI NtCrt_islower(int c)
{
    return c >= 'a' && c <= 'z';
}

int NTAPI NtCrt_isupper(int c)
{
    return c >= 'A' && c <= 'Z';
}

int NTAPI NtCrt_isprint(int c)
{
    return c >= ' ' && c <= '~';
}

int NTAPI NtCrt__strnicmp(const char *a, const char *b, SIZE_T n)
{
    for (; n != 0; a++, b++, n--) {
        int ca = NtCrt_tolower((UCHAR)*a), cb = NtCrt_tolower((UCHAR)*b);

        if (ca != cb || ca == 0)
            return ca - cb;
    }
    return 0;
}

int NTAPI NtCrt__stricmp(const char *a, const char *b)
{
    return NtCrt__strnicmp(a, b, (SIZE_T)-1);
}

char *NTAPI NtCrt__strlwr(char *s)
{
    for (char *At = s; *At != 0; At++)
        *At = (char)NtCrt_tolower((UCHAR)*At);
    return s;
}

char *NTAPI NtCrt__strupr(char *s)
{
    for (char *At = s; *At != 0; At++)
        *At = (char)NtCrt_toupper((UCHAR)*At);
    return s;
}

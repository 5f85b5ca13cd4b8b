/* SPDX-License-Identifier: MIT */
/* wcs.c - wide strings of kernel mode: 16-bit units, case by RtlUpcaseUnicodeChar. */
#include "rtlp.h"

SIZE_T NTAPI NtCrt_wcslen(const WCHAR *s)
{
    const WCHAR *End = s;

    while (*End != 0)
        End++;
    return (SIZE_T)(End - s);
}

SIZE_T NTAPI NtCrt_wcsnlen(const WCHAR *s, SIZE_T max)
{
    SIZE_T Length = 0;

    while (Length < max && s[Length] != 0)
        Length++;
    return Length;
}

static int RtlpCompareWide(const WCHAR *a, const WCHAR *b, SIZE_T n, BOOLEAN Fold)
{
    for (; n != 0; a++, b++, n--) {
        WCHAR ca = *a, cb = *b;

        /* To lower case, as Microsoft's: it matters for what stands between Z and a. */
        if (Fold && ca != cb)
            ca = NtCrt_towlower(ca), cb = NtCrt_towlower(cb);
        if (ca != cb)
            return (int)ca - (int)cb;
        if (ca == 0)
            break;
    }
    return 0;
}

int NTAPI NtCrt_wcscmp(const WCHAR *a, const WCHAR *b)
{
    return RtlpCompareWide(a, b, (SIZE_T)-1, FALSE);
}

int NTAPI NtCrt_wcsncmp(const WCHAR *a, const WCHAR *b, SIZE_T n)
{
    return RtlpCompareWide(a, b, n, FALSE);
}

int NTAPI NtCrt__wcsicmp(const WCHAR *a, const WCHAR *b)
{
    return RtlpCompareWide(a, b, (SIZE_T)-1, TRUE);
}

int NTAPI NtCrt__wcsnicmp(const WCHAR *a, const WCHAR *b, SIZE_T n)
{
    return RtlpCompareWide(a, b, n, TRUE);
}

WCHAR *NTAPI NtCrt_wcscpy(WCHAR *to, const WCHAR *from)
{
    memcpy(to, from, (NtCrt_wcslen(from) + 1) * sizeof(WCHAR));
    return to;
}

/* Fills up with zeros; no zero where from has n units or more. */
WCHAR *NTAPI NtCrt_wcsncpy(WCHAR *to, const WCHAR *from, SIZE_T n)
{
    SIZE_T Length = NtCrt_wcsnlen(from, n);

    memcpy(to, from, Length * sizeof(WCHAR));
    memset(to + Length, 0, (n - Length) * sizeof(WCHAR));
    return to;
}

WCHAR *NTAPI NtCrt_wcscat(WCHAR *to, const WCHAR *from)
{
    NtCrt_wcscpy(to + NtCrt_wcslen(to), from);
    return to;
}

WCHAR *NTAPI NtCrt_wcsncat(WCHAR *to, const WCHAR *from, SIZE_T n)
{
    WCHAR *End = to + NtCrt_wcslen(to);
    SIZE_T Length = NtCrt_wcsnlen(from, n);

    memcpy(End, from, Length * sizeof(WCHAR));
    End[Length] = 0;
    return to;
}

WCHAR *NTAPI NtCrt_wcschr(const WCHAR *s, WCHAR c)
{
    for (; *s != c; s++)
        if (*s == 0)
            return NULL;
    return (WCHAR *)s;
}

WCHAR *NTAPI NtCrt_wcsrchr(const WCHAR *s, WCHAR c)
{
    const WCHAR *Found = NULL;

    for (;; s++) {
        if (*s == c)
            Found = s;
        if (*s == 0)
            return (WCHAR *)Found;
    }
}

WCHAR *NTAPI NtCrt_wcsstr(const WCHAR *s, const WCHAR *part)
{
    SIZE_T Length = NtCrt_wcslen(part);

    for (;; s++) {
        if (NtCrt_wcsncmp(s, part, Length) == 0)
            return (WCHAR *)s;
        if (*s == 0)
            return NULL;
    }
}

SIZE_T NTAPI NtCrt_wcsspn(const WCHAR *s, const WCHAR *set)
{
    SIZE_T Length = 0;

    while (s[Length] != 0 && NtCrt_wcschr(set, s[Length]) != NULL)
        Length++;
    return Length;
}

WCHAR *NTAPI NtCrt__wcslwr(WCHAR *s)
{
    for (WCHAR *At = s; *At != 0; At++)
        *At = NtCrt_towlower(*At);
    return s;
}

WCHAR *NTAPI NtCrt__wcsupr(WCHAR *s)
{
    for (WCHAR *At = s; *At != 0; At++)
        *At = NtCrt_towupper(*At);
    return s;
}

WCHAR NTAPI NtCrt_towlower(WCHAR c)
{
    return RtlDowncaseUnicodeChar(c);
}

WCHAR NTAPI NtCrt_towupper(WCHAR c)
{
    return RtlUpcaseUnicodeChar(c);
}

static ULONG RtlpDigit(WCHAR c)
{
    return c >= '0' && c <= '9'   ? (ULONG)(c - '0')
           : c >= 'a' && c <= 'z' ? (ULONG)(c - 'a' + 10)
           : c >= 'A' && c <= 'Z' ? (ULONG)(c - 'A' + 10)
                                  : 99;
}

/* Reads a number; MAXULONG where it is too large. long has 32 bits. */
static ULONG RtlpReadNumber(const VOID *Text, BOOLEAN Wide, SIZE_T *End, int Base)
{
    BOOLEAN Negative = FALSE, Any = FALSE, TooLarge = FALSE;
    ULONGLONG Value = 0;
    SIZE_T At = 0;

#define UNIT(i) (Wide ? ((const WCHAR *)Text)[i] : ((const UCHAR *)Text)[i])
    while (UNIT(At) == ' ' || (UNIT(At) >= '\t' && UNIT(At) <= '\r'))
        At++;
    if (UNIT(At) == '-' || UNIT(At) == '+')
        Negative = UNIT(At++) == '-';
    if ((Base == 0 || Base == 16) && UNIT(At) == '0' && (UNIT(At + 1) | 0x20) == 'x' &&
        RtlpDigit(UNIT(At + 2)) < 16) {
        At += 2;
        Base = 16;
    } else if (Base == 0) {
        Base = UNIT(At) == '0' ? 8 : 10;
    }
    for (; RtlpDigit(UNIT(At)) < (ULONG)Base; At++) {
        Value = Value * (ULONG)Base + RtlpDigit(UNIT(At));
        Any = TRUE;
        if (Value > MAXULONG) {
            TooLarge = TRUE;
            Value = MAXULONG;
        }
    }
#undef UNIT
    *End = Any ? At : 0;
    return TooLarge ? MAXULONG : Negative ? 0 - (ULONG)Value : (ULONG)Value;
}

ULONG NTAPI NtCrt_wcstoul(const WCHAR *s, WCHAR **end, int base)
{
    SIZE_T Length;
    ULONG Value = RtlpReadNumber(s, TRUE, &Length, base);

    if (end != NULL)
        *end = (WCHAR *)s + Length;
    return Value;
}

LONG NTAPI NtCrt__wtoi(const WCHAR *s)
{
    SIZE_T Length;
    return (LONG)RtlpReadNumber(s, TRUE, &Length, 10);
}

ULONG NTAPI NtCrt_strtoul(const char *s, char **end, int base)
{
    SIZE_T Length;
    ULONG Value = RtlpReadNumber(s, FALSE, &Length, base);

    if (end != NULL)
        *end = (char *)s + Length;
    return Value;
}

int NTAPI NtCrt_atoi(const char *s)
{
    SIZE_T Length;
    return (int)RtlpReadNumber(s, FALSE, &Length, 10);
}

/* SPDX-License-Identifier: MIT */
/*
 * inftext.c - the bytes of a .inf file as UTF-16, whatever it was written in.
 *
 * What has no byte order mark is taken for UTF-8 where all of it is, which ASCII is too, and else
 * for Windows-1252: the code page of most such files, and one that never fails.
 */
#include "ntio/setup/infp.h"

/* 0x80 to 0x9f of Windows-1252; 0: not assigned. Source: unicode.org, CP1252.TXT. */
static const USHORT InfpWindows1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

typedef enum _INFP_ENCODING { InfpAnsi, InfpUtf8, InfpUtf16Le, InfpUtf16Be } INFP_ENCODING;

/*
 * One character of UTF-8; *Length is how many bytes it took. MAXULONG: this is none (overlong
 * forms, surrogates and numbers past 10FFFF are none).
 */
static ULONG InfpUtf8Character(const UCHAR *At, SIZE_T Left, ULONG *Length)
{
    static const ULONG Least[5] = {0, 0, 0x80, 0x800, 0x10000};
    ULONG Code, Count, i;

    *Length = 1;
    if (At[0] < 0x80)
        return At[0];
    if ((At[0] & 0xe0) == 0xc0) {
        Count = 2;
        Code = At[0] & 0x1f;
    } else if ((At[0] & 0xf0) == 0xe0) {
        Count = 3;
        Code = At[0] & 0x0f;
    } else if ((At[0] & 0xf8) == 0xf0) {
        Count = 4;
        Code = At[0] & 0x07;
    } else {
        return MAXULONG;
    }
    if (Left < Count)
        return MAXULONG;
    for (i = 1; i < Count; i++) {
        if ((At[i] & 0xc0) != 0x80)
            return MAXULONG;
        Code = Code << 6 | (At[i] & 0x3f);
    }
    if (Code < Least[Count] || Code > 0x10ffff || (Code >= 0xd800 && Code < 0xe000))
        return MAXULONG;
    *Length = Count;
    return Code;
}

static BOOLEAN InfpIsUtf8(const UCHAR *Bytes, SIZE_T Size)
{
    SIZE_T At = 0;
    ULONG Length;

    for (; At < Size; At += Length) {
        if (InfpUtf8Character(Bytes + At, Size - At, &Length) == MAXULONG)
            return FALSE;
    }
    return TRUE;
}

/* How a file is written, and how many bytes of mark stand before it. */
static INFP_ENCODING InfpDetect(const UCHAR *Bytes, SIZE_T Size, ULONG *Mark)
{
    *Mark = 0;
    if (Size >= 2 && Bytes[0] == 0xff && Bytes[1] == 0xfe) {
        *Mark = 2;
        return InfpUtf16Le;
    }
    if (Size >= 2 && Bytes[0] == 0xfe && Bytes[1] == 0xff) {
        *Mark = 2;
        return InfpUtf16Be;
    }
    if (Size >= 3 && Bytes[0] == 0xef && Bytes[1] == 0xbb && Bytes[2] == 0xbf) {
        *Mark = 3;
        return InfpUtf8;
    }
    /* Such a file begins with a bracket, a comment or white space: ASCII. */
    if (Size >= 4 && Bytes[0] != 0 && Bytes[1] == 0 && Bytes[2] != 0 && Bytes[3] == 0)
        return InfpUtf16Le;
    if (Size >= 4 && Bytes[0] == 0 && Bytes[1] != 0 && Bytes[2] == 0 && Bytes[3] != 0)
        return InfpUtf16Be;
    return InfpIsUtf8(Bytes, Size) ? InfpUtf8 : InfpAnsi;
}

static WCHAR InfpAnsiCharacter(UCHAR Byte)
{
    if (Byte < 0x80 || Byte >= 0xa0 || InfpWindows1252[Byte - 0x80] == 0)
        return Byte;
    return InfpWindows1252[Byte - 0x80];
}

WCHAR *InfDecode(const UCHAR *Bytes, SIZE_T Size, SIZE_T *Characters)
{
    ULONG Mark, Length, Code;
    INFP_ENCODING Encoding = InfpDetect(Bytes, Size, &Mark);
    SIZE_T At = Mark, Count = 0;
    /* No encoding here makes more characters than it has bytes. */
    WCHAR *Text = malloc((Size + 1) * sizeof(WCHAR));

    if (Text == NULL)
        return NULL;
    switch (Encoding) {
    case InfpUtf16Le:
        for (; At + 1 < Size; At += 2)
            Text[Count++] = (WCHAR)(Bytes[At] | Bytes[At + 1] << 8);
        break;
    case InfpUtf16Be:
        for (; At + 1 < Size; At += 2)
            Text[Count++] = (WCHAR)(Bytes[At] << 8 | Bytes[At + 1]);
        break;
    case InfpUtf8:
        for (; At < Size; At += Length) {
            Code = InfpUtf8Character(Bytes + At, Size - At, &Length);
            if (Code == MAXULONG) { /* behind a mark: the file was damaged */
                Text[Count++] = 0xfffd;
            } else if (Code >= 0x10000) {
                Text[Count++] = (WCHAR)(0xd800 + ((Code - 0x10000) >> 10));
                Text[Count++] = (WCHAR)(0xdc00 + ((Code - 0x10000) & 0x3ff));
            } else {
                Text[Count++] = (WCHAR)Code;
            }
        }
        break;
    default:
        for (; At < Size; At++)
            Text[Count++] = InfpAnsiCharacter(Bytes[At]);
        break;
    }
    Text[Count] = 0;
    *Characters = Count;
    return Text;
}

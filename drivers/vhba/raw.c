/* SPDX-License-Identifier: MIT */
/*
 * raw.c - CD blocks of 2,352 bytes, as READ CD delivers them: sync, header, user data, EDC and ECC
 * of Mode 1.
 *
 * ECMA-130: clause 14 (layout), 14.3 (EDC: x^32+x^31+x^16+x^15+x^4+x^3+x+1), annex A (ECC: a
 * Reed-Solomon product code over GF(2^8), x^8+x^4+x^3+x^2+1).
 */
#include "vhba.h"

#define HEADER_AT   12
#define DATA_AT     16
#define EDC_AT      2064
#define ECC_AT      2076
#define P_COLUMNS   43
#define P_ROWS      24
#define Q_DIAGONALS 26
#define Q_LENGTH    43

/* Filled once, by DriverEntry. */
static ULONG EdcTable[256];
static UCHAR Double[256];    /* multiplied by alpha */
static UCHAR DivideBy3[256]; /* divided by alpha + 1 */

VOID VhbaInitializeRawBlocks(VOID)
{
    for (ULONG i = 0; i < 256; i++) {
        ULONG Edc = i;
        UCHAR Twice = (UCHAR)(i << 1 ^ (i & 0x80 ? 0x1D : 0));
        for (ULONG Bit = 0; Bit < 8; Bit++)
            Edc = Edc >> 1 ^
                  (Edc & 1 ? 0xD8018001u : 0); /* the polynomial, least significant bit first */
        EdcTable[i] = Edc;
        Double[i] = Twice;
        DivideBy3[i ^ Twice] = (UCHAR)i;
    }
}

/*
 * The two parity bytes of a code word d[0] ... d[n-1] p0 p1 are such that the sum of all is 0, and
 * so is the sum weighted with descending powers of alpha. With S = sum of d and W = sum of d[i]
 * alpha^(n-i) (Horner) the equations p0 + p1 = S, alpha p0 + p1 = alpha W give p0 = (alpha W + S) /
 * (alpha + 1), p1 = p0 + S.
 */
static VOID Parity(UCHAR Sum, UCHAR Weighted, UCHAR *P0, UCHAR *P1)
{
    *P0 = DivideBy3[Double[Weighted] ^ Sum];
    *P1 = *P0 ^ Sum;
}

/* Bytes come in pairs: each code runs twice, over the low and the high bytes of 16-bit words
 * counted from the header on. */
static VOID MakeEcc(UCHAR *Words)
{
    UCHAR *P = Words + ECC_AT - HEADER_AT;
    UCHAR *Q = P + 2 * 2 * P_COLUMNS;

    for (ULONG i = 0; i < 2 * P_COLUMNS; i++) {
        UCHAR Sum = 0, Weighted = 0;
        for (ULONG Row = 0; Row < P_ROWS; Row++) {
            UCHAR Byte = Words[Row * 2 * P_COLUMNS + i];
            Sum ^= Byte;
            Weighted = Double[Weighted] ^ Byte;
        }
        Parity(Sum, Double[Weighted], P + i, P + 2 * P_COLUMNS + i);
    }
    for (ULONG i = 0; i < 2 * Q_DIAGONALS; i++) {
        UCHAR Sum = 0, Weighted = 0;
        for (ULONG n = 0; n < Q_LENGTH; n++) {
            /* Word 44 n + 43 diagonal, modulo the 1,118 words of header, data and P. */
            ULONG Word = (44 * n + P_COLUMNS * (i / 2)) % (Q_DIAGONALS * P_COLUMNS);
            UCHAR Byte = Words[2 * Word + i % 2];
            Sum ^= Byte;
            Weighted = Double[Weighted] ^ Byte;
        }
        Parity(Sum, Double[Weighted], Q + i, Q + 2 * Q_DIAGONALS + i);
    }
}

static UCHAR Bcd(UCHAR n)
{
    return (UCHAR)(n / 10 << 4 | n % 10);
}

VOID VhbaMakeRawBlock(UCHAR *Block, ULONG Lba)
{
    UCHAR Msf[3];
    ULONG Edc = 0;

    Block[0] = Block[11] = 0x00;
    for (ULONG i = 1; i < 11; i++)
        Block[i] = 0xFF;
    VhbaMsf(Lba, Msf);
    for (ULONG i = 0; i < 3; i++)
        Block[HEADER_AT + i] = Bcd(Msf[i]);
    Block[HEADER_AT + 3] = 0x01; /* Mode 1 */
    for (ULONG i = 0; i < EDC_AT; i++)
        Edc = Edc >> 8 ^ EdcTable[(Edc ^ Block[i]) & 0xFF];
    for (ULONG i = 0; i < 4; i++)
        Block[EDC_AT + i] = (UCHAR)(Edc >> 8 * i);
    for (ULONG i = EDC_AT + 4; i < ECC_AT; i++)
        Block[i] = 0;
    MakeEcc(Block + HEADER_AT);
}

/*
 * The parts of a Mode 1 block in order: sync, header, sub-header (none), user data, EDC and ECC.
 * What is selected must lie together; the sub-header, that has no bytes, counts as a part (MMC-6
 * table 350 and following).
 */
ULONG VhbaSelectionBytes(UCHAR Selection)
{
    BOOLEAN Sync = (Selection & 0x80) != 0, Header = (Selection & 0x20) != 0,
            Data = (Selection & 0x10) != 0, Ecc = (Selection & 0x08) != 0;

    if ((Ecc && !Data) || (Sync && Data && !Header) || (Sync && !Header && (Selection & 0x40)))
        return (ULONG)-1;
    return (Sync ? 12u : 0) + (Header ? 4u : 0) + (Data ? 2048u : 0) + (Ecc ? 288u : 0);
}

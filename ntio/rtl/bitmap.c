/* SPDX-License-Identifier: MIT */
/* bitmap.c - bitmaps in arrays of ULONGs, lowest bit first. No lock: the caller has one. */
#include "rtlp.h"
#include "ntio/ke/ke.h"

#define RTLP_NOT_FOUND 0xffffffffu

VOID NTAPI RtlInitializeBitMap(PRTL_BITMAP BitMapHeader, PULONG BitMapBuffer, ULONG SizeOfBitMap)
{
    BitMapHeader->SizeOfBitMap = SizeOfBitMap;
    BitMapHeader->Buffer = BitMapBuffer;
}

VOID NTAPI RtlClearAllBits(PRTL_BITMAP BitMapHeader)
{
    memset(BitMapHeader->Buffer, 0, ((SIZE_T)BitMapHeader->SizeOfBitMap + 31) / 32 * sizeof(ULONG));
}

VOID NTAPI RtlSetAllBits(PRTL_BITMAP BitMapHeader)
{
    memset(BitMapHeader->Buffer, 0xff,
           ((SIZE_T)BitMapHeader->SizeOfBitMap + 31) / 32 * sizeof(ULONG));
}

VOID NTAPI RtlClearBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    BitMapHeader->Buffer[BitNumber / 32] &= ~(1u << BitNumber % 32);
}

VOID NTAPI RtlSetBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    BitMapHeader->Buffer[BitNumber / 32] |= 1u << BitNumber % 32;
}

BOOLEAN NTAPI RtlTestBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    return BitMapHeader->Buffer[BitNumber / 32] >> BitNumber % 32 & 1;
}

/* The bits from Bit on within its ULONG, Count at most; *Taken is how many. */
static ULONG RtlpMask(ULONG Bit, ULONG Count, ULONG *Taken)
{
    ULONG Room = 32 - Bit % 32;

    *Taken = Count < Room ? Count : Room;
    return (*Taken == 32 ? ~0u : (1u << *Taken) - 1) << Bit % 32;
}

VOID NTAPI RtlClearBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToClear)
{
    for (ULONG Taken; NumberToClear != 0; StartingIndex += Taken, NumberToClear -= Taken) {
        ULONG Mask = RtlpMask(StartingIndex, NumberToClear, &Taken);
        BitMapHeader->Buffer[StartingIndex / 32] &= ~Mask;
    }
}

VOID NTAPI RtlSetBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToSet)
{
    for (ULONG Taken; NumberToSet != 0; StartingIndex += Taken, NumberToSet -= Taken) {
        ULONG Mask = RtlpMask(StartingIndex, NumberToSet, &Taken);
        BitMapHeader->Buffer[StartingIndex / 32] |= Mask;
    }
}

/* The first bit at or after From whose value is Set; the size where there is none. */
static ULONG RtlpNextBit(PRTL_BITMAP BitMap, ULONG From, BOOLEAN Set)
{
    while (From < BitMap->SizeOfBitMap) {
        ULONG Word = (BitMap->Buffer[From / 32] ^ (Set ? 0 : ~0u)) >> From % 32;

        if (Word != 0) {
            From += (ULONG)__builtin_ctz(Word);
            return From < BitMap->SizeOfBitMap ? From : BitMap->SizeOfBitMap;
        }
        if (From > MAXULONG - 32)
            break;
        From = (From | 31) + 1;
    }
    return BitMap->SizeOfBitMap;
}

static BOOLEAN RtlpAllAre(PRTL_BITMAP BitMap, ULONG From, ULONG Length, BOOLEAN Set)
{
    if (Length == 0 || From >= BitMap->SizeOfBitMap || Length > BitMap->SizeOfBitMap - From)
        return FALSE;
    return RtlpNextBit(BitMap, From, !Set) - From >= Length;
}

BOOLEAN NTAPI RtlAreBitsClear(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    return RtlpAllAre(BitMapHeader, StartingIndex, Length, FALSE);
}

BOOLEAN NTAPI RtlAreBitsSet(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    return RtlpAllAre(BitMapHeader, StartingIndex, Length, TRUE);
}

/* The first run of Count bits that begins in From to Last. */
static ULONG RtlpFindRun(PRTL_BITMAP BitMap, ULONG Count, ULONG From, ULONG Last, BOOLEAN Set)
{
    while (From <= Last) {
        ULONG End;

        From = RtlpNextBit(BitMap, From, Set);
        if (From > Last || From >= BitMap->SizeOfBitMap)
            break;
        End = RtlpNextBit(BitMap, From, !Set);
        if (End - From >= Count)
            return From;
        From = End;
    }
    return RTLP_NOT_FOUND;
}

static ULONG RtlpFindBits(PRTL_BITMAP BitMap, ULONG Count, ULONG Hint, BOOLEAN Set)
{
    ULONG Found;

    if (Hint >= BitMap->SizeOfBitMap)
        Hint = 0;
    if (Count == 0)
        return Hint & ~7u;
    if (Count > BitMap->SizeOfBitMap)
        return RTLP_NOT_FOUND;
    Found = RtlpFindRun(BitMap, Count, Hint, BitMap->SizeOfBitMap - Count, Set);
    if (Found == RTLP_NOT_FOUND && Hint != 0)
        Found = RtlpFindRun(BitMap, Count, 0, Hint - 1, Set);
    return Found;
}

ULONG NTAPI RtlFindClearBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    return RtlpFindBits(BitMapHeader, NumberToFind, HintIndex, FALSE);
}

ULONG NTAPI RtlFindSetBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    return RtlpFindBits(BitMapHeader, NumberToFind, HintIndex, TRUE);
}

ULONG NTAPI RtlFindClearBitsAndSet(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    ULONG Found = RtlFindClearBits(BitMapHeader, NumberToFind, HintIndex);

    if (Found != RTLP_NOT_FOUND)
        RtlSetBits(BitMapHeader, Found, NumberToFind);
    return Found;
}

ULONG NTAPI RtlFindSetBitsAndClear(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    ULONG Found = RtlFindSetBits(BitMapHeader, NumberToFind, HintIndex);

    if (Found != RTLP_NOT_FOUND)
        RtlClearBits(BitMapHeader, Found, NumberToFind);
    return Found;
}

ULONG NTAPI RtlNumberOfSetBits(PRTL_BITMAP BitMapHeader)
{
    ULONG Count = 0, Taken;

    for (ULONG i = 0; i < BitMapHeader->SizeOfBitMap; i += Taken) {
        ULONG Mask = RtlpMask(i, BitMapHeader->SizeOfBitMap - i, &Taken);
        Count += (ULONG)__builtin_popcount(BitMapHeader->Buffer[i / 32] & Mask);
    }
    return Count;
}

ULONG NTAPI RtlNumberOfClearBits(PRTL_BITMAP BitMapHeader)
{
    return BitMapHeader->SizeOfBitMap - RtlNumberOfSetBits(BitMapHeader);
}

CCHAR NTAPI RtlFindLeastSignificantBit(ULONGLONG Set)
{
    return Set == 0 ? -1 : (CCHAR)__builtin_ctzll(Set);
}

CCHAR NTAPI RtlFindMostSignificantBit(ULONGLONG Set)
{
    return Set == 0 ? -1 : (CCHAR)(63 - __builtin_clzll(Set));
}

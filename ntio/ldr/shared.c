/* SPDX-License-Identifier: MIT */
/*
 * shared.c - KUSER_SHARED_DATA for a .sys.
 *
 * Compiled drivers read the clocks (KeQuerySystemTime, KeQueryTickCount, KeQueryInterruptTime are
 * inline on x64), and what version the system is, from the page that Windows shows all at
 * 0xFFFFF78000000000. No Linux process can have a page there, so the read faults, and the loads
 * that compilers make of it are carried out here; any other instruction stays the fault that it is.
 * Each read sees the clocks of its moment. Layout: MS docs, KUSER_SHARED_DATA; opcodes: Intel SDM
 * volume 2.
 */
#define _GNU_SOURCE 1 /* the names of registers */
#include "ntio/ldr/ldrp.h"

#if defined(__x86_64__)
#include <stdatomic.h>
#include <ucontext.h>

#define LDRP_SHARED      0xfffff78000000000ull
#define LDRP_SHARED_SIZE 0x1000

typedef struct DECLSPEC_ALIGN(4) _LDRP_SYSTEM_TIME {
    ULONG LowPart;
    LONG High1Time, High2Time;
} LDRP_SYSTEM_TIME;

/* What of it there is; the rest reads as zero. */
typedef struct _LDRP_SHARED_DATA {
    ULONG TickCountLow, TickCountMultiplier;
    LDRP_SYSTEM_TIME InterruptTime, SystemTime, TimeZoneBias;
    USHORT ImageNumberLow, ImageNumberHigh;
    UCHAR NotHere1[0x260 - 0x30];
    ULONG NtBuildNumber, NtProductType;
    BOOLEAN ProductTypeIsValid;
    UCHAR NotHere2[3];
    ULONG NtMajorVersion, NtMinorVersion;
    UCHAR NotHere3[0x320 - 0x274];
    LDRP_SYSTEM_TIME TickCount; /* TickCountQuad in its first eight bytes */
    UCHAR NotHere4[0x3c0 - 0x32c];
    ULONG ActiveProcessorCount;
} LDRP_SHARED_DATA;
C_ASSERT(offsetof(LDRP_SHARED_DATA, SystemTime) == 0x14);
C_ASSERT(offsetof(LDRP_SHARED_DATA, NtMajorVersion) == 0x26c);
C_ASSERT(offsetof(LDRP_SHARED_DATA, TickCount) == 0x320);
C_ASSERT(offsetof(LDRP_SHARED_DATA, ActiveProcessorCount) == 0x3c0);

static VOID LdrpSetTime(LDRP_SYSTEM_TIME *Time, LONGLONG Value)
{
    Time->LowPart = (ULONG)Value;
    Time->High1Time = Time->High2Time = (LONG)(Value >> 32);
}

static VOID LdrpFillShared(LDRP_SHARED_DATA *Data)
{
    RTL_OSVERSIONINFOW Version = {.dwOSVersionInfoSize = sizeof(Version)};
    LARGE_INTEGER Time, Local;

    memset(Data, 0, sizeof(*Data));
    RtlGetVersion(&Version);
    KeQueryTickCount(&Time);
    Data->TickCountLow = Time.LowPart;
    /* Milliseconds are ticks times this, shifted by 24. */
    Data->TickCountMultiplier = (ULONG)(((ULONGLONG)KeQueryTimeIncrement() << 24) / 10000);
    LdrpSetTime(&Data->TickCount, Time.QuadPart);
    LdrpSetTime(&Data->InterruptTime, (LONGLONG)KeQueryInterruptTime());
    KeQuerySystemTimePrecise(&Time);
    LdrpSetTime(&Data->SystemTime, Time.QuadPart);
    ExSystemTimeToLocalTime(&Time, &Local);
    LdrpSetTime(&Data->TimeZoneBias, Time.QuadPart - Local.QuadPart);
    Data->ImageNumberLow = Data->ImageNumberHigh = 0x8664;
    Data->NtBuildNumber = Version.dwBuildNumber;
    Data->NtProductType = NtProductWinNt;
    Data->ProductTypeIsValid = TRUE;
    Data->NtMajorVersion = Version.dwMajorVersion;
    Data->NtMinorVersion = Version.dwMinorVersion;
    Data->ActiveProcessorCount = KeQueryActiveProcessorCountEx(0);
}

/* How long ModRM and what belongs to it are, at Code. */
static ULONG LdrpModRmLength(const UCHAR *Code)
{
    ULONG Mode = Code[0] >> 6, Register = Code[0] & 7, Length = 1;

    if (Mode != 3 && Register == 4) {
        Length++;
        if (Mode == 0 && (Code[1] & 7) == 5)
            Length += 4;
    } else if (Mode == 0 && Register == 5) {
        Length += 4;
    }
    return Length + (Mode == 1 ? 1 : Mode == 2 ? 4 : 0);
}

typedef struct _LDRP_LOAD {
    ULONG Bytes;    /* that are read */
    ULONG Width;    /* of the register that is written */
    BOOLEAN Signed; /* extended by the sign, else by zeros */
    ULONG Register; /* its encoding */
    BOOLEAN High;   /* AH, CH, DH, BH: Register is 0 to 3 */
    ULONG Length;   /* of the instruction */
} LDRP_LOAD;

static BOOLEAN LdrpDecodeLoad(const UCHAR *Code, LDRP_LOAD *Load)
{
    ULONG At = 0, Wide = 4;
    UCHAR Rex = 0, Operation;
    BOOLEAN ModRm = TRUE;

    memset(Load, 0, sizeof(*Load));
    if (Code[At] == 0x66) {
        Wide = 2;
        At++;
    }
    if ((Code[At] & 0xf0) == 0x40)
        Rex = Code[At++];
    if ((Rex & 8) != 0)
        Wide = 8;
    Operation = Code[At++];
    Load->Bytes = Load->Width = Wide;
    switch (Operation) {
    case 0x8a: /* MOV r8, r/m8 */
        Load->Bytes = Load->Width = 1;
        break;
    case 0x8b: /* MOV r, r/m */
        break;
    case 0x63: /* MOVSXD */
        Load->Bytes = 4;
        Load->Signed = TRUE;
        break;
    case 0xa0: /* MOV AL, moffs8 */
        Load->Bytes = Load->Width = 1;
        ModRm = FALSE;
        break;
    case 0xa1: /* MOV rAX, moffs */
        ModRm = FALSE;
        break;
    case 0x0f:
        Operation = Code[At++];
        if ((Operation & 0xf6) != 0xb6) /* MOVZX B6, B7; MOVSX BE, BF */
            return FALSE;
        Load->Bytes = (Operation & 1) != 0 ? 2 : 1;
        Load->Signed = (Operation & 8) != 0;
        break;
    default:
        return FALSE;
    }
    if (!ModRm) {
        Load->Length = At + 8;
        return TRUE;
    }
    Load->Register = ((Code[At] >> 3) & 7) | ((Rex & 4) << 1);
    if (Load->Width == 1 && Rex == 0 && Load->Register >= 4) {
        Load->High = TRUE;
        Load->Register -= 4;
    }
    Load->Length = At + LdrpModRmLength(Code + At);
    return TRUE;
}

static VOID LdrpStoreRegister(LONGLONG *Register, const LDRP_LOAD *Load, ULONGLONG Value)
{
    ULONGLONG Old = (ULONGLONG)*Register;

    if (Load->Signed && Load->Bytes < 8 && (Value >> (Load->Bytes * 8 - 1)) != 0)
        Value |= ~0ull << (Load->Bytes * 8);
    switch (Load->Width) {
    case 1:
        Value = Load->High ? (Old & ~0xff00ull) | (Value & 0xff) << 8
                           : (Old & ~0xffull) | (Value & 0xff);
        break;
    case 2:
        Value = (Old & ~0xffffull) | (Value & 0xffff);
        break;
    case 4:
        Value = (ULONG)Value; /* 32 bits clear the upper half */
        break;
    }
    *Register = (LONGLONG)Value;
}

BOOLEAN LdrpReadShared(ULONG_PTR Address, const UCHAR *Code, LONGLONG *Registers)
{
    ULONGLONG Offset = Address - LDRP_SHARED, Value = 0;
    LDRP_SHARED_DATA Data;
    LDRP_LOAD Load;

    if (Offset >= LDRP_SHARED_SIZE || !LdrpDecodeLoad(Code, &Load))
        return FALSE;
    LdrpFillShared(&Data);
    for (ULONG i = 0; i < Load.Bytes && Offset + i < sizeof(Data); i++)
        Value |= (ULONGLONG)((const UCHAR *)&Data)[Offset + i] << (i * 8);
    LdrpStoreRegister(&Registers[LdrpRegisters[Load.Register]], &Load, Value);
    Registers[REG_RIP] += Load.Length;
    return TRUE;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * probe.c - a program's memory: is it there, and copies that end with a status instead of a fault.
 *
 * No system call: a byte of each page is touched inside a guard. A write probe writes the byte back
 * atomically, so that it loses nothing that another thread writes. These routines touch what may be
 * anybody's, so sanitizers do not look.
 */
#include "ntio/mm/mmp.h"

/* Linux gives programs all addresses below the last page of their half; Windows keeps 64 KiB more
 * to itself. */
#if defined(__aarch64__)
#define MMP_USER_END ((ULONG_PTR)0x0000fffffffff000)
#else
#define MMP_USER_END ((ULONG_PTR)0x00007ffffffff000)
#endif

/* What a .sys imports is these; a native driver's header says pointers to them. */
PVOID MmpHighestUser = (PVOID)(MMP_USER_END - 1);
PVOID MmpRangeStart = (PVOID)0xffff800000000000;
ULONG_PTR MmpUserProbe = MMP_USER_END;
PVOID *MmHighestUserAddress = &MmpHighestUser;
PVOID *MmSystemRangeStart = &MmpRangeStart;
ULONG_PTR *MmUserProbeAddress = &MmpUserProbe;

NTIO_NO_SANITIZE NTSTATUS MmpProbeRange(PVOID Address, SIZE_T Length, BOOLEAN Write)
{
    volatile UCHAR *First = Address;
    volatile UCHAR *Last = First + Length - 1;
    volatile UCHAR *Byte;
    MMP_GUARD Guard;

    if (Length == 0)
        return STATUS_SUCCESS;
    if (Last < First || (ULONG_PTR)Last >= MMP_USER_END)
        return STATUS_ACCESS_VIOLATION;
    if (MmpEnterGuard(&Guard) != 0)
        return STATUS_ACCESS_VIOLATION;
    for (Byte = First; Byte <= Last;
         Byte = (volatile UCHAR *)(((ULONG_PTR)Byte | (PAGE_SIZE - 1)) + 1)) {
        if (!Write) {
            (void)*Byte;
            continue;
        }
#if defined(__x86_64__)
        /* Not __atomic_fetch_or: clang's TSan looks into that all the same. */
        __asm__ volatile("lock orb $0, (%0)" : : "r"(Byte) : "cc", "memory");
#else
        __atomic_fetch_or(Byte, 0, __ATOMIC_RELAXED);
#endif
    }
    MmpLeaveGuard(&Guard);
    return STATUS_SUCCESS;
}

NTIO_NO_SANITIZE static VOID MmpMoveBytes(PVOID To, const VOID *From, SIZE_T Length)
{
#if !NTIO_SANITIZED
    memcpy(To, From, Length);
#elif defined(__x86_64__)
    /* Past the sanitizer's memcpy, whose state a jump out of it would break. */
    __asm__ volatile("rep movsb" : "+D"(To), "+S"(From), "+c"(Length) : : "memory");
#else
    volatile UCHAR *Out = To;
    const volatile UCHAR *In = From;

    while (Length-- != 0)
        *Out++ = *In++;
#endif
}

NTIO_NO_SANITIZE NTSTATUS MmpCopyUser(PVOID To, const VOID *From, SIZE_T Length)
{
    MMP_GUARD Guard;

    if (Length == 0)
        return STATUS_SUCCESS;
    if ((ULONG_PTR)To + Length < (ULONG_PTR)To || (ULONG_PTR)From + Length < (ULONG_PTR)From)
        return STATUS_ACCESS_VIOLATION;
    if (MmpEnterGuard(&Guard) != 0)
        return STATUS_ACCESS_VIOLATION;
    MmpMoveBytes(To, From, Length);
    MmpLeaveGuard(&Guard);
    return STATUS_SUCCESS;
}

static VOID MmpCheckUserRange(ULONG_PTR Address, SIZE_T Length, ULONG Alignment)
{
    if ((Address & (Alignment - 1)) != 0)
        ExRaiseStatus(STATUS_DATATYPE_MISALIGNMENT);
    if (Address + Length < Address || Address + Length > MMP_USER_END)
        ExRaiseStatus(STATUS_ACCESS_VIOLATION);
}

VOID NTAPI ProbeForRead(const volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    /* As on Windows, reading is not tried: memory can go at any time, so the access itself is
     * guarded. */
    if (Length != 0)
        MmpCheckUserRange((ULONG_PTR)Address, Length, Alignment);
}

VOID NTAPI ProbeForWrite(volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    KE_IRQL_AT_MOST(APC_LEVEL);
    if (Length == 0)
        return;
    MmpCheckUserRange((ULONG_PTR)Address, Length, Alignment);
    if (MmpProbeRange((PVOID)(ULONG_PTR)Address, Length, TRUE) != STATUS_SUCCESS)
        ExRaiseStatus(STATUS_ACCESS_VIOLATION);
}

BOOLEAN NTAPI MmIsAddressValid(PVOID VirtualAddress)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    return (BOOLEAN)(MmpProbeRange(VirtualAddress, 1, FALSE) == STATUS_SUCCESS);
}

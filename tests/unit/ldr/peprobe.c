/* SPDX-License-Identifier: MIT */
/*
 * peprobe.c - a driver for the loader's tests: relocations, CR8, a load configuration that the test
 * points to. DriverEntry checks what it can from inside and fails with the number of the check.
 */
#include <ntddk.h>

#define CHECK(number, x)                                                                           \
    do {                                                                                           \
        if (!(x))                                                                                  \
            return (NTSTATUS)(0xe0000000u | (number));                                             \
    } while (0)

DRIVER_INITIALIZE DriverEntry;

/* What a linker makes of Microsoft's for /GS, as far as the loader reads it. The test finds it by
 * its marks. */
ULONG_PTR ProbeCookie = 0x00002b992ddfa232ull;
__attribute__((section(".ldcfg"), used)) volatile struct {
    CHAR Mark[16];
    ULONG Size;
    UCHAR NotRead[84];
    ULONG_PTR *Cookie;
    UCHAR Rest[16];
} ProbeLoadConfig = {"ntio-loadconfig", 112, {0}, &ProbeCookie, {0}};

static NTSTATUS One(VOID)
{
    return 1;
}

static NTSTATUS Two(VOID)
{
    return 2;
}

/* Addresses in data: each needs a relocation. */
NTSTATUS (*volatile ProbeTable[])(VOID) = {One, Two};
const char *volatile ProbeText = "relocated";

static inline ULONG_PTR ReadCr8(VOID)
{
    ULONG_PTR Value;
    __asm__ volatile("mov %%cr8, %0" : "=r"(Value));
    return Value;
}

static NTSTATUS CheckCr8(VOID)
{
    ULONG_PTR Value;
    CHECK(0x10, ReadCr8() == PASSIVE_LEVEL);
    __asm__ volatile("mov %0, %%cr8" : : "a"((ULONG_PTR)DISPATCH_LEVEL) : "memory");
    CHECK(0x11, KeGetCurrentIrql() == DISPATCH_LEVEL);
    __asm__ volatile("mov %%cr8, %%r13\n\tmov %%r13, %0" : "=r"(Value) : : "r13");
    CHECK(0x12, Value == DISPATCH_LEVEL);
    __asm__ volatile("xor %%r9d, %%r9d\n\tmov %%r9, %%cr8" : : : "r9", "memory");
    CHECK(0x13, ReadCr8() == PASSIVE_LEVEL);
    return STATUS_SUCCESS;
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    CHECK(1, DriverObject != NULL && RegistryPath != NULL && RegistryPath->Length != 0);
    CHECK(2, ProbeTable[0]() == 1 && ProbeTable[1]() == 2);
    CHECK(3, ProbeText[0] == 'r' && ProbeText[8] == 'd');
    CHECK(4, ProbeLoadConfig.Cookie == &ProbeCookie);
    NTSTATUS Status = CheckCr8();
    if (!NT_SUCCESS(Status))
        return Status;
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}

/* SPDX-License-Identifier: MIT */
/*
 * peprobe.c - a driver for the loader's tests: relocations, CR8, KUSER_SHARED_DATA, I/O ports, a
 * load configuration that the test points to. DriverEntry checks what it can from inside and fails
 * with the number of the check.
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

/* Loads of KUSER_SHARED_DATA, as the headers have them inline and as a compiler may write them. */
static NTSTATUS CheckSharedData(VOID)
{
    volatile KUSER_SHARED_DATA *Data = SharedUserData;
    LARGE_INTEGER System, Ticks, Later;
    RTL_OSVERSIONINFOW Version = {.dwOSVersionInfoSize = sizeof(Version)};
    ULONG64 Interrupt = KeQueryInterruptTime(), Value;
    ULONG Low;

    KeQuerySystemTime(&System);
    KeQuerySystemTime(&Later);
    CHECK(0x20, System.QuadPart > 132223104000000000ll /* 2020 */ &&
                    Later.QuadPart - System.QuadPart < 600000000); /* a minute */
    KeQueryTickCount(&Ticks);
    CHECK(0x21,
          Ticks.QuadPart > 0 && Interrupt / KeQueryTimeIncrement() <= (ULONG64)Ticks.QuadPart);
    CHECK(0x22, KeQueryInterruptTime() >= Interrupt);
    KeQueryTickCount(&Later);
    CHECK(0x23, Later.QuadPart >= Ticks.QuadPart);
    RtlGetVersion(&Version);
    CHECK(0x24, Data->NtMajorVersion == Version.dwMajorVersion &&
                    Data->NtMinorVersion == Version.dwMinorVersion);
    CHECK(0x25, Data->ProductTypeIsValid == TRUE);
    CHECK(0x26, Data->ImageNumberLow == 0x8664 && Data->NtSystemRoot[0] == 0);

    __asm__ volatile("movabs 0xfffff7800000026c, %%eax" : "=a"(Low)); /* moffs */
    CHECK(0x27, Low == Version.dwMajorVersion);
    Value = ~0ull;
    __asm__ volatile("movzwl 0x2c(%1), %k0" : "+r"(Value) : "r"(Data)); /* zeros above */
    CHECK(0x28, Value == 0x8664);
    __asm__ volatile("movswq 0x2c(%1,%2,1), %0" : "=r"(Value) : "r"(Data), "r"((ULONG64)0));
    CHECK(0x29, Value == 0xffffffffffff8664ull);
    __asm__ volatile("mov $-1, %%r11\n\tmovslq 0x2c(%1), %%r11\n\tmov %%r11, %0"
                     : "=r"(Value)
                     : "r"(Data)
                     : "r11");
    CHECK(0x2a, Value == 0xffffffff86648664ull);
    __asm__ volatile("mov $0x1234, %%eax\n\tmov 0x2c(%1), %%ah\n\tmov %%rax, %0"
                     : "=r"(Value)
                     : "r"(Data)
                     : "rax");
    CHECK(0x2b, Value == 0x6434);
    __asm__ volatile("mov $-1, %%rdx\n\tmov 0x2c(%1), %%dx\n\tmov %%rdx, %0"
                     : "=r"(Value)
                     : "r"(Data)
                     : "rdx");
    CHECK(0x2c, Value == 0xffffffffffff8664ull);
    return STATUS_SUCCESS;
}

/*
 * IN and OUT in all their forms, against the test's model of eight ports: what is written to a port
 * is read back, doubled; the last one counts the accesses.
 */
#define PORT 0x40

static NTSTATUS CheckPorts(VOID)
{
    static UCHAR Bytes[3] = {1, 2, 3};
    static USHORT Words[2] = {0x1111, 0x2222};
    static ULONG Longs[2] = {0x11111111, 0x22222222};
    ULONG_PTR Value = 0x1122334455667788;

    WRITE_PORT_UCHAR((PUCHAR)PORT, 0x21);
    CHECK(0x40, READ_PORT_UCHAR((PUCHAR)PORT) == 0x42);
    WRITE_PORT_USHORT((PUSHORT)PORT, 0x1234);
    CHECK(0x41, READ_PORT_USHORT((PUSHORT)PORT) == 0x2468);
    WRITE_PORT_ULONG((PULONG)PORT, 0x12345678);
    CHECK(0x42, READ_PORT_ULONG((PULONG)PORT) == 0x2468acf0);
    /* What of RAX an access leaves alone. */
    __asm__ volatile("in %%dx, %%al" : "+a"(Value) : "d"(PORT));
    CHECK(0x43, Value == 0x11223344556677f0);
    __asm__ volatile("in %%dx, %%ax" : "+a"(Value) : "d"(PORT));
    CHECK(0x44, Value == 0x112233445566acf0);
    __asm__ volatile("in %%dx, %%eax" : "+a"(Value) : "d"(PORT));
    CHECK(0x45, Value == 0x2468acf0);
    /* The port in the instruction. */
    __asm__ volatile("outb %%al, %0" : : "n"(PORT), "a"(7));
    __asm__ volatile("inb %1, %%al" : "=a"(Value) : "n"(PORT));
    CHECK(0x46, (UCHAR)Value == 14);
    /* Whole buffers. */
    WRITE_PORT_BUFFER_UCHAR((PUCHAR)PORT, Bytes, 3);
    READ_PORT_BUFFER_UCHAR((PUCHAR)PORT, Bytes, 2);
    CHECK(0x47, Bytes[0] == 6 && Bytes[1] == 6 && Bytes[2] == 3);
    WRITE_PORT_BUFFER_USHORT((PUSHORT)PORT, Words, 2);
    READ_PORT_BUFFER_USHORT((PUSHORT)PORT, Words, 1);
    CHECK(0x48, Words[0] == 0x4444 && Words[1] == 0x2222);
    WRITE_PORT_BUFFER_ULONG((PULONG)PORT, Longs, 2);
    READ_PORT_BUFFER_ULONG((PULONG)PORT, Longs, 2);
    CHECK(0x49, Longs[0] == 0x44444444 && Longs[1] == 0x44444444);
    READ_PORT_BUFFER_UCHAR((PUCHAR)PORT, Bytes, 0);
    CHECK(0x4a, Bytes[0] == 6);
    CHECK(0x4b, READ_PORT_UCHAR((PUCHAR)(PORT + 7)) == 24);
    CHECK(0x4c, READ_PORT_UCHAR((PUCHAR)(PORT + 8)) == 0xff); /* nobody */
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
    if (NT_SUCCESS(Status))
        Status = CheckPorts();
    if (!NT_SUCCESS(Status))
        return Status;
    Status = CheckSharedData();
    if (!NT_SUCCESS(Status))
        return Status;
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}

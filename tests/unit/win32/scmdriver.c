/* SPDX-License-Identifier: MIT */
/*
 * scmdriver.c - the driver that the tests of the service control manager start, under many names.
 *
 * DriverEntry counts in \Registry\Machine\Hardware: value Count, and what it counted under the
 * service's own name. In the service's key, TestStatus is what DriverEntry returns, TestStay that
 * there is no DriverUnload.
 */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;

static NTSTATUS Open(PCUNICODE_STRING Path, HANDLE *Key)
{
    OBJECT_ATTRIBUTES Attributes;

    InitializeObjectAttributes(&Attributes, (PUNICODE_STRING)Path,
                               OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    return ZwOpenKey(Key, KEY_ALL_ACCESS, &Attributes);
}

static ULONG Get(HANDLE Key, PCWSTR Name)
{
    struct {
        KEY_VALUE_PARTIAL_INFORMATION Head;
        ULONG More;
    } Value;
    UNICODE_STRING String;
    ULONG Length, Number;

    RtlInitUnicodeString(&String, Name);
    if (!NT_SUCCESS(ZwQueryValueKey(Key, &String, KeyValuePartialInformation, &Value, sizeof(Value),
                                    &Length)) ||
        Value.Head.Type != REG_DWORD)
        return 0;
    RtlCopyMemory(&Number, Value.Head.Data, sizeof(Number));
    return Number;
}

static VOID Put(HANDLE Key, PCUNICODE_STRING Name, ULONG Value)
{
    ZwSetValueKey(Key, (PUNICODE_STRING)Name, 0, REG_DWORD, &Value, sizeof(Value));
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING Hardware, CountName, Name = *RegistryPath;
    ULONG Status = 0, Stay = 0, Count;
    USHORT i;
    HANDLE Key;

    RtlInitUnicodeString(&Hardware, L"\\Registry\\Machine\\Hardware");
    RtlInitUnicodeString(&CountName, L"Count");
    for (i = 0; i < RegistryPath->Length / sizeof(WCHAR); i++) {
        if (RegistryPath->Buffer[i] != L'\\')
            continue;
        Name.Buffer = RegistryPath->Buffer + i + 1;
        Name.Length = (USHORT)(RegistryPath->Length - (i + 1) * sizeof(WCHAR));
        Name.MaximumLength = Name.Length;
    }
    if (NT_SUCCESS(Open(RegistryPath, &Key))) {
        Status = Get(Key, L"TestStatus");
        Stay = Get(Key, L"TestStay");
        ZwClose(Key);
    }
    if (NT_SUCCESS(Open(&Hardware, &Key))) {
        Count = Get(Key, L"Count") + 1;
        Put(Key, &CountName, Count);
        Put(Key, &Name, Count);
        ZwClose(Key);
    }
    if (Stay == 0)
        DriverObject->DriverUnload = Unload;
    return (NTSTATUS)Status;
}

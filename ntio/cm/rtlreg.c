/* SPDX-License-Identifier: MIT */
/*
 * rtlreg.c - Rtl's registry routines over the system services: keys by a relative place, values one
 * at a time. The table-driven query is rtlquery.c's.
 */
#include "ntio/cm/cmp.h"
#include "ntio/cm/rtlreg.h"

static const WCHAR *const CmpPlaces[RTL_REGISTRY_MAXIMUM] = {
    [RTL_REGISTRY_ABSOLUTE] = L"",
    [RTL_REGISTRY_SERVICES] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Services",
    [RTL_REGISTRY_CONTROL] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Control",
    [RTL_REGISTRY_WINDOWS_NT] =
        L"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
    [RTL_REGISTRY_DEVICEMAP] = L"\\Registry\\Machine\\Hardware\\DeviceMap",
    [RTL_REGISTRY_USER] = L"\\Registry\\User\\.Default", /* a system process's user */
};

NTSTATUS RtlpOpenRegistryKey(ULONG RelativeTo, PCWSTR Path, BOOLEAN Create, ACCESS_MASK Access,
                             HANDLE *Key)
{
    ULONG Place = RelativeTo & ~(ULONG)(RTL_REGISTRY_OPTIONAL | RTL_REGISTRY_HANDLE);
    OBJECT_ATTRIBUTES Attributes;
    SIZE_T Head, Tail;
    UNICODE_STRING Name;
    NTSTATUS Status;
    WCHAR *Buffer;

    *Key = NULL;
    if (Place >= RTL_REGISTRY_MAXIMUM)
        return STATUS_INVALID_PARAMETER;
    if (Place == RTL_REGISTRY_ABSOLUTE && Path == NULL)
        return STATUS_INVALID_PARAMETER;
    Head = NtCrt_wcslen(CmpPlaces[Place]);
    Tail = Path != NULL ? NtCrt_wcslen(Path) : 0;
    if (Head + 1 + Tail > UNICODE_STRING_MAX_CHARS)
        return STATUS_NAME_TOO_LONG;
    Buffer = ExAllocatePool2(POOL_FLAG_PAGED, (Head + 1 + Tail) * sizeof(WCHAR), CMP_TAG);
    if (Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(Buffer, CmpPlaces[Place], Head * sizeof(WCHAR));
    if (Head != 0 && Tail != 0 && Path[0] != L'\\')
        Buffer[Head++] = L'\\';
    if (Tail != 0)
        memcpy(Buffer + Head, Path, Tail * sizeof(WCHAR));
    Name.Buffer = Buffer;
    Name.Length = Name.MaximumLength = (USHORT)((Head + Tail) * sizeof(WCHAR));
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    Status = Create ? ZwCreateKey(Key, Access, &Attributes, 0, NULL, REG_OPTION_NON_VOLATILE, NULL)
                    : ZwOpenKey(Key, Access, &Attributes);
    ExFreePoolWithTag(Buffer, CMP_TAG);
    return Status;
}

/* As above, but Path may be a handle (RTL_REGISTRY_HANDLE), which stays the caller's: *Close says.
 */
static NTSTATUS RtlpKeyOf(ULONG RelativeTo, PCWSTR Path, BOOLEAN Create, ACCESS_MASK Access,
                          HANDLE *Key, BOOLEAN *Close)
{
    *Close = FALSE;
    if ((RelativeTo & RTL_REGISTRY_HANDLE) != 0) {
        *Key = (HANDLE)Path;
        return STATUS_SUCCESS;
    }
    *Close = TRUE;
    return RtlpOpenRegistryKey(RelativeTo, Path, Create, Access, Key);
}

NTSTATUS NTAPI RtlWriteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName,
                                     ULONG ValueType, PVOID ValueData, ULONG ValueLength)
{
    UNICODE_STRING Name;
    NTSTATUS Status;
    BOOLEAN Close;
    HANDLE Key;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = RtlInitUnicodeStringEx(&Name, ValueName);
    if (NT_SUCCESS(Status))
        Status = RtlpKeyOf(RelativeTo, Path, TRUE, KEY_SET_VALUE, &Key, &Close);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ZwSetValueKey(Key, &Name, 0, ValueType, ValueData, ValueLength);
    if (Close)
        ZwClose(Key);
    return Status;
}

NTSTATUS NTAPI RtlDeleteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName)
{
    UNICODE_STRING Name;
    NTSTATUS Status;
    BOOLEAN Close;
    HANDLE Key;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = RtlInitUnicodeStringEx(&Name, ValueName);
    if (NT_SUCCESS(Status))
        Status = RtlpKeyOf(RelativeTo, Path, FALSE, KEY_SET_VALUE, &Key, &Close);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ZwDeleteValueKey(Key, &Name);
    if (Close)
        ZwClose(Key);
    return Status;
}

NTSTATUS NTAPI RtlCreateRegistryKey(ULONG RelativeTo, PWSTR Path)
{
    NTSTATUS Status;
    HANDLE Key;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if ((RelativeTo & RTL_REGISTRY_HANDLE) != 0)
        return STATUS_INVALID_PARAMETER;
    Status = RtlpOpenRegistryKey(RelativeTo, Path, TRUE, KEY_READ, &Key);
    if (NT_SUCCESS(Status))
        ZwClose(Key);
    return Status;
}

NTSTATUS NTAPI RtlCheckRegistryKey(ULONG RelativeTo, PWSTR Path)
{
    NTSTATUS Status;
    HANDLE Key;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if ((RelativeTo & RTL_REGISTRY_HANDLE) != 0)
        return STATUS_INVALID_PARAMETER;
    Status = RtlpOpenRegistryKey(RelativeTo, Path, FALSE, KEY_READ, &Key);
    if (NT_SUCCESS(Status))
        ZwClose(Key);
    return Status;
}

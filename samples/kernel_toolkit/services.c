/* SPDX-License-Identifier: MIT */
/*
 * services.c - files and the registry by the Zw routines.
 *
 * OBJ_KERNEL_HANDLE keeps the handles out of the table of whichever program is calling; every one
 * is closed on every way out.
 */
#include "kernel_toolkit.h"

/* ---- a file ---- */

static NTSTATUS ToolkitWriteFile(PUNICODE_STRING Path, TOOLKIT_FILE *Report)
{
    static CHAR First[] = "written by a driver", Second[] = ", and appended";
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK IoStatus;
    FILE_POSITION_INFORMATION Position;
    LARGE_INTEGER End;
    HANDLE File;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, Path, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    Status = ZwCreateFile(
        &File, FILE_GENERIC_WRITE, &Attributes, &IoStatus, NULL, FILE_ATTRIBUTE_NORMAL, 0,
        FILE_OVERWRITE_IF,
        FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE | FILE_WRITE_THROUGH, NULL, 0);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ZwWriteFile(File, NULL, NULL, NULL, &IoStatus, First, sizeof(First) - 1, NULL, NULL);
    Report->Appended = (ULONG)IoStatus.Information;
    End.HighPart = -1;
    End.LowPart = FILE_WRITE_TO_END_OF_FILE;
    if (NT_SUCCESS(Status))
        Status =
            ZwWriteFile(File, NULL, NULL, NULL, &IoStatus, Second, sizeof(Second) - 1, &End, NULL);
    if (NT_SUCCESS(Status))
        Status = ZwQueryInformationFile(File, &IoStatus, &Position, sizeof(Position),
                                        FilePositionInformation);
    if (NT_SUCCESS(Status))
        Report->Position = (ULONG64)Position.CurrentByteOffset.QuadPart;
    ZwClose(File);
    return Status;
}

static NTSTATUS ToolkitReadFile(PUNICODE_STRING Path, TOOLKIT_FILE *Report)
{
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK IoStatus;
    FILE_STANDARD_INFORMATION Standard;
    FILE_BASIC_INFORMATION Basic;
    LARGE_INTEGER Start;
    HANDLE File;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, Path, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    Status = ZwOpenFile(&File, FILE_GENERIC_READ, &Attributes, &IoStatus, FILE_SHARE_READ,
                        FILE_SYNCHRONOUS_IO_NONALERT);
    if (!NT_SUCCESS(Status))
        return Status;
    Start.QuadPart = 0;
    Status = ZwReadFile(File, NULL, NULL, NULL, &IoStatus, Report->Text, sizeof(Report->Text) - 1,
                        &Start, NULL);
    if (NT_SUCCESS(Status))
        Status = ZwQueryInformationFile(File, &IoStatus, &Standard, sizeof(Standard),
                                        FileStandardInformation);
    if (NT_SUCCESS(Status))
        Status =
            ZwQueryInformationFile(File, &IoStatus, &Basic, sizeof(Basic), FileBasicInformation);
    if (NT_SUCCESS(Status)) {
        Report->Size = (ULONG64)Standard.EndOfFile.QuadPart;
        Report->Attributes = Basic.FileAttributes;
    }
    ZwClose(File);
    return Status;
}

NTSTATUS ToolkitFile(PUNICODE_STRING Path, TOOLKIT_FILE *Report)
{
    UNICODE_STRING Missing;
    TOOLKIT_FILE Unused;
    NTSTATUS Status = ToolkitWriteFile(Path, Report);

    if (NT_SUCCESS(Status))
        Status = ToolkitReadFile(Path, Report);
    if (!NT_SUCCESS(Status))
        return Status;
    Missing = *Path; /* the same name without its last character */
    Missing.Length -= sizeof(WCHAR);
    Report->Missing = (ULONG)ToolkitReadFile(&Missing, &Unused);
    return STATUS_SUCCESS;
}

/* ---- the registry ---- */

/* A value's data, which must be of this type and fit. */
static NTSTATUS ToolkitQueryValue(HANDLE Key, PCWSTR Text, ULONG Type, PVOID To, ULONG Size)
{
    union {
        KEY_VALUE_PARTIAL_INFORMATION Info;
        UCHAR Bytes[FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data) + 64];
    } Buffer;
    UNICODE_STRING Name;
    ULONG Length;
    NTSTATUS Status;

    RtlInitUnicodeString(&Name, Text);
    Status =
        ZwQueryValueKey(Key, &Name, KeyValuePartialInformation, &Buffer, sizeof(Buffer), &Length);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Buffer.Info.Type != Type || Buffer.Info.DataLength > Size)
        return STATUS_OBJECT_TYPE_MISMATCH;
    RtlCopyMemory(To, Buffer.Info.Data, Buffer.Info.DataLength);
    return STATUS_SUCCESS;
}

static NTSTATUS ToolkitSetValues(HANDLE Key)
{
    static WCHAR Text[] = L"a driver's value";
    ULONG Number = 4711;
    UNICODE_STRING Name;
    NTSTATUS Status;

    RtlInitUnicodeString(&Name, L"Number");
    Status = ZwSetValueKey(Key, &Name, 0, REG_DWORD, &Number, sizeof(Number));
    RtlInitUnicodeString(&Name, L"Text");
    if (NT_SUCCESS(Status))
        Status = ZwSetValueKey(Key, &Name, 0, REG_SZ, Text, sizeof(Text));
    return Status;
}

/* How many there are, and the first subkey's name. */
static NTSTATUS ToolkitCountKey(HANDLE Key, TOOLKIT_REGISTRY *Report)
{
    union {
        KEY_FULL_INFORMATION Full;
        KEY_BASIC_INFORMATION Basic;
        UCHAR Bytes[256];
    } Buffer;
    ULONG Length;
    NTSTATUS Status = ZwQueryKey(Key, KeyFullInformation, &Buffer, sizeof(Buffer), &Length);

    if (!NT_SUCCESS(Status))
        return Status;
    Report->Values = Buffer.Full.Values;
    Report->Subkeys = Buffer.Full.SubKeys;
    Status = ZwEnumerateKey(Key, 0, KeyBasicInformation, &Buffer, sizeof(Buffer), &Length);
    if (NT_SUCCESS(Status) && Buffer.Basic.NameLength < sizeof(Report->FirstSubkey))
        RtlCopyMemory(Report->FirstSubkey, Buffer.Basic.Name, Buffer.Basic.NameLength);
    return Status;
}

static NTSTATUS ToolkitUseKey(HANDLE Key, TOOLKIT_REGISTRY *Report)
{
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    HANDLE Child;
    ULONG Unused;
    NTSTATUS Status = ToolkitSetValues(Key);

    if (!NT_SUCCESS(Status))
        return Status;
    RtlInitUnicodeString(&Name, L"Child");
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, Key,
                               NULL);
    Status = ZwCreateKey(&Child, KEY_ALL_ACCESS, &Attributes, 0, NULL, REG_OPTION_VOLATILE, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ToolkitQueryValue(Key, L"Number", REG_DWORD, &Report->Number, sizeof(Report->Number));
    if (NT_SUCCESS(Status))
        Status = ToolkitQueryValue(Key, L"Text", REG_SZ, Report->Text, sizeof(Report->Text));
    if (NT_SUCCESS(Status))
        Status = ToolkitCountKey(Key, Report);
    RtlInitUnicodeString(&Name, L"Number");
    if (NT_SUCCESS(Status))
        Status = ZwDeleteValueKey(Key, &Name);
    if (NT_SUCCESS(Status))
        Report->Missing =
            (ULONG)ToolkitQueryValue(Key, L"Number", REG_DWORD, &Unused, sizeof(Unused));
    ZwDeleteKey(Child);
    ZwClose(Child);
    return Status;
}

NTSTATUS ToolkitRegistry(PUNICODE_STRING ServiceKey, TOOLKIT_REGISTRY *Report)
{
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    HANDLE Service, Key;
    ULONG Disposition;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, ServiceKey, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                               NULL, NULL);
    Status = ZwOpenKey(&Service, KEY_ALL_ACCESS, &Attributes);
    if (!NT_SUCCESS(Status))
        return Status;
    RtlInitUnicodeString(&Name, L"Parameters");
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                               Service, NULL);
    Status = ZwCreateKey(&Key, KEY_ALL_ACCESS, &Attributes, 0, NULL, REG_OPTION_NON_VOLATILE,
                         &Disposition);
    if (NT_SUCCESS(Status)) {
        Status = ToolkitUseKey(Key, Report);
        ZwClose(Key);
    }
    ZwClose(Service);
    return Status;
}

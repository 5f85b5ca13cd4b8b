/* SPDX-License-Identifier: MIT */
/*
 * dirsvc.c - the system services over directory objects.
 */
#include "ntio/ob/obp.h"
#include "ntio/ob/ntob.h"

static VOID ObpDirectoryBody(PVOID Object, PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    ObpInitializeDirectory(Object);
}

static NTSTATUS ObpCreateDirectoryService(PHANDLE Handle, ACCESS_MASK Access,
                                          POBJECT_ATTRIBUTES Attributes, KPROCESSOR_MODE Mode)
{
    return ObpCreateService(ObpDirectoryType, sizeof(OBP_DIRECTORY), Mode, Handle, Access,
                            Attributes, ObpDirectoryBody, NULL);
}

NTSTATUS NTAPI ZwCreateDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                       POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpCreateDirectoryService(DirectoryHandle, DesiredAccess, ObjectAttributes, KernelMode);
}

NTSTATUS NTAPI NtCreateDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                       POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpCreateDirectoryService(DirectoryHandle, DesiredAccess, ObjectAttributes,
                                     ExGetPreviousMode());
}

NTSTATUS NTAPI ZwOpenDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                     POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenService(ObpDirectoryType, KernelMode, DirectoryHandle, DesiredAccess,
                          ObjectAttributes);
}

NTSTATUS NTAPI NtOpenDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                     POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenService(ObpDirectoryType, ExGetPreviousMode(), DirectoryHandle, DesiredAccess,
                          ObjectAttributes);
}

static ULONG ObpEntryBytes(POBJECT_HEADER Header)
{
    return (ULONG)sizeof(OBJECT_DIRECTORY_INFORMATION) + Header->Name.Length +
           Header->Type->Name.Length + 2 * (ULONG)sizeof(WCHAR);
}

/* A string at *At of Copy, for a reader that finds Copy's bytes at Buffer. */
static VOID ObpPutString(PUNICODE_STRING String, PCUNICODE_STRING From, PUCHAR Copy, PUCHAR Buffer,
                         ULONG *At)
{
    String->Length = From->Length;
    String->MaximumLength = (USHORT)(From->Length + sizeof(WCHAR));
    String->Buffer = (PWCH)(Buffer + *At);
    memcpy(Copy + *At, From->Buffer, From->Length); /* Copy is zeroed: terminated */
    *At += String->MaximumLength;
}

/* Fills Copy (zeroed, Length bytes) with entries from Index on. Under ObpNamespaceLock. */
static NTSTATUS ObpListDirectory(POBP_DIRECTORY Directory, PUCHAR Copy, PUCHAR Buffer, ULONG Length,
                                 BOOLEAN Single, ULONG *Index, ULONG *Used)
{
    POBJECT_DIRECTORY_INFORMATION Information = (POBJECT_DIRECTORY_INFORMATION)Copy;
    ULONG Bytes = sizeof(OBJECT_DIRECTORY_INFORMATION), Count = 0, Skip = *Index, At;
    PLIST_ENTRY First = Directory->Order.Flink, Entry;

    while (First != &Directory->Order && Skip > 0) {
        First = First->Flink;
        Skip--;
    }
    *Used = 0;
    if (First == &Directory->Order)
        return STATUS_NO_MORE_ENTRIES;
    for (Entry = First; Entry != &Directory->Order && !(Single && Count == 1);
         Entry = Entry->Flink) {
        ULONG More = ObpEntryBytes(CONTAINING_RECORD(Entry, OBJECT_HEADER, OrderEntry));
        if (Bytes + More > Length) {
            if (Count == 0) {
                *Used = Bytes + More;
                return STATUS_BUFFER_TOO_SMALL;
            }
            break;
        }
        Bytes += More;
        Count++;
    }
    At = (Count + 1) * (ULONG)sizeof(OBJECT_DIRECTORY_INFORMATION);
    Entry = First;
    for (ULONG i = 0; i < Count; i++, Entry = Entry->Flink) {
        POBJECT_HEADER Header = CONTAINING_RECORD(Entry, OBJECT_HEADER, OrderEntry);
        ObpPutString(&Information[i].Name, &Header->Name, Copy, Buffer, &At);
        ObpPutString(&Information[i].TypeName, &Header->Type->Name, Copy, Buffer, &At);
    }
    *Index += Count;
    *Used = Bytes;
    return !Single && Entry != &Directory->Order ? STATUS_MORE_ENTRIES : STATUS_SUCCESS;
}

static NTSTATUS ObpQueryDirectoryService(HANDLE Handle, PVOID Buffer, ULONG Length, BOOLEAN Single,
                                         BOOLEAN Restart, PULONG Context, PULONG ReturnLength,
                                         KPROCESSOR_MODE Mode)
{
    PVOID Directory = NULL;
    PUCHAR Copy = NULL;
    ULONG Index, Used = 0;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = ObpProbe(Mode, Buffer, Length, TRUE);
    if (NT_SUCCESS(Status))
        Status = ObpProbe(Mode, Context, sizeof(*Context), TRUE);
    if (NT_SUCCESS(Status) && ReturnLength != NULL)
        Status = ObpProbe(Mode, ReturnLength, sizeof(*ReturnLength), TRUE);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByHandle(Handle, DIRECTORY_QUERY, ObpDirectoryType, Mode, &Directory,
                                       NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Length != 0) {
        Copy = ExAllocatePool2(POOL_FLAG_PAGED, Length, OBP_TAG_WORK);
        if (Copy == NULL) {
            Status = STATUS_INSUFFICIENT_RESOURCES;
            goto Exit;
        }
    }
    Index = Restart ? 0 : *Context;
    KiLock(&ObpNamespaceLock);
    Status = ObpListDirectory(Directory, Copy, Buffer, Length, Single, &Index, &Used);
    KiUnlock(&ObpNamespaceLock);
    if (NT_SUCCESS(Status) && Status != STATUS_NO_MORE_ENTRIES) {
        memcpy(Buffer, Copy, Used);
        *Context = Index;
    }
    if (ReturnLength != NULL)
        *ReturnLength = Used;

Exit:
    if (Copy != NULL)
        ExFreePoolWithTag(Copy, OBP_TAG_WORK);
    ObfDereferenceObject(Directory);
    return Status;
}

NTSTATUS NTAPI ZwQueryDirectoryObject(HANDLE DirectoryHandle, PVOID Buffer, ULONG Length,
                                      BOOLEAN ReturnSingleEntry, BOOLEAN RestartScan,
                                      PULONG Context, PULONG ReturnLength)
{
    return ObpQueryDirectoryService(DirectoryHandle, Buffer, Length, ReturnSingleEntry, RestartScan,
                                    Context, ReturnLength, KernelMode);
}

NTSTATUS NTAPI NtQueryDirectoryObject(HANDLE DirectoryHandle, PVOID Buffer, ULONG Length,
                                      BOOLEAN ReturnSingleEntry, BOOLEAN RestartScan,
                                      PULONG Context, PULONG ReturnLength)
{
    return ObpQueryDirectoryService(DirectoryHandle, Buffer, Length, ReturnSingleEntry, RestartScan,
                                    Context, ReturnLength, ExGetPreviousMode());
}

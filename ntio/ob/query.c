/* SPDX-License-Identifier: MIT */
/*
 * query.c - the full name of an object.
 */
#include "ntio/ob/obp.h"

/* Writes the path of Header from the end of Buffer backwards, or only counts where Buffer is NULL.
 * Under ObpNamespaceLock. */
static ULONG ObpPath(POBJECT_HEADER Header, PUCHAR Buffer, ULONG Bytes)
{
    ULONG Length = 0;

    while ((atomic_load(&Header->Flags) & OBP_NAMED) != 0) {
        ULONG Part = Header->Name.Length + sizeof(WCHAR);

        Length += Part;
        if (Buffer != NULL) {
            WCHAR Backslash = L'\\';
            NTIO_ASSERT(Length <= Bytes);
            memcpy(Buffer + Bytes - Length, &Backslash, sizeof(Backslash));
            memcpy(Buffer + Bytes - Length + sizeof(WCHAR), Header->Name.Buffer,
                   Header->Name.Length);
        }
        Header = ObpHeader(Header->Directory);
    }
    return Length;
}

NTSTATUS ObpQueryName(PVOID Object, PUNICODE_STRING Name)
{
    POBJECT_HEADER Header = ObpHeader(Object);
    UNICODE_STRING Below = {0};
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG Own, Length;
    PUCHAR Buffer;

    KE_IRQL_AT_MOST(APC_LEVEL);
    memset(Name, 0, sizeof(*Name));
    if (Header->Type->Info.QueryName != NULL) {
        Status = Header->Type->Info.QueryName(Object, &Below);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    KiLock(&ObpNamespaceLock);
    Own = ObpPath(Header, NULL, 0);
    if (Object == ObpRootDirectory)
        Own = sizeof(WCHAR);
    Length = Own + Below.Length;
    if (Length > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR)) {
        Status = STATUS_NAME_TOO_LONG;
        goto Exit;
    }
    Buffer = ExAllocatePool2(POOL_FLAG_PAGED, Length + sizeof(WCHAR), OBP_TAG_NAME);
    if (Buffer == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
        goto Exit;
    }
    Name->Buffer = (PWCH)Buffer;
    if (Object == ObpRootDirectory)
        Name->Buffer[0] = L'\\';
    else
        ObpPath(Header, Buffer, Own);
    if (Below.Length != 0)
        memcpy(Buffer + Own, Below.Buffer, Below.Length);
    Name->Length = (USHORT)Length;
    Name->MaximumLength = (USHORT)(Length + sizeof(WCHAR));

Exit:
    KiUnlock(&ObpNamespaceLock);
    if (Below.Buffer != NULL)
        ExFreePool(Below.Buffer);
    return Status;
}

NTSTATUS NTAPI ObQueryNameString(PVOID Object, POBJECT_NAME_INFORMATION ObjectNameInfo,
                                 ULONG Length, PULONG ReturnLength)
{
    UNICODE_STRING Name;
    NTSTATUS Status;
    ULONG Needed;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = ObpQueryName(Object, &Name);
    if (!NT_SUCCESS(Status))
        return Status;
    Needed = sizeof(OBJECT_NAME_INFORMATION);
    if (Name.Length != 0)
        Needed += Name.Length + sizeof(WCHAR);
    if (ReturnLength != NULL)
        *ReturnLength = Needed;
    if (Length < Needed) {
        Status = STATUS_INFO_LENGTH_MISMATCH;
    } else if (Name.Length == 0) {
        memset(&ObjectNameInfo->Name, 0, sizeof(ObjectNameInfo->Name));
    } else {
        /* The text stands right behind the structure, terminated. */
        ObjectNameInfo->Name.Buffer = (PWCH)(ObjectNameInfo + 1);
        ObjectNameInfo->Name.Length = Name.Length;
        ObjectNameInfo->Name.MaximumLength = (USHORT)(Name.Length + sizeof(WCHAR));
        memcpy(ObjectNameInfo->Name.Buffer, Name.Buffer, Name.Length);
        ObjectNameInfo->Name.Buffer[Name.Length / sizeof(WCHAR)] = 0;
    }
    ExFreePoolWithTag(Name.Buffer, OBP_TAG_NAME);
    return Status;
}

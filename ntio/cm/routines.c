/* SPDX-License-Identifier: MIT */
/*
 * routines.c - the registry by path, for ntio's own components.
 */
#include "ntio/cm/cmp.h"

static NTSTATUS CmpInitString(PUNICODE_STRING String, const WCHAR *Text)
{
    return RtlInitUnicodeStringEx(String, Text);
}

/* Finds (Create: makes, with all above it) the key of Path. Under CmpLock. */
static NTSTATUS CmpFindPath(const WCHAR *Path, BOOLEAN Create, PCM_NODE *Node)
{
    UNICODE_STRING Name;
    CMP_WALK Walk = {.Path = &Name, .CreateAll = Create, .Trusted = TRUE};
    NTSTATUS Status = CmpInitString(&Name, Path);

    return NT_SUCCESS(Status) ? CmpWalk(&Walk, Node) : Status;
}

NTSTATUS CmpCreateKey(const WCHAR *Path)
{
    NTSTATUS Status;
    PCM_NODE Node;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    KiLock(&CmpLock);
    Status = CmpFindPath(Path, TRUE, &Node);
    KiUnlock(&CmpLock);
    return Status;
}

NTSTATUS CmpCreateVolatileKey(const WCHAR *Path)
{
    UNICODE_STRING Name;
    CMP_WALK Walk = {.Path = &Name, .CreateAll = TRUE, .Volatile = TRUE, .Trusted = TRUE};
    NTSTATUS Status = CmpInitString(&Name, Path);
    PCM_NODE Node;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (!NT_SUCCESS(Status))
        return Status;
    KiLock(&CmpLock);
    Status = CmpWalk(&Walk, &Node);
    KiUnlock(&CmpLock);
    return Status;
}

BOOLEAN CmpKeyExists(const WCHAR *Path)
{
    NTSTATUS Status;
    PCM_NODE Node;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    KiLock(&CmpLock);
    Status = CmpFindPath(Path, FALSE, &Node);
    KiUnlock(&CmpLock);
    return NT_SUCCESS(Status);
}

NTSTATUS CmpDeleteTree(const WCHAR *Path)
{
    NTSTATUS Status;
    PCM_NODE Node;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    KiLock(&CmpLock);
    Status = CmpFindPath(Path, FALSE, &Node);
    if (NT_SUCCESS(Status)) {
        if (Node->Fixed)
            Status = STATUS_CANNOT_DELETE;
        else
            CmpUnlinkTree(Node);
    }
    KiUnlock(&CmpLock);
    return Status;
}

NTSTATUS CmpSetValue(const WCHAR *Path, const WCHAR *Name, ULONG Type, const VOID *Data,
                     ULONG Bytes)
{
    UNICODE_STRING ValueName;
    NTSTATUS Status;
    PCM_NODE Node;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = CmpInitString(&ValueName, Name);
    if (!NT_SUCCESS(Status))
        return Status;
    if (ValueName.Length > CMP_MAXIMUM_VALUE_NAME)
        return STATUS_INVALID_PARAMETER;
    KiLock(&CmpLock);
    Status = CmpFindPath(Path, TRUE, &Node);
    if (NT_SUCCESS(Status))
        Status = CmpStoreValue(Node, &ValueName, Type, Data, Bytes);
    KiUnlock(&CmpLock);
    return Status;
}

NTSTATUS CmpSetString(const WCHAR *Path, const WCHAR *Name, const WCHAR *String)
{
    return CmpSetValue(Path, Name, REG_SZ, String,
                       (ULONG)((NtCrt_wcslen(String) + 1) * sizeof(WCHAR)));
}

NTSTATUS CmpSetMultiString(const WCHAR *Path, const WCHAR *Name, const WCHAR *Strings)
{
    const WCHAR *End = Strings;

    while (*End != 0)
        End += NtCrt_wcslen(End) + 1;
    return CmpSetValue(Path, Name, REG_MULTI_SZ, Strings,
                       (ULONG)((End + 1 - Strings) * sizeof(WCHAR)));
}

NTSTATUS CmpSetUlong(const WCHAR *Path, const WCHAR *Name, ULONG Value)
{
    return CmpSetValue(Path, Name, REG_DWORD, &Value, sizeof(Value));
}

NTSTATUS CmpDeleteValue(const WCHAR *Path, const WCHAR *Name)
{
    UNICODE_STRING ValueName;
    NTSTATUS Status;
    PCM_NODE Node;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = CmpInitString(&ValueName, Name);
    if (!NT_SUCCESS(Status))
        return Status;
    KiLock(&CmpLock);
    Status = CmpFindPath(Path, FALSE, &Node);
    if (NT_SUCCESS(Status))
        Status = CmpRemoveValue(Node, &ValueName);
    KiUnlock(&CmpLock);
    return Status;
}

NTSTATUS CmpQueryValue(const WCHAR *Path, const WCHAR *Name, ULONG *Type, PVOID *Data, ULONG *Bytes)
{
    UNICODE_STRING ValueName;
    PCM_VALUE Value = NULL;
    PUCHAR Copy = NULL;
    NTSTATUS Status;
    PCM_NODE Node;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    *Data = NULL;
    Status = CmpInitString(&ValueName, Name);
    if (!NT_SUCCESS(Status))
        return Status;
    KiLock(&CmpLock);
    Status = CmpFindPath(Path, FALSE, &Node);
    if (NT_SUCCESS(Status)) {
        Value = CmpFindValue(Node, &ValueName);
        if (Value == NULL)
            Status = STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if (NT_SUCCESS(Status)) {
        /* One byte more, so that the zeros are whole characters behind an odd number of bytes too.
         */
        Copy =
            ExAllocatePool2(POOL_FLAG_PAGED, (SIZE_T)Value->Bytes + 2 * sizeof(WCHAR) + 1, CMP_TAG);
        if (Copy == NULL)
            Status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (NT_SUCCESS(Status)) {
        if (Value->Bytes != 0)
            memcpy(Copy, Value->Data, Value->Bytes);
        *Data = Copy;
        if (Type != NULL)
            *Type = Value->Type;
        if (Bytes != NULL)
            *Bytes = Value->Bytes;
    }
    KiUnlock(&CmpLock);
    return Status;
}

NTSTATUS CmpQueryString(const WCHAR *Path, const WCHAR *Name, WCHAR **String)
{
    NTSTATUS Status;
    PVOID Data;
    ULONG Type;

    *String = NULL;
    Status = CmpQueryValue(Path, Name, &Type, &Data, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Type != REG_SZ && Type != REG_EXPAND_SZ && Type != REG_MULTI_SZ) {
        ExFreePoolWithTag(Data, CMP_TAG);
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    *String = Data;
    return STATUS_SUCCESS;
}

NTSTATUS CmpQueryUlong(const WCHAR *Path, const WCHAR *Name, ULONG *Value)
{
    ULONG Type, Bytes;
    NTSTATUS Status;
    PVOID Data;

    Status = CmpQueryValue(Path, Name, &Type, &Data, &Bytes);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Type == REG_DWORD && Bytes == sizeof(*Value))
        memcpy(Value, Data, sizeof(*Value));
    else
        Status = STATUS_OBJECT_TYPE_MISMATCH;
    ExFreePoolWithTag(Data, CMP_TAG);
    return Status;
}

NTSTATUS CmpEnumerateSubkey(const WCHAR *Path, ULONG Index, WCHAR **Name)
{
    NTSTATUS Status;
    PCM_NODE Node;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    *Name = NULL;
    KiLock(&CmpLock);
    Status = CmpFindPath(Path, FALSE, &Node);
    if (NT_SUCCESS(Status) && Index >= Node->ChildCount)
        Status = STATUS_NO_MORE_ENTRIES;
    if (NT_SUCCESS(Status)) {
        PCUNICODE_STRING Child = &Node->Children[Index]->Name;

        *Name = ExAllocatePool2(POOL_FLAG_PAGED, Child->Length + 2 * sizeof(WCHAR), CMP_TAG);
        if (*Name == NULL)
            Status = STATUS_INSUFFICIENT_RESOURCES;
        else
            memcpy(*Name, Child->Buffer, Child->Length);
    }
    KiUnlock(&CmpLock);
    return Status;
}

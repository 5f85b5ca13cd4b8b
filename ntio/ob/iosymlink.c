/* SPDX-License-Identifier: MIT */
/*
 * iosymlink.c - the I/O manager's way to make and delete symbolic links. They are permanent: a
 * driver deletes what it made, or the accounting names it.
 */
#include "ntio/ob/obp.h"
#include "ntio/ob/ntob.h"

static NTSTATUS ObpIoCreateLink(PUNICODE_STRING Name, PUNICODE_STRING Target, PVOID Creator)
{
    OBJECT_ATTRIBUTES Attributes;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Name == NULL || Name->Length == 0 || Target == NULL)
        return STATUS_INVALID_PARAMETER;
    InitializeObjectAttributes(&Attributes, Name, OBJ_CASE_INSENSITIVE | OBJ_PERMANENT, NULL, NULL);
    return ObpCreateSymbolicLink(NULL, SYMBOLIC_LINK_ALL_ACCESS, &Attributes, Target, Creator);
}

NTSTATUS NTAPI IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName)
{
    return ObpIoCreateLink(SymbolicLinkName, DeviceName, __builtin_return_address(0));
}

/* The difference on Windows is a security descriptor that lets everybody change the link. */
NTSTATUS NTAPI IoCreateUnprotectedSymbolicLink(PUNICODE_STRING SymbolicLinkName,
                                               PUNICODE_STRING DeviceName)
{
    return ObpIoCreateLink(SymbolicLinkName, DeviceName, __builtin_return_address(0));
}

NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName)
{
    OBJECT_ATTRIBUTES Attributes;
    NTSTATUS Status;
    PVOID Link;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    InitializeObjectAttributes(&Attributes, SymbolicLinkName, OBJ_CASE_INSENSITIVE, NULL, NULL);
    Status = ObpOpenByName(&Attributes, ObpSymbolicLinkType, DELETE, NULL, &Link);
    if (!NT_SUCCESS(Status))
        return Status;
    ObMakeTemporaryObject(Link);
    ObfDereferenceObject(Link);
    return STATUS_SUCCESS;
}

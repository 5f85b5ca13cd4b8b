/* SPDX-License-Identifier: MIT */
/*
 * symlink.c - symbolic links. A link's target is fixed when it is made; lookup.c follows it.
 */
#include "ntio/ob/obp.h"
#include "ntio/ob/ntob.h"

VOID ObpDeleteSymbolicLink(PVOID Object)
{
    POBP_SYMBOLIC_LINK Link = Object;

    if (Link->Target.Buffer != NULL)
        free(Link->Target.Buffer);
}

/* Attributes and Target are the system's own copies. Handle may be NULL. */
NTSTATUS ObpCreateSymbolicLink(HANDLE *Handle, ACCESS_MASK Access, POBJECT_ATTRIBUTES Attributes,
                               PCUNICODE_STRING Target, PVOID Creator)
{
    POBP_SYMBOLIC_LINK Link;
    NTSTATUS Status;
    PVOID Object;

    if (Target->Length % sizeof(WCHAR) != 0 || (Target->Length != 0 && Target->Buffer == NULL))
        return STATUS_INVALID_PARAMETER;
    if (Target->Length > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR))
        return STATUS_NAME_TOO_LONG;
    Status = ObpCreate(ObpSymbolicLinkType, Attributes, sizeof(*Link), &Object);
    if (!NT_SUCCESS(Status))
        return Status;
    Link = Object;
    ObpHeader(Object)->Creator = Creator;
    KeQuerySystemTime(&Link->CreationTime);
    Link->Target.Buffer = ObpAllocate(Target->Length + sizeof(WCHAR));
    if (Link->Target.Buffer == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
        goto Exit;
    }
    Link->Target.Length = Target->Length;
    Link->Target.MaximumLength = (USHORT)(Target->Length + sizeof(WCHAR));
    if (Target->Length != 0)
        memcpy(Link->Target.Buffer, Target->Buffer, Target->Length);
    Status = ObpInsert(Object, Access, Handle);

Exit:
    ObfDereferenceObject(Object);
    return Status;
}

static NTSTATUS ObpCreateLinkService(PHANDLE Handle, ACCESS_MASK Access,
                                     POBJECT_ATTRIBUTES ObjectAttributes, PUNICODE_STRING Target,
                                     KPROCESSOR_MODE Mode, PVOID Creator)
{
    OBJECT_ATTRIBUTES Attributes;
    NTSTATUS Status;
    HANDLE New;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = ObpProbe(Mode, Handle, sizeof(*Handle), TRUE);
    if (NT_SUCCESS(Status))
        Status = ObpCaptureAttributes(Mode, ObjectAttributes, FALSE, &Attributes);
    if (NT_SUCCESS(Status) && Target == NULL)
        Status = STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(Status))
        Status = ObpProbe(Mode, Target, sizeof(*Target), FALSE);
    if (NT_SUCCESS(Status) && Target->Length > Target->MaximumLength)
        Status = STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(Status))
        Status = ObpProbe(Mode, Target->Buffer, Target->Length, FALSE);
    if (NT_SUCCESS(Status))
        Status = ObpCreateSymbolicLink(&New, Access, &Attributes, Target, Creator);
    if (NT_SUCCESS(Status))
        *Handle = New;
    return Status;
}

NTSTATUS NTAPI ZwCreateSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess,
                                          POBJECT_ATTRIBUTES ObjectAttributes,
                                          PUNICODE_STRING LinkTarget)
{
    return ObpCreateLinkService(LinkHandle, DesiredAccess, ObjectAttributes, LinkTarget, KernelMode,
                                __builtin_return_address(0));
}

NTSTATUS NTAPI NtCreateSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess,
                                          POBJECT_ATTRIBUTES ObjectAttributes,
                                          PUNICODE_STRING LinkTarget)
{
    return ObpCreateLinkService(LinkHandle, DesiredAccess, ObjectAttributes, LinkTarget,
                                ExGetPreviousMode(), __builtin_return_address(0));
}

NTSTATUS NTAPI ZwOpenSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess,
                                        POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenService(ObpSymbolicLinkType, KernelMode, LinkHandle, DesiredAccess,
                          ObjectAttributes);
}

NTSTATUS NTAPI NtOpenSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess,
                                        POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenService(ObpSymbolicLinkType, ExGetPreviousMode(), LinkHandle, DesiredAccess,
                          ObjectAttributes);
}

/*
 * A caller who asks for the length gets the closing zero with the text, and is told the length with
 * it; a caller who does not is content with the text alone.
 */
static NTSTATUS ObpQueryLinkService(HANDLE Handle, PUNICODE_STRING Target, PULONG ReturnedLength,
                                    KPROCESSOR_MODE Mode)
{
    POBP_SYMBOLIC_LINK Link;
    NTSTATUS Status;
    PVOID Object;
    ULONG Bytes;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = ObpProbe(Mode, Target, sizeof(*Target), TRUE);
    if (NT_SUCCESS(Status))
        Status = ObpProbe(Mode, Target->Buffer, Target->MaximumLength, TRUE);
    if (NT_SUCCESS(Status) && ReturnedLength != NULL)
        Status = ObpProbe(Mode, ReturnedLength, sizeof(*ReturnedLength), TRUE);
    if (NT_SUCCESS(Status))
        Status = ObReferenceObjectByHandle(Handle, SYMBOLIC_LINK_QUERY, ObpSymbolicLinkType, Mode,
                                           &Object, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Link = Object;
    Bytes = ReturnedLength != NULL ? Link->Target.MaximumLength : Link->Target.Length;
    if (Bytes <= Target->MaximumLength) {
        if (Bytes != 0)
            memcpy(Target->Buffer, Link->Target.Buffer, Bytes);
        Target->Length = Link->Target.Length;
    } else {
        Status = STATUS_BUFFER_TOO_SMALL;
    }
    if (ReturnedLength != NULL)
        *ReturnedLength = Link->Target.MaximumLength;
    ObfDereferenceObject(Object);
    return Status;
}

NTSTATUS NTAPI ZwQuerySymbolicLinkObject(HANDLE LinkHandle, PUNICODE_STRING LinkTarget,
                                         PULONG ReturnedLength)
{
    return ObpQueryLinkService(LinkHandle, LinkTarget, ReturnedLength, KernelMode);
}

NTSTATUS NTAPI NtQuerySymbolicLinkObject(HANDLE LinkHandle, PUNICODE_STRING LinkTarget,
                                         PULONG ReturnedLength)
{
    return ObpQueryLinkService(LinkHandle, LinkTarget, ReturnedLength, ExGetPreviousMode());
}

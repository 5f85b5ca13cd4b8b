/* SPDX-License-Identifier: MIT */
/*
 * reference.c - public ways from a handle or a name to an object, and from an object to a handle.
 */
#include "ntio/ob/obp.h"
#include "ntio/ob/ntob.h"

NTSTATUS NTAPI ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess,
                                         POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                         PVOID *Object,
                                         POBJECT_HANDLE_INFORMATION HandleInformation)
{
    ACCESS_MASK Access;
    ULONG Attributes;
    NTSTATUS Status;
    PVOID Found;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    *Object = NULL;
    if (Handle == NtCurrentProcess() || Handle == NtCurrentThread()) {
        Found =
            Handle == NtCurrentProcess() ? (PVOID)PsGetCurrentProcess() : (PVOID)PspCurrentThread();
        ObfReferenceObject(Found);
        Access = 0x1fffff; /* PROCESS_ALL_ACCESS, THREAD_ALL_ACCESS */
        Attributes = 0;
    } else {
        Status = ObpLookupHandle(PsGetCurrentProcess(), Handle, AccessMode, &Found, &Access,
                                 &Attributes);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    Status = STATUS_SUCCESS;
    if (ObjectType != NULL && ObpTypeOf(Found) != ObjectType)
        Status = STATUS_OBJECT_TYPE_MISMATCH;
    else if (AccessMode != KernelMode && (DesiredAccess & ~Access) != 0)
        Status = STATUS_ACCESS_DENIED;
    if (!NT_SUCCESS(Status)) {
        ObfDereferenceObject(Found);
        return Status;
    }
    if (HandleInformation != NULL) {
        HandleInformation->GrantedAccess = Access;
        HandleInformation->HandleAttributes = Attributes;
    }
    *Object = Found;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObReferenceObjectByHandleWithTag(HANDLE Handle, ACCESS_MASK DesiredAccess,
                                                POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                                ULONG Tag, PVOID *Object,
                                                POBJECT_HANDLE_INFORMATION HandleInformation)
{
    UNREFERENCED_PARAMETER(Tag);
    return ObReferenceObjectByHandle(Handle, DesiredAccess, ObjectType, AccessMode, Object,
                                     HandleInformation);
}

NTSTATUS NTAPI ObReferenceObjectByName(PUNICODE_STRING ObjectName, ULONG Attributes,
                                       PACCESS_STATE AccessState, ACCESS_MASK DesiredAccess,
                                       POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                       PVOID ParseContext, PVOID *Object)
{
    OBJECT_ATTRIBUTES ObjectAttributes;

    UNREFERENCED_PARAMETER(AccessState);
    UNREFERENCED_PARAMETER(AccessMode);
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (ObjectName == NULL || ObjectName->Length == 0)
        return STATUS_OBJECT_NAME_INVALID;
    InitializeObjectAttributes(&ObjectAttributes, ObjectName, Attributes, NULL, NULL);
    return ObpOpenByName(&ObjectAttributes, ObjectType, DesiredAccess, ParseContext, Object);
}

NTSTATUS NTAPI ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes,
                                     PACCESS_STATE PassedAccessState, ACCESS_MASK DesiredAccess,
                                     POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                     PHANDLE Handle)
{
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (PassedAccessState != NULL)
        DesiredAccess |=
            PassedAccessState->PreviouslyGrantedAccess | PassedAccessState->RemainingDesiredAccess;
    Status = ObReferenceObjectByPointer(Object, DesiredAccess, ObjectType, KernelMode);
    if (!NT_SUCCESS(Status))
        return Status;
    if (AccessMode != KernelMode)
        HandleAttributes &= ~(ULONG)OBJ_KERNEL_HANDLE;
    Status = ObpCreateHandle(Object, DesiredAccess, HandleAttributes, Handle);
    ObfDereferenceObject(Object);
    return Status;
}

NTSTATUS NTAPI ObOpenObjectByName(POBJECT_ATTRIBUTES ObjectAttributes, POBJECT_TYPE ObjectType,
                                  KPROCESSOR_MODE AccessMode, PACCESS_STATE PassedAccessState,
                                  ACCESS_MASK DesiredAccess, PVOID ParseContext, PHANDLE Handle)
{
    OBJECT_ATTRIBUTES Attributes;
    NTSTATUS Status;
    HANDLE New;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = ObpCaptureAttributes(AccessMode, ObjectAttributes, TRUE, &Attributes);
    if (!NT_SUCCESS(Status))
        return Status;
    if (PassedAccessState != NULL)
        DesiredAccess |=
            PassedAccessState->PreviouslyGrantedAccess | PassedAccessState->RemainingDesiredAccess;
    do {
        PVOID Object;

        Status = ObpOpenByName(&Attributes, ObjectType, DesiredAccess, ParseContext, &Object);
        if (!NT_SUCCESS(Status))
            return Status;
        Status = ObpCreateHandleByName(Object, DesiredAccess, Attributes.Attributes, &New);
        ObfDereferenceObject(Object);
    } while (Status == STATUS_RETRY);
    if (NT_SUCCESS(Status))
        *Handle = New;
    return Status;
}

/*
 * A bad kernel handle in kernel mode is a driver's fault and stops the system, as on Windows. A
 * bad handle of a process is answered with a status in either mode: the program may have closed it.
 */
NTSTATUS NTAPI ObCloseHandle(HANDLE Handle, KPROCESSOR_MODE PreviousMode)
{
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Handle == NULL || Handle == NtCurrentProcess() || Handle == NtCurrentThread())
        return STATUS_INVALID_HANDLE;
    Status = ObpCloseHandleIn(PsGetCurrentProcess(), Handle, PreviousMode);
    if (!NT_SUCCESS(Status) && PreviousMode == KernelMode && ObpIsKernelHandle(Handle))
        KeBugCheckEx(INVALID_KERNEL_HANDLE, (ULONG_PTR)Handle,
                     Status == STATUS_HANDLE_NOT_CLOSABLE ? 0 : 1, 0, 0);
    return Status;
}

NTSTATUS NTAPI ZwClose(HANDLE Handle)
{
    return ObCloseHandle(Handle, KernelMode);
}

NTSTATUS NTAPI NtClose(HANDLE Handle)
{
    return ObCloseHandle(Handle, ExGetPreviousMode());
}

static NTSTATUS ObpMakeTemporary(HANDLE Handle, KPROCESSOR_MODE Mode)
{
    NTSTATUS Status;
    PVOID Object;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = ObReferenceObjectByHandle(Handle, DELETE, NULL, Mode, &Object, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    ObMakeTemporaryObject(Object);
    ObfDereferenceObject(Object);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwMakeTemporaryObject(HANDLE Handle)
{
    return ObpMakeTemporary(Handle, KernelMode);
}

NTSTATUS NTAPI NtMakeTemporaryObject(HANDLE Handle)
{
    return ObpMakeTemporary(Handle, ExGetPreviousMode());
}

/* The process behind a handle, referenced. */
static NTSTATUS ObpProcessOfHandle(HANDLE Handle, KPROCESSOR_MODE Mode, PEPROCESS *Process)
{
    PVOID Object = NULL;
    NTSTATUS Status = ObReferenceObjectByHandle(Handle, 0x0040 /* PROCESS_DUP_HANDLE */,
                                                PspProcessType, Mode, &Object, NULL);

    *Process = Object;
    return Status;
}

static NTSTATUS ObpDuplicate(HANDLE SourceProcessHandle, HANDLE SourceHandle,
                             HANDLE TargetProcessHandle, PHANDLE TargetHandle,
                             ACCESS_MASK DesiredAccess, ULONG HandleAttributes, ULONG Options,
                             KPROCESSOR_MODE Mode)
{
    PEPROCESS Source = NULL, Target = NULL;
    PVOID Object = NULL;
    ACCESS_MASK Access;
    ULONG Attributes;
    NTSTATUS Status;
    HANDLE New = NULL;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (TargetHandle != NULL) {
        Status = ObpProbe(Mode, TargetHandle, sizeof(HANDLE), TRUE);
        if (!NT_SUCCESS(Status))
            return Status;
        *TargetHandle = NULL;
    }
    if ((Options &
         ~(ULONG)(DUPLICATE_CLOSE_SOURCE | DUPLICATE_SAME_ACCESS | DUPLICATE_SAME_ATTRIBUTES)) != 0)
        return STATUS_INVALID_PARAMETER;
    if (Mode != KernelMode)
        HandleAttributes &= ~(ULONG)OBJ_KERNEL_HANDLE;

    Status = ObpProcessOfHandle(SourceProcessHandle, Mode, &Source);
    if (!NT_SUCCESS(Status))
        return Status;
    if (SourceHandle == NtCurrentProcess() || SourceHandle == NtCurrentThread()) {
        /* The pseudo handles stand for the caller's own, whatever the source process. */
        Object = SourceHandle == NtCurrentProcess() ? (PVOID)PsGetCurrentProcess()
                                                    : (PVOID)PspCurrentThread();
        ObfReferenceObject(Object);
        Access = 0x1fffff;
        Attributes = 0;
    } else {
        Status = ObpLookupHandle(Source, SourceHandle, Mode, &Object, &Access, &Attributes);
    }
    if (NT_SUCCESS(Status) && TargetProcessHandle != NULL) {
        Status = ObpProcessOfHandle(TargetProcessHandle, Mode, &Target);
        if (NT_SUCCESS(Status)) {
            ACCESS_MASK Wanted = DesiredAccess;

            if ((Options & DUPLICATE_SAME_ACCESS) != 0 || (DesiredAccess & MAXIMUM_ALLOWED) != 0)
                Wanted = Access;
            if ((Options & DUPLICATE_SAME_ATTRIBUTES) != 0)
                HandleAttributes = Attributes | (HandleAttributes & OBJ_KERNEL_HANDLE);
            /* No security descriptors stand here that could grant more than the source handle has.
             */
            if (Mode != KernelMode && (ObpMapAccess(ObpTypeOf(Object), Wanted) & ~Access) != 0)
                Status = STATUS_ACCESS_DENIED;
            else
                Status = ObpCreateHandleIn(Target, (HandleAttributes & OBJ_KERNEL_HANDLE) != 0,
                                           Object, Wanted, HandleAttributes, &New);
        }
    } else if (NT_SUCCESS(Status) && (Options & DUPLICATE_CLOSE_SOURCE) == 0) {
        Status = STATUS_INVALID_HANDLE;
    }
    /* As on Windows, the source closes whether the rest went well or not. */
    if (Object != NULL && (Options & DUPLICATE_CLOSE_SOURCE) != 0 &&
        SourceHandle != NtCurrentProcess() && SourceHandle != NtCurrentThread()) {
        NTSTATUS CloseStatus = ObpCloseHandleIn(Source, SourceHandle, Mode);

        if (NT_SUCCESS(Status) && TargetProcessHandle == NULL)
            Status = CloseStatus;
    }
    if (NT_SUCCESS(Status) && TargetHandle != NULL)
        *TargetHandle = New;
    if (Object != NULL)
        ObfDereferenceObject(Object);
    if (Target != NULL)
        ObfDereferenceObject(Target);
    ObfDereferenceObject(Source);
    return Status;
}

NTSTATUS NTAPI ZwDuplicateObject(HANDLE SourceProcessHandle, HANDLE SourceHandle,
                                 HANDLE TargetProcessHandle, PHANDLE TargetHandle,
                                 ACCESS_MASK DesiredAccess, ULONG HandleAttributes, ULONG Options)
{
    return ObpDuplicate(SourceProcessHandle, SourceHandle, TargetProcessHandle, TargetHandle,
                        DesiredAccess, HandleAttributes, Options, KernelMode);
}

NTSTATUS NTAPI NtDuplicateObject(HANDLE SourceProcessHandle, HANDLE SourceHandle,
                                 HANDLE TargetProcessHandle, PHANDLE TargetHandle,
                                 ACCESS_MASK DesiredAccess, ULONG HandleAttributes, ULONG Options)
{
    return ObpDuplicate(SourceProcessHandle, SourceHandle, TargetProcessHandle, TargetHandle,
                        DesiredAccess, HandleAttributes, Options, ExGetPreviousMode());
}

static NTSTATUS ObpSetInformation(HANDLE Handle, ULONG Class, PVOID Information, ULONG Length,
                                  KPROCESSOR_MODE Mode)
{
    POBJECT_HANDLE_FLAG_INFORMATION Flags = Information;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Class != ObjectHandleFlagInformation)
        return STATUS_INVALID_INFO_CLASS;
    if (Length != sizeof(*Flags))
        return STATUS_INFO_LENGTH_MISMATCH;
    Status = ObpProbe(Mode, Information, Length, FALSE);
    if (!NT_SUCCESS(Status))
        return Status;
    return ObpSetHandleAttributes(PsGetCurrentProcess(), Handle, Mode, Flags->Inherit,
                                  Flags->ProtectFromClose);
}

NTSTATUS NTAPI ZwSetInformationObject(HANDLE Handle, ULONG ObjectInformationClass,
                                      PVOID ObjectInformation, ULONG ObjectInformationLength)
{
    return ObpSetInformation(Handle, ObjectInformationClass, ObjectInformation,
                             ObjectInformationLength, KernelMode);
}

NTSTATUS NTAPI NtSetInformationObject(HANDLE Handle, ULONG ObjectInformationClass,
                                      PVOID ObjectInformation, ULONG ObjectInformationLength)
{
    return ObpSetInformation(Handle, ObjectInformationClass, ObjectInformation,
                             ObjectInformationLength, ExGetPreviousMode());
}

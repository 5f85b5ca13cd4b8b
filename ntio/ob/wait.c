/* SPDX-License-Identifier: MIT */
/*
 * wait.c - waiting by handle. The references hold the objects; a handle that is closed meanwhile
 * ends no wait.
 */
#include "ntio/ob/obp.h"
#include "ntio/ob/ntob.h"

static NTSTATUS ObpReferenceWaitable(HANDLE Handle, KPROCESSOR_MODE Mode, PVOID *Object)
{
    NTSTATUS Status = ObReferenceObjectByHandle(Handle, SYNCHRONIZE, NULL, Mode, Object, NULL);

    if (!NT_SUCCESS(Status))
        return Status;
    if (ObpDispatcherHeader(*Object) == NULL) {
        ObfDereferenceObject(*Object);
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS ObpWaitSingle(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                              KPROCESSOR_MODE Mode)
{
    NTSTATUS Status = STATUS_SUCCESS;
    LARGE_INTEGER Due;
    PVOID Object;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Timeout != NULL) {
        Status = ObpProbe(Mode, Timeout, sizeof(*Timeout), FALSE);
        if (!NT_SUCCESS(Status))
            return Status;
        Due = *Timeout;
    }
    Status = ObpReferenceWaitable(Handle, Mode, &Object);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = KeWaitForSingleObject(ObpDispatcherHeader(Object), UserRequest, Mode, Alertable,
                                   Timeout != NULL ? &Due : NULL);
    ObfDereferenceObject(Object);
    return Status;
}

NTSTATUS NTAPI ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    return ObpWaitSingle(Handle, Alertable, Timeout, KernelMode);
}

NTSTATUS NTAPI NtWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    return ObpWaitSingle(Handle, Alertable, Timeout, ExGetPreviousMode());
}

static NTSTATUS ObpWaitMultiple(ULONG Count, PHANDLE Handles, WAIT_TYPE WaitType, BOOLEAN Alertable,
                                PLARGE_INTEGER Timeout, KPROCESSOR_MODE Mode)
{
    PVOID Objects[MAXIMUM_WAIT_OBJECTS], Headers[MAXIMUM_WAIT_OBJECTS];
    KWAIT_BLOCK *Blocks = NULL;
    NTSTATUS Status;
    LARGE_INTEGER Due;
    ULONG Referenced = 0;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Count == 0 || Count > MAXIMUM_WAIT_OBJECTS)
        return STATUS_INVALID_PARAMETER_1;
    if (WaitType != WaitAll && WaitType != WaitAny)
        return STATUS_INVALID_PARAMETER_3;
    Status = ObpProbe(Mode, Handles, Count * sizeof(*Handles), FALSE);
    if (NT_SUCCESS(Status) && Timeout != NULL)
        Status = ObpProbe(Mode, Timeout, sizeof(*Timeout), FALSE);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Timeout != NULL)
        Due = *Timeout;
    for (; Referenced < Count; Referenced++) {
        Status = ObpReferenceWaitable(Handles[Referenced], Mode, &Objects[Referenced]);
        if (!NT_SUCCESS(Status))
            goto Exit;
        Headers[Referenced] = ObpDispatcherHeader(Objects[Referenced]);
        /* All of several objects: each may be there once. */
        for (ULONG i = 0; WaitType == WaitAll && i < Referenced; i++)
            if (Headers[i] == Headers[Referenced])
                Status = STATUS_INVALID_PARAMETER_MIX;
        if (!NT_SUCCESS(Status)) {
            Referenced++;
            goto Exit;
        }
    }
    if (Count > THREAD_WAIT_OBJECTS) {
        Blocks = ExAllocatePool2(POOL_FLAG_NON_PAGED, Count * sizeof(*Blocks), OBP_TAG_WORK);
        if (Blocks == NULL) {
            Status = STATUS_INSUFFICIENT_RESOURCES;
            goto Exit;
        }
    }
    Status = KeWaitForMultipleObjects(Count, Headers, WaitType, UserRequest, Mode, Alertable,
                                      Timeout != NULL ? &Due : NULL, Blocks);

Exit:
    if (Blocks != NULL)
        ExFreePoolWithTag(Blocks, OBP_TAG_WORK);
    while (Referenced > 0)
        ObfDereferenceObject(Objects[--Referenced]);
    return Status;
}

NTSTATUS NTAPI ZwWaitForMultipleObjects(ULONG Count, PHANDLE Handles, WAIT_TYPE WaitType,
                                        BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    return ObpWaitMultiple(Count, Handles, WaitType, Alertable, Timeout, KernelMode);
}

NTSTATUS NTAPI NtWaitForMultipleObjects(ULONG Count, PHANDLE Handles, WAIT_TYPE WaitType,
                                        BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    return ObpWaitMultiple(Count, Handles, WaitType, Alertable, Timeout, ExGetPreviousMode());
}

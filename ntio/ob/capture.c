/* SPDX-License-Identifier: MIT */
/*
 * capture.c - the edge of the system services: what a caller hands in is looked at once, here.
 */
#include "ntio/ob/obp.h"
#include "ntio/ob/ntob.h"

NTSTATUS ObpProbe(KPROCESSOR_MODE Mode, PVOID Address, SIZE_T Length, BOOLEAN Write)
{
    if (Mode == KernelMode || Length == 0)
        return STATUS_SUCCESS;
    return MmpProbeRange(Address, Length, Write);
}

NTSTATUS ObpCaptureAttributes(KPROCESSOR_MODE Mode, POBJECT_ATTRIBUTES Attributes, BOOLEAN Needed,
                              POBJECT_ATTRIBUTES Copy)
{
    NTSTATUS Status;

    if (Attributes == NULL) {
        InitializeObjectAttributes(Copy, NULL, 0, NULL, NULL);
        return Needed ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
    }
    Status = ObpProbe(Mode, Attributes, sizeof(*Attributes), FALSE);
    if (!NT_SUCCESS(Status))
        return Status;
    *Copy = *Attributes;
    if (Copy->Length != sizeof(*Copy) || (Copy->Attributes & ~(ULONG)OBJ_VALID_ATTRIBUTES) != 0)
        return STATUS_INVALID_PARAMETER;
    if (Mode != KernelMode) {
        Copy->Attributes &= ~(ULONG)OBJ_KERNEL_HANDLE;
        if (Copy->RootDirectory != NULL && ObpIsKernelHandle(Copy->RootDirectory))
            return STATUS_INVALID_HANDLE;
    }
    if (Copy->ObjectName != NULL) {
        Status = ObpProbe(Mode, Copy->ObjectName, sizeof(UNICODE_STRING), FALSE);
        if (NT_SUCCESS(Status) && Copy->ObjectName->Length != 0)
            Status = ObpProbe(Mode, Copy->ObjectName->Buffer, Copy->ObjectName->Length, FALSE);
    }
    return Status;
}

NTSTATUS ObpCreateService(POBJECT_TYPE Type, SIZE_T Size, KPROCESSOR_MODE Mode, HANDLE *Handle,
                          ACCESS_MASK Access, POBJECT_ATTRIBUTES Attributes,
                          OBP_INITIALIZE_BODY *Initialize, PVOID Context)
{
    OBJECT_ATTRIBUTES Copy;
    NTSTATUS Status;
    HANDLE New;
    PVOID Object;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = ObpProbe(Mode, Handle, sizeof(*Handle), TRUE);
    if (NT_SUCCESS(Status))
        Status = ObpCaptureAttributes(Mode, Attributes, FALSE, &Copy);
    if (NT_SUCCESS(Status))
        Status = ObpCreate(Type, &Copy, Size, &Object);
    if (!NT_SUCCESS(Status))
        return Status;
    Initialize(Object, Context);
    Status = ObpInsert(Object, Access, &New);
    ObfDereferenceObject(Object);
    if (NT_SUCCESS(Status))
        *Handle = New;
    return Status;
}

NTSTATUS ObpOpenService(POBJECT_TYPE Type, KPROCESSOR_MODE Mode, HANDLE *Handle, ACCESS_MASK Access,
                        POBJECT_ATTRIBUTES Attributes)
{
    NTSTATUS Status;
    HANDLE New;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Status = ObpProbe(Mode, Handle, sizeof(*Handle), TRUE);
    if (NT_SUCCESS(Status))
        Status = ObOpenObjectByName(Attributes, Type, Mode, NULL, Access, NULL, &New);
    if (NT_SUCCESS(Status))
        *Handle = New;
    return Status;
}

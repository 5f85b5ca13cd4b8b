/* SPDX-License-Identifier: MIT */
/* irp.c - IRP_MJ_PNP requests as the PnP manager sends them. */
#include "ntio/pnp/pnpp.h"

static NTSTATUS NTAPI PnppIrpDone(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    (void)Device;
    (void)Irp;
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED; /* whoever waits frees it */
}

NTSTATUS PnpSendIrp(PDEVICE_OBJECT Device, const IO_STACK_LOCATION *Stack, ULONG_PTR *Information)
{
    PDEVICE_OBJECT Top = IoGetAttachedDeviceReference(Device);
    PIO_STACK_LOCATION Next;
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    KEVENT Done;
    PIRP Irp;

    Irp = IoAllocateIrp(Top->StackSize, FALSE);
    if (Irp == NULL)
        goto Exit;
    KeInitializeEvent(&Done, NotificationEvent, FALSE);
    Irp->IoStatus.Status =
        STATUS_NOT_SUPPORTED; /* a driver that does not know the request leaves it so */
    Irp->IoStatus.Information = Information != NULL ? *Information : 0;
    Irp->RequestorMode = KernelMode;
    Irp->Tail.Overlay.Thread = PsGetCurrentThread();
    Next = IoGetNextIrpStackLocation(Irp);
    Next->MajorFunction = IRP_MJ_PNP;
    Next->MinorFunction = Stack->MinorFunction;
    Next->Parameters = Stack->Parameters;
    Next->FileObject = Stack->FileObject;
    IoSetCompletionRoutine(Irp, PnppIrpDone, &Done, TRUE, TRUE, TRUE);
    (void)IoCallDriver(Top, Irp);
    /* Not only on STATUS_PENDING: the completion routine is what says that the IRP is ours again.
     */
    KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
    Status = Irp->IoStatus.Status;
    if (Information != NULL)
        *Information = Irp->IoStatus.Information;
    IoFreeIrp(Irp);
Exit:
    ObDereferenceObject(Top);
    return Status;
}

NTSTATUS PnpSendSimpleIrp(PDEVICE_OBJECT Device, UCHAR MinorFunction)
{
    IO_STACK_LOCATION Stack = {.MinorFunction = MinorFunction};

    return PnpSendIrp(Device, &Stack, NULL);
}

NTSTATUS PnpQueryCapabilities(PDEVICE_OBJECT Device, PDEVICE_CAPABILITIES Capabilities)
{
    IO_STACK_LOCATION Stack = {.MinorFunction = IRP_MN_QUERY_CAPABILITIES};

    memset(Capabilities, 0, sizeof(*Capabilities));
    Capabilities->Size = sizeof(*Capabilities);
    Capabilities->Version = 1;
    Capabilities->Address = MAXULONG;
    Capabilities->UINumber = MAXULONG;
    Stack.Parameters.DeviceCapabilities.Capabilities = Capabilities;
    return PnpSendIrp(Device, &Stack, NULL);
}

NTSTATUS PnpQueryRelations(PDEVICE_OBJECT Device, DEVICE_RELATION_TYPE Type, PFILE_OBJECT File,
                           PDEVICE_RELATIONS *Relations)
{
    IO_STACK_LOCATION Stack = {.MinorFunction = IRP_MN_QUERY_DEVICE_RELATIONS};
    ULONG_PTR Information = 0;
    NTSTATUS Status;

    *Relations = NULL;
    Stack.Parameters.QueryDeviceRelations.Type = Type;
    Stack.FileObject = File;
    Status = PnpSendIrp(Device, &Stack, &Information);
    if (NT_SUCCESS(Status))
        *Relations = (PDEVICE_RELATIONS)Information;
    return Status;
}

VOID PnpFreeRelations(PDEVICE_RELATIONS Relations)
{
    ULONG i;

    if (Relations == NULL)
        return;
    for (i = 0; i < Relations->Count; i++) {
        if (Relations->Objects[i] != NULL)
            ObDereferenceObject(Relations->Objects[i]);
    }
    ExFreePool(Relations);
}

/* SPDX-License-Identifier: MIT */
/*
 * send.c - IRP_MJ_SYSTEM_CONTROL on its way to a provider and back.
 *
 * The IRP enters the provider's stack at its top; drivers that are not the one in ProviderId pass
 * it on. What comes back is checked before anybody looks at its offsets.
 */
#include "ntio/wmi/wmip.h"

static BOOLEAN WmipEnter(PWMIP_PROVIDER Provider)
{
    BOOLEAN In;

    KiLock(&WmipLock);
    In = !Provider->Gone;
    if (In)
        Provider->Requests++;
    KiUnlock(&WmipLock);
    return In;
}

static VOID WmipLeave(PWMIP_PROVIDER Provider)
{
    PKEVENT Idle = NULL;

    KiLock(&WmipLock);
    if (--Provider->Requests == 0)
        Idle = Provider->Idle;
    KiUnlock(&WmipLock);
    if (Idle != NULL)
        KeSetEvent(Idle, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS NTAPI WmipDone(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS WmipSend(PWMIP_PROVIDER Provider, UCHAR MinorFunction, PVOID DataPath, PVOID Buffer,
                  ULONG BufferSize, PULONG_PTR Information)
{
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    PIO_STACK_LOCATION Next;
    PDEVICE_OBJECT Top;
    KEVENT Done;
    PIRP Irp;

    if (!WmipEnter(Provider))
        return STATUS_WMI_GUID_DISCONNECTED;
    Top = IoGetAttachedDeviceReference(Provider->Device);
    Irp = IoAllocateIrp(Top->StackSize, FALSE);
    if (Irp != NULL) {
        KeInitializeEvent(&Done, NotificationEvent, FALSE);
        Irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
        Irp->RequestorMode = KernelMode;
        Irp->Tail.Overlay.Thread = PsGetCurrentThread();
        Next = IoGetNextIrpStackLocation(Irp);
        Next->MajorFunction = IRP_MJ_SYSTEM_CONTROL;
        Next->MinorFunction = MinorFunction;
        Next->Parameters.WMI.ProviderId = (ULONG_PTR)Provider->Device;
        Next->Parameters.WMI.DataPath = DataPath;
        Next->Parameters.WMI.BufferSize = BufferSize;
        Next->Parameters.WMI.Buffer = Buffer;
        IoSetCompletionRoutine(Irp, WmipDone, &Done, TRUE, TRUE, TRUE);
        (void)IoCallDriver(Top, Irp);
        KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
        Status = Irp->IoStatus.Status;
        if (Information != NULL)
            *Information = Irp->IoStatus.Information;
        IoFreeIrp(Irp);
    }
    ObDereferenceObject(Top);
    WmipLeave(Provider);
    return Status;
}

PWNODE_HEADER WmipAllocateNode(const WMIP_TARGET *Target, ULONG Bytes, ULONG Flags)
{
    PWNODE_HEADER Node = ExAllocatePoolWithTag(NonPagedPoolNx, Bytes, WMIP_TAG);
    const WMIP_BLOCK *Block = Target->Block;

    if (Node == NULL)
        return NULL;
    memset(Node, 0, Bytes);
    Node->BufferSize = Bytes;
    Node->ProviderId = Target->Provider->Id;
    Node->Guid = Block->Guid;
    Node->Flags = Flags;
    if (Block->Names != NULL)
        Node->Flags |= (Block->Flags & WMIREG_FLAG_INSTANCE_PDO) != 0
                           ? WNODE_FLAG_PDO_INSTANCE_NAMES
                           : WNODE_FLAG_STATIC_INSTANCE_NAMES;
    return Node;
}

NTSTATUS WmipSendNode(const WMIP_TARGET *Target, UCHAR MinorFunction, PWNODE_HEADER *Node,
                      ULONG Bytes)
{
    PWNODE_HEADER Sent = *Node, Larger;
    ULONG_PTR Information;
    GUID Guid = Target->Block->Guid;
    ULONG Request = Bytes, Needed;
    NTSTATUS Status;

    for (;;) {
        /* The driver writes over it: the request is kept for the next try. */
        PWNODE_HEADER Kept = ExAllocatePoolWithTag(NonPagedPoolNx, Request, WMIP_TAG);

        Status = STATUS_INSUFFICIENT_RESOURCES;
        if (Kept == NULL)
            break;
        memcpy(Kept, Sent, Request);
        Information = 0;
        Status = WmipSend(Target->Provider, MinorFunction, &Guid, Sent, Bytes, &Information);
        if (!NT_SUCCESS(Status)) {
            ExFreePoolWithTag(Kept, WMIP_TAG);
            break;
        }
        Status = STATUS_INVALID_DEVICE_STATE; /* what it answered makes no sense */
        if (Information > Bytes || Information < sizeof(*Sent) || Sent->BufferSize > Information) {
            ExFreePoolWithTag(Kept, WMIP_TAG);
            break;
        }
        if ((Sent->Flags & WNODE_FLAG_TOO_SMALL) == 0) {
            ExFreePoolWithTag(Kept, WMIP_TAG);
            *Node = Sent;
            return STATUS_SUCCESS;
        }
        Needed = Information >= sizeof(WNODE_TOO_SMALL) ? ((PWNODE_TOO_SMALL)Sent)->SizeNeeded : 0;
        if (Needed <= Bytes || Needed > WMIP_LARGEST) {
            ExFreePoolWithTag(Kept, WMIP_TAG);
            break;
        }
        Larger = ExAllocatePoolWithTag(NonPagedPoolNx, Needed, WMIP_TAG);
        if (Larger != NULL) {
            memset(Larger, 0, Needed);
            memcpy(Larger, Kept, Request);
            Larger->BufferSize = Needed;
        }
        ExFreePoolWithTag(Kept, WMIP_TAG);
        if (Larger == NULL) {
            Status = STATUS_INSUFFICIENT_RESOURCES;
            break;
        }
        ExFreePoolWithTag(Sent, WMIP_TAG);
        Sent = Larger;
        Bytes = Needed;
    }
    ExFreePoolWithTag(Sent, WMIP_TAG);
    *Node = NULL;
    return Status;
}

/* SPDX-License-Identifier: MIT */
#include "scsiclient.h"

NTSTATUS NTAPI ClientCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

VOID ClientReferenceChild(PCLIENT_CHILD Child)
{
    InterlockedIncrement(&Child->References);
}

VOID ClientDereferenceChild(PCLIENT_CHILD Child)
{
    if (InterlockedDecrement(&Child->References) == 0)
        ExFreePoolWithTag(Child, CLIENT_TAG);
}

PCLIENT_CHILD ClientChildOf(PFILE_OBJECT FileObject)
{
    /* Another thread of the program may be plugging in. */
    return FileObject != NULL
               ? InterlockedCompareExchangePointer(&FileObject->FsContext, NULL, NULL)
               : NULL;
}

static NTSTATUS NTAPI DispatchPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCLIENT_COMMON Common = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = IoAcquireRemoveLock(&Common->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return ClientCompleteIrp(Irp, Status, 0);
    /* Both release the remove lock. */
    return Common->IsBus ? ClientBusPnp((PCLIENT_BUS)Common, Irp, Stack)
                         : ClientChildPnp((PCLIENT_PDO)Common, Irp, Stack);
}

static NTSTATUS NTAPI DispatchPower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCLIENT_COMMON Common = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status = IoAcquireRemoveLock(&Common->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return ClientCompleteIrp(Irp, Status, 0);
    if (Common->IsBus)
        return FollowPower(&((PCLIENT_BUS)Common)->Power, Irp);
    PoStartNextPowerIrp(Irp);
    Status = Irp->IoStatus.Status;
    if (Stack->MinorFunction == IRP_MN_SET_POWER || Stack->MinorFunction == IRP_MN_QUERY_POWER) {
        if (Stack->MinorFunction == IRP_MN_SET_POWER &&
            Stack->Parameters.Power.Type == DevicePowerState) {
            PoSetPowerState(DeviceObject, DevicePowerState, Stack->Parameters.Power.State);
            ClientSetAsleep(((PCLIENT_PDO)Common)->Child,
                            Stack->Parameters.Power.State.DeviceState != PowerDeviceD0);
        }
        Status = STATUS_SUCCESS;
    }
    ClientCompleteIrp(Irp, Status, 0);
    IoReleaseRemoveLock(&Common->RemoveLock, Irp);
    return Status;
}

static NTSTATUS NTAPI DispatchSystemControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCLIENT_COMMON Common = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Common->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return ClientCompleteIrp(Irp, Status, 0);
    if (Common->IsBus) {
        IoSkipCurrentIrpStackLocation(Irp);
        Status = IoCallDriver(((PCLIENT_BUS)Common)->Lower, Irp);
    } else {
        Status = ClientCompleteIrp(Irp, Irp->IoStatus.Status, Irp->IoStatus.Information);
    }
    IoReleaseRemoveLock(&Common->RemoveLock, Irp);
    return Status;
}

static NTSTATUS NTAPI DispatchCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return ClientCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI DispatchCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCLIENT_COMMON Common = DeviceObject->DeviceExtension;
    PCLIENT_CHILD Child = ClientChildOf(IoGetCurrentIrpStackLocation(Irp)->FileObject);

    /* The program closed its handle or died: its device goes. The file object still refers to the
     * child. */
    if (Common->IsBus && Child != NULL)
        ClientPlugOut(Child);
    return ClientCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI DispatchClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCLIENT_COMMON Common = DeviceObject->DeviceExtension;
    PFILE_OBJECT FileObject = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PCLIENT_CHILD Child = ClientChildOf(FileObject);

    if (Common->IsBus && Child != NULL) {
        ClientPlugOut(Child); /* a plug-in that was on its way while the handle was closed came
                                 behind CLEANUP */
        FileObject->FsContext = NULL;
        ClientDereferenceChild(Child);
    }
    return ClientCompleteIrp(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI DispatchDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCLIENT_COMMON Common = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status;

    Status = IoAcquireRemoveLock(&Common->RemoveLock, Irp);
    if (!NT_SUCCESS(Status))
        return ClientCompleteIrp(Irp, STATUS_DEVICE_DOES_NOT_EXIST, 0);
    /* Both release the remove lock. */
    return Common->IsBus ? ClientBusControl((PCLIENT_BUS)Common, Irp, Stack)
                         : ClientChildControl((PCLIENT_PDO)Common, Irp, Stack);
}

static NTSTATUS NTAPI DispatchInternalControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCLIENT_COMMON Common = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS Status;

    if (Common->IsBus)
        return ClientCompleteIrp(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    Status = IoAcquireRemoveLock(&Common->RemoveLock, Irp);
    if (!NT_SUCCESS(Status)) {
        Stack->Parameters.Scsi.Srb->SrbStatus = SRB_STATUS_NO_DEVICE;
        return ClientCompleteIrp(Irp, STATUS_DEVICE_DOES_NOT_EXIST, 0);
    }
    if (!ClientCanForward(Irp, Stack, &Status)) {
        ClientCompleteIrp(Irp, Status, 0);
        IoReleaseRemoveLock(&Common->RemoveLock, Irp);
        return Status;
    }
    return ClientQueueRequest(((PCLIENT_PDO)Common)->Child, Irp);
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);

    DriverObject->MajorFunction[IRP_MJ_CREATE] = DispatchCreate;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = DispatchCleanup;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = DispatchClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DispatchDeviceControl;
    DriverObject->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = DispatchInternalControl;
    DriverObject->MajorFunction[IRP_MJ_PNP] = DispatchPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = DispatchPower;
    DriverObject->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = DispatchSystemControl;
    DriverObject->DriverExtension->AddDevice = ClientAddDevice;
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}

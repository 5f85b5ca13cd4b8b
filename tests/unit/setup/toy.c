/* SPDX-License-Identifier: MIT */
/* toy.c - a WDM driver that stands in a stack and passes everything on: function driver or filter,
 * under whatever name a package gives it. */
#include <wdm.h>

typedef struct _TOY {
    PDEVICE_OBJECT Lower;
    IO_REMOVE_LOCK RemoveLock;
} TOY;

DRIVER_INITIALIZE DriverEntry;

static NTSTATUS NTAPI ToyPass(PDEVICE_OBJECT Device, PIRP Irp)
{
    TOY *Toy = Device->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Toy->RemoveLock, Irp);

    if (!NT_SUCCESS(Status)) {
        Irp->IoStatus.Status = Status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return Status;
    }
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Toy->Lower, Irp);
    IoReleaseRemoveLock(&Toy->RemoveLock, Irp);
    return Status;
}

static NTSTATUS NTAPI ToyOpen(PDEVICE_OBJECT Device, PIRP Irp)
{
    (void)Device;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI ToyPnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    TOY *Toy = Device->DeviceExtension;
    PDEVICE_OBJECT Lower = Toy->Lower;
    NTSTATUS Status;

    if (IoGetCurrentIrpStackLocation(Irp)->MinorFunction != IRP_MN_REMOVE_DEVICE)
        return ToyPass(Device, Irp);
    Status = IoAcquireRemoveLock(&Toy->RemoveLock, Irp);
    if (NT_SUCCESS(Status))
        IoReleaseRemoveLockAndWait(&Toy->RemoveLock, Irp);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Lower, Irp);
    IoDetachDevice(Lower);
    IoDeleteDevice(Device);
    return Status;
}

static NTSTATUS NTAPI ToyPower(PDEVICE_OBJECT Device, PIRP Irp)
{
    TOY *Toy = Device->DeviceExtension;

    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(Toy->Lower, Irp);
}

static NTSTATUS NTAPI ToyAddDevice(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Pdo)
{
    PDEVICE_OBJECT Device;
    NTSTATUS Status =
        IoCreateDevice(Driver, sizeof(TOY), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
    TOY *Toy;

    if (!NT_SUCCESS(Status))
        return Status;
    Toy = Device->DeviceExtension;
    IoInitializeRemoveLock(&Toy->RemoveLock, 'yoT', 0, 0);
    Toy->Lower = IoAttachDeviceToDeviceStack(Device, Pdo);
    if (Toy->Lower == NULL) {
        IoDeleteDevice(Device);
        return STATUS_NO_SUCH_DEVICE;
    }
    Device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID NTAPI ToyUnload(PDRIVER_OBJECT Driver)
{
    (void)Driver;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    ULONG i;

    (void)RegistryPath;
    for (i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        Driver->MajorFunction[i] = ToyPass;
    Driver->MajorFunction[IRP_MJ_CREATE] = ToyOpen;
    Driver->MajorFunction[IRP_MJ_CLEANUP] = ToyOpen;
    Driver->MajorFunction[IRP_MJ_CLOSE] = ToyOpen;
    Driver->MajorFunction[IRP_MJ_PNP] = ToyPnp;
    Driver->MajorFunction[IRP_MJ_POWER] = ToyPower;
    Driver->DriverExtension->AddDevice = ToyAddDevice;
    Driver->DriverUnload = ToyUnload;
    return STATUS_SUCCESS;
}

/* SPDX-License-Identifier: MIT */
/* Device control: of the bus, from the program; of a child, from its class driver. */
#include "scsiclient.h"

NTSTATUS ClientBusControl(PCLIENT_BUS Bus, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PFILE_OBJECT FileObject = Stack->FileObject;
    PCLIENT_CHILD Child = ClientChildOf(FileObject);
    NTSTATUS Status = STATUS_DEVICE_DOES_NOT_EXIST;

    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_PLUGIN_DEVICE:
        Status = FileObject == NULL
                     ? STATUS_INVALID_HANDLE
                     : ClientPlugIn(Bus, FileObject, Irp->AssociatedIrp.SystemBuffer,
                                    Stack->Parameters.DeviceIoControl.InputBufferLength);
        break;
    case IOCTL_PLUGOUT_DEVICE:
        if (Child != NULL) {
            ClientPlugOut(Child);
            Status = STATUS_SUCCESS;
        }
        break;
    case IOCTL_FETCH_REQUEST:
        if (Child != NULL)
            return ClientFetch(Child, Irp, Stack); /* releases the remove lock */
        break;
    case IOCTL_COMPLETE_REQUEST:
        if (Child != NULL)
            Status = ClientComplete(Child, Irp, Stack);
        break;
    default:
        Status = STATUS_INVALID_DEVICE_REQUEST;
        break;
    }
    ClientCompleteIrp(Irp, Status, 0);
    IoReleaseRemoveLock(&Bus->Common.RemoveLock, Irp);
    return Status;
}

NTSTATUS ClientChildControl(PCLIENT_PDO Pdo, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    NTSTATUS Status;

    if (ClientCanForward(Irp, Stack, &Status))
        return ClientQueueRequest(Pdo->Child,
                                  Irp); /* releases the remove lock when the request ends */
    ClientCompleteIrp(Irp, Status, 0);
    IoReleaseRemoveLock(&Pdo->Common.RemoveLock, Irp);
    return Status;
}

/* SPDX-License-Identifier: MIT */
/*
 * Flush and shutdown: SYNCHRONIZE CACHE brings what the device has in its cache to the medium. A
 * device that does not know the command has none, or one that is the adapter's: then the adapter is
 * asked, by SRB_FUNCTION_FLUSH. At shutdown the adapter is told in any case.
 */
#include "disk.h"

static NTSTATUS AnswerFlush(PCLASS_QUESTION Question, NTSTATUS Status, ULONG_PTR *Information)
{
    BOOLEAN Shutdown =
        IoGetCurrentIrpStackLocation(Question->Upper)->MajorFunction == IRP_MJ_SHUTDOWN;

    UNREFERENCED_PARAMETER(Information);
    /* An empty drive has nothing to write. */
    if (Status == STATUS_NO_MEDIA_IN_DEVICE)
        Status = STATUS_SUCCESS;
    if (Question->Function != SRB_FUNCTION_EXECUTE_SCSI)
        /* A port that knows no such function has no cache either. */
        return Status == STATUS_INVALID_DEVICE_REQUEST || Status == STATUS_NOT_SUPPORTED
                   ? STATUS_SUCCESS
                   : Status;
    if (Status != STATUS_INVALID_DEVICE_REQUEST && (!Shutdown || !NT_SUCCESS(Status)))
        return Status;
    Question->Function = Shutdown ? SRB_FUNCTION_SHUTDOWN : SRB_FUNCTION_FLUSH;
    Question->CdbLength = 0;
    RtlZeroMemory(Question->Cdb, sizeof(Question->Cdb));
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS NTAPI DiskDispatchFlush(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    CLASS_QUESTION Question = {.Answer = AnswerFlush,
                               .Function = SRB_FUNCTION_EXECUTE_SCSI,
                               .Cdb = {SCSIOP_SYNCHRONIZE_CACHE}, /* of all blocks */
                               .CdbLength = 10,
                               .TimeOut = CLASS_LOAD_TIMEOUT};
    PCLASS_DEVICE Device = DeviceObject->DeviceExtension;
    NTSTATUS Status = IoAcquireRemoveLock(&Device->RemoveLock, Irp);

    if (!NT_SUCCESS(Status))
        return ClassCompleteIrp(Irp, STATUS_DEVICE_DOES_NOT_EXIST, 0);
    return ClassAsk(Device, Irp, &Question);
}

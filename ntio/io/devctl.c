/* SPDX-License-Identifier: MIT */
/* devctl.c - NtDeviceIoControlFile and NtFsControlFile: the three ways of handing over buffers. */
#include "ntio/io/iop.h"

/* What the code itself asks of the handle; a driver may ask for more
 * (IoValidateDeviceIoControlAccess). */
static NTSTATUS IopCheckCodeAccess(PIOP_REQUEST Request, ULONG Code)
{
    ULONG Needed = (Code >> 14) & (FILE_READ_ACCESS | FILE_WRITE_ACCESS);

    if ((Request->GrantedAccess & FILE_READ_DATA) != 0)
        Request->Stack->Flags |= SL_READ_ACCESS_GRANTED;
    if ((Request->GrantedAccess & FILE_WRITE_DATA) != 0)
        Request->Stack->Flags |= SL_WRITE_ACCESS_GRANTED;
    if (Request->Mode == KernelMode)
        return STATUS_SUCCESS;
    if ((Needed & FILE_READ_ACCESS) != 0 && (Request->GrantedAccess & FILE_READ_DATA) == 0)
        return STATUS_ACCESS_DENIED;
    if ((Needed & FILE_WRITE_ACCESS) != 0 && (Request->GrantedAccess & FILE_WRITE_DATA) == 0)
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

typedef struct _IOP_CONTROL {
    ULONG Code;
    PVOID Input, Output;
    ULONG InputLength, OutputLength;
} IOP_CONTROL;

static NTSTATUS IopPrepareControl(PIOP_REQUEST Request, const IOP_CONTROL *Control)
{
    NTSTATUS Status = IopCheckCodeAccess(Request, Control->Code);

    if (!NT_SUCCESS(Status))
        return Status;
    switch (METHOD_FROM_CTL_CODE(Control->Code)) {
    case METHOD_BUFFERED:
        Status = IopBufferRequest(Request, Control->Input, Control->InputLength, Control->Output,
                                  Control->OutputLength);
        break;
    case METHOD_IN_DIRECT:
    case METHOD_OUT_DIRECT:
        Status = IopBufferRequest(Request, Control->Input, Control->InputLength, NULL, 0);
        if (NT_SUCCESS(Status) && Control->OutputLength != 0)
            Status = IopMapRequest(Request, Control->Output, Control->OutputLength,
                                   METHOD_FROM_CTL_CODE(Control->Code) == METHOD_IN_DIRECT
                                       ? IoReadAccess
                                       : IoWriteAccess);
        break;
    case METHOD_NEITHER: /* as they are: the driver probes them in the caller's context */
        Request->Irp->UserBuffer = Control->Output;
        Request->Stack->Parameters.DeviceIoControl.Type3InputBuffer = Control->Input;
        break;
    }
    Request->Stack->Parameters.DeviceIoControl.OutputBufferLength = Control->OutputLength;
    Request->Stack->Parameters.DeviceIoControl.InputBufferLength = Control->InputLength;
    Request->Stack->Parameters.DeviceIoControl.IoControlCode = Control->Code;
    return Status;
}

/*
 * A driver may answer without an IRP. Then the request was synchronous, whatever the file is; event
 * and packet come as for any other that succeeds at once.
 */
static BOOLEAN IopFastControl(PIOP_REQUEST Request, const IOP_CONTROL *Control, NTSTATUS *Status)
{
    PFAST_IO_DISPATCH Table = Request->Device->DriverObject->FastIoDispatch;
    IO_STATUS_BLOCK IoStatus = {.Information = 0};
    PIRP Irp = Request->Irp;

    if (Table == NULL || Irp->Overlay.AsynchronousParameters.UserApcRoutine != NULL ||
        Table->SizeOfFastIoDispatch <
            RTL_SIZEOF_THROUGH_FIELD(FAST_IO_DISPATCH, FastIoDeviceControl) ||
        Table->FastIoDeviceControl == NULL ||
        !NT_SUCCESS(IopCheckCodeAccess(Request, Control->Code)))
        return FALSE;
    if (!Table->FastIoDeviceControl(Request->File, TRUE, Control->Input, Control->InputLength,
                                    Control->Output, Control->OutputLength, Control->Code,
                                    &IoStatus, Request->Device))
        return FALSE;
    *Status = IoStatus.Status;
    if (NT_ERROR(IoStatus.Status)) {
        IopAbandonRequest(Request);
        return TRUE;
    }
    /* As an IRP that its driver has completed in its dispatch routine. */
    PFILE_OBJECT File = Request->File;
    BOOLEAN Synchronous = Request->Synchronous;
    Irp->IoStatus = IoStatus;
    IopPrefixOf(Irp)->FileReferenced = !Synchronous;
    IopPrefixOf(Irp)->EventReferenced = Request->Event != NULL;
    Irp->Tail.Overlay.Thread = IopCurrentThread();
    IopFinishIrp(Irp);
    if (Synchronous) {
        IopReleaseFileLock(File);
        ObDereferenceObject(File);
    }
    return TRUE;
}

static NTSTATUS IopControlFile(KPROCESSOR_MODE Mode, HANDLE FileHandle, HANDLE Event,
                               PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                               PIO_STATUS_BLOCK IoStatusBlock, IOP_CONTROL *Control,
                               UCHAR MajorFunction, PVOID Caller)
{
    ULONG Method = METHOD_FROM_CTL_CODE(Control->Code);
    IOP_REQUEST Request;
    NTSTATUS Status;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    /* As on Windows: a program's buffer that is not there has no length, whatever the program says.
     */
    if (Mode != KernelMode && Method != METHOD_NEITHER) {
        if (Control->Input == NULL)
            Control->InputLength = 0;
        if (Control->Output == NULL && Method == METHOD_BUFFERED)
            Control->OutputLength = 0;
    }
    Status = IopBeginRequest(&Request, Mode, FileHandle, 0, Event, ApcRoutine, ApcContext,
                             IoStatusBlock, Caller);
    if (!NT_SUCCESS(Status))
        return Status;
    if (MajorFunction == IRP_MJ_DEVICE_CONTROL && IopFastControl(&Request, Control, &Status))
        return Status;
    Status = IopPrepareControl(&Request, Control);
    if (!NT_SUCCESS(Status)) {
        IopAbandonRequest(&Request);
        return Status;
    }
    return IopSendRequest(&Request, MajorFunction);
}

NTSTATUS NTAPI NtDeviceIoControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                     PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                                     ULONG IoControlCode, PVOID InputBuffer,
                                     ULONG InputBufferLength, PVOID OutputBuffer,
                                     ULONG OutputBufferLength)
{
    IOP_CONTROL Control = {IoControlCode, InputBuffer, OutputBuffer, InputBufferLength,
                           OutputBufferLength};
    return IopControlFile(IopPreviousMode(), FileHandle, Event, ApcRoutine, ApcContext,
                          IoStatusBlock, &Control, IRP_MJ_DEVICE_CONTROL,
                          __builtin_return_address(0));
}

NTSTATUS NTAPI ZwDeviceIoControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                     PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                                     ULONG IoControlCode, PVOID InputBuffer,
                                     ULONG InputBufferLength, PVOID OutputBuffer,
                                     ULONG OutputBufferLength)
{
    IOP_CONTROL Control = {IoControlCode, InputBuffer, OutputBuffer, InputBufferLength,
                           OutputBufferLength};
    return IopControlFile(KernelMode, FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock,
                          &Control, IRP_MJ_DEVICE_CONTROL, __builtin_return_address(0));
}

NTSTATUS NTAPI NtFsControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                               PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                               ULONG FsControlCode, PVOID InputBuffer, ULONG InputBufferLength,
                               PVOID OutputBuffer, ULONG OutputBufferLength)
{
    IOP_CONTROL Control = {FsControlCode, InputBuffer, OutputBuffer, InputBufferLength,
                           OutputBufferLength};
    return IopControlFile(IopPreviousMode(), FileHandle, Event, ApcRoutine, ApcContext,
                          IoStatusBlock, &Control, IRP_MJ_FILE_SYSTEM_CONTROL,
                          __builtin_return_address(0));
}

NTSTATUS NTAPI ZwFsControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                               PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                               ULONG FsControlCode, PVOID InputBuffer, ULONG InputBufferLength,
                               PVOID OutputBuffer, ULONG OutputBufferLength)
{
    IOP_CONTROL Control = {FsControlCode, InputBuffer, OutputBuffer, InputBufferLength,
                           OutputBufferLength};
    return IopControlFile(KernelMode, FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock,
                          &Control, IRP_MJ_FILE_SYSTEM_CONTROL, __builtin_return_address(0));
}

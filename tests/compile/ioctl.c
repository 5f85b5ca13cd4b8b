/* SPDX-License-Identifier: MIT */
/*
 * ioctl.c - the methods of an I/O control, METHOD_NEITHER in a __try: the published samples' way of
 * writing it.
 */
#include <ntddk.h>
#include <ntstrsafe.h>
#include "shared.h"

DRIVER_INITIALIZE DriverEntry;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH SioctlCreateClose;
_Dispatch_type_(IRP_MJ_DEVICE_CONTROL) DRIVER_DISPATCH SioctlDeviceControl;
DRIVER_UNLOAD SioctlUnload;

VOID PrintChars(_In_reads_(CountChars) PCHAR BufferAddress, _In_ size_t CountChars);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, SioctlCreateClose)
#pragma alloc_text(PAGE, SioctlDeviceControl)
#pragma alloc_text(PAGE, SioctlUnload)
#pragma alloc_text(PAGE, PrintChars)
#endif

static volatile LONG Faults;

NTSTATUS
DriverEntry(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING RegistryPath)
{
    NTSTATUS ntStatus;
    UNICODE_STRING ntUnicodeString;
    UNICODE_STRING ntWin32NameString;
    PDEVICE_OBJECT deviceObject = NULL;

    UNREFERENCED_PARAMETER(RegistryPath);
    RtlInitUnicodeString(&ntUnicodeString, L"\\Device\\CompileIoctl");
    ntStatus = IoCreateDevice(DriverObject, 0, &ntUnicodeString, FILE_DEVICE_UNKNOWN,
                              FILE_DEVICE_SECURE_OPEN, FALSE, &deviceObject);
    if (!NT_SUCCESS(ntStatus))
        return ntStatus;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = SioctlCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = SioctlCreateClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = SioctlDeviceControl;
    DriverObject->DriverUnload = SioctlUnload;
    RtlInitUnicodeString(&ntWin32NameString, L"\\DosDevices\\CompileIoctl");
    ntStatus = IoCreateSymbolicLink(&ntWin32NameString, &ntUnicodeString);
    if (!NT_SUCCESS(ntStatus))
        IoDeleteDevice(deviceObject);
    return ntStatus;
}

NTSTATUS
SioctlCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    PAGED_CODE();
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

VOID SioctlUnload(_In_ PDRIVER_OBJECT DriverObject)
{
    PDEVICE_OBJECT deviceObject = DriverObject->DeviceObject;
    UNICODE_STRING uniWin32NameString;

    PAGED_CODE();
    RtlInitUnicodeString(&uniWin32NameString, L"\\DosDevices\\CompileIoctl");
    IoDeleteSymbolicLink(&uniWin32NameString);
    if (deviceObject != NULL)
        IoDeleteDevice(deviceObject);
}

static VOID Turn(_Inout_updates_bytes_(Length) PCHAR Buffer, _In_ ULONG Length)
{
    ULONG i;

    for (i = 0; i < Length; i++) {
        CHAR c = Buffer[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
            Buffer[i] = (CHAR)(c ^ 0x20);
    }
}

#ifndef NO_SEH
/*
 * The buffers are the program's, as it gave them: each touch may fault. Leaves the block in each of
 * the ways that there are.
 */
_Success_(return == 0) static NTSTATUS
    TurnNeither(_In_ PIO_STACK_LOCATION IrpSp, _In_ PIRP Irp, _Out_ PULONG Length)
{
    ULONG inBufLength = IrpSp->Parameters.DeviceIoControl.InputBufferLength;
    ULONG outBufLength = IrpSp->Parameters.DeviceIoControl.OutputBufferLength;
    PCHAR inBuf = IrpSp->Parameters.DeviceIoControl.Type3InputBuffer;
    PCHAR outBuf = Irp->UserBuffer;
    PCHAR copy;
    NTSTATUS status = STATUS_SUCCESS;

    *Length = 0;
    copy = ExAllocatePoolWithTag(NonPagedPoolNx, inBufLength, 'TCOI');
    if (copy == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        ProbeForRead(inBuf, inBufLength, sizeof(UCHAR));
#if !defined(__clang__) || defined(_MSC_VER) /* whose native code has no __leave */
        if (inBufLength > outBufLength) {
            status = STATUS_BUFFER_TOO_SMALL;
            __leave;
        }
#endif
        RtlCopyMemory(copy, inBuf, inBufLength);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
        InterlockedIncrement(&Faults);
    }
    if (NT_SUCCESS(status) && inBufLength > outBufLength)
        status = STATUS_BUFFER_TOO_SMALL;
    if (NT_SUCCESS(status)) {
        Turn(copy, inBufLength);
        __try {
            ProbeForWrite(outBuf, inBufLength, sizeof(UCHAR));
            __try {
                RtlCopyMemory(outBuf, copy, inBufLength);
            } __except (GetExceptionCode() == STATUS_ACCESS_VIOLATION ? EXCEPTION_CONTINUE_SEARCH
                                                                      : EXCEPTION_EXECUTE_HANDLER) {
                status = STATUS_INTERNAL_ERROR; /* the outer one is to see it */
            }
            *Length = inBufLength;
            ExFreePoolWithTag(copy, 'TCOI');
            return STATUS_SUCCESS; /* out of the middle of it */
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            status = GetExceptionCode();
            InterlockedIncrement(&Faults);
        }
    }
    ExFreePoolWithTag(copy, 'TCOI');
    return status;
}
#endif

NTSTATUS
SioctlDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION irpSp;
    NTSTATUS ntStatus = STATUS_SUCCESS;
    ULONG inBufLength;
    ULONG outBufLength;
    ULONG length = 0;
    CHAR text[32];
    PCHAR buffer;
#ifndef NO_SEH
    const BOOLEAN hasNeither = TRUE;
#else
    const BOOLEAN hasNeither = FALSE;
#endif

    UNREFERENCED_PARAMETER(DeviceObject);
    PAGED_CODE();
    irpSp = IoGetCurrentIrpStackLocation(Irp);
    inBufLength = irpSp->Parameters.DeviceIoControl.InputBufferLength;
    outBufLength = irpSp->Parameters.DeviceIoControl.OutputBufferLength;
    switch (irpSp->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_TURN_BUFFERED:
        if (outBufLength < inBufLength) {
            ntStatus = STATUS_BUFFER_TOO_SMALL;
            break;
        }
        Turn(Irp->AssociatedIrp.SystemBuffer, inBufLength);
        PrintChars(Irp->AssociatedIrp.SystemBuffer, inBufLength);
        length = inBufLength;
        break;
    case IOCTL_TURN_DIRECT:
        buffer =
            MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority | MdlMappingNoExecute);
        if (buffer == NULL) {
            ntStatus = STATUS_INSUFFICIENT_RESOURCES;
            break;
        }
        length = MmGetMdlByteCount(Irp->MdlAddress);
        if (length > inBufLength)
            length = inBufLength;
        RtlCopyBytes(buffer, Irp->AssociatedIrp.SystemBuffer, length);
        Turn(buffer, length);
        break;
    case IOCTL_TURN_NEITHER:
        ntStatus = STATUS_NOT_IMPLEMENTED;
#ifndef NO_SEH
        ntStatus = TurnNeither(irpSp, Irp, &length);
#endif
        break;
    case IOCTL_TURN_FAULTS:
        ntStatus = RtlStringCbPrintfA(text, sizeof(text), "%d%s", (int)Faults,
                                      hasNeither ? "" : " (no __try)");
        if (NT_SUCCESS(ntStatus))
            ntStatus = outBufLength < sizeof(text) ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
        if (NT_SUCCESS(ntStatus)) {
            RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, text, sizeof(text));
            length = sizeof(text);
        }
        break;
    default:
        ntStatus = STATUS_INVALID_DEVICE_REQUEST;
        KdPrintEx((DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "unrecognized IOCTL %x\n",
                   irpSp->Parameters.DeviceIoControl.IoControlCode));
        break;
    }
    Irp->IoStatus.Status = ntStatus;
    Irp->IoStatus.Information = length;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return ntStatus;
}

VOID PrintChars(_In_reads_(CountChars) PCHAR BufferAddress, _In_ size_t CountChars)
{
    PAGED_CODE();
    if (CountChars) {
        while (CountChars--) {
            if (*BufferAddress > 31 && *BufferAddress != 127)
                KdPrint(("%c", *BufferAddress));
            else
                KdPrint(("."));
            BufferAddress++;
        }
        KdPrint(("\n"));
    }
}

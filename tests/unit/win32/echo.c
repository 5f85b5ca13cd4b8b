/* SPDX-License-Identifier: MIT */
/* echo.c - the driver, and the tests' way to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "echo.h"
#include "tests/support/host.h"

typedef struct _ECHO_DEVICE {
    IO_CSQ Queue;
    KSPIN_LOCK Lock;
    LIST_ENTRY Irps;
    ULONG Waiting;
    ULONG Length;
    UCHAR Data[1024];
} ECHO_DEVICE, *PECHO_DEVICE;

static PDRIVER_OBJECT Driver;

static VOID NTAPI CsqInsert(PIO_CSQ Csq, PIRP Irp)
{
    PECHO_DEVICE Echo = CONTAINING_RECORD(Csq, ECHO_DEVICE, Queue);

    InsertTailList(&Echo->Irps, &Irp->Tail.Overlay.ListEntry);
    Echo->Waiting++;
}

static VOID NTAPI CsqRemove(PIO_CSQ Csq, PIRP Irp)
{
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    CONTAINING_RECORD(Csq, ECHO_DEVICE, Queue)->Waiting--;
}

static PIRP NTAPI CsqPeek(PIO_CSQ Csq, PIRP Irp, PVOID Context)
{
    PECHO_DEVICE Echo = CONTAINING_RECORD(Csq, ECHO_DEVICE, Queue);
    PLIST_ENTRY Entry = Irp == NULL ? Echo->Irps.Flink : Irp->Tail.Overlay.ListEntry.Flink;

    for (; Entry != &Echo->Irps; Entry = Entry->Flink) {
        PIRP Found = CONTAINING_RECORD(Entry, IRP, Tail.Overlay.ListEntry);
        if (Context == NULL || IoGetCurrentIrpStackLocation(Found)->FileObject == Context)
            return Found;
    }
    return NULL;
}

static VOID NTAPI CsqAcquire(PIO_CSQ Csq, PKIRQL Irql)
{
    KeAcquireSpinLock(&CONTAINING_RECORD(Csq, ECHO_DEVICE, Queue)->Lock, Irql);
}

static VOID NTAPI CsqRelease(PIO_CSQ Csq, KIRQL Irql)
{
    KeReleaseSpinLock(&CONTAINING_RECORD(Csq, ECHO_DEVICE, Queue)->Lock, Irql);
}

static NTSTATUS End(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static VOID NTAPI CsqCancelled(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    End(Irp, STATUS_CANCELLED, 0);
}

static NTSTATUS Pend(PECHO_DEVICE Echo, PIRP Irp)
{
    IoCsqInsertIrp(&Echo->Queue, Irp, NULL); /* marks it pending */
    return STATUS_PENDING;
}

static NTSTATUS NTAPI CreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PECHO_DEVICE Echo = Device->DeviceExtension;
    PIRP Left;

    if (Stack->MajorFunction == IRP_MJ_CLEANUP)
        while ((Left = IoCsqRemoveNextIrp(&Echo->Queue, Stack->FileObject)) != NULL)
            End(Left, STATUS_CANCELLED, 0);
    return End(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI Read(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PECHO_DEVICE Echo = Device->DeviceExtension;
    ULONG Length = Stack->Parameters.Read.Length;

    if (Stack->Parameters.Read.ByteOffset.QuadPart == ECHO_PEND)
        return Pend(Echo, Irp);
    if (Stack->Parameters.Read.ByteOffset.QuadPart == ECHO_END)
        return End(Irp, STATUS_END_OF_FILE, 0);
    if (Length > Echo->Length)
        Length = Echo->Length;
    RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, Echo->Data, Length);
    return End(Irp, STATUS_SUCCESS, Length);
}

static NTSTATUS NTAPI Write(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PECHO_DEVICE Echo = Device->DeviceExtension;

    if (Stack->Parameters.Write.ByteOffset.QuadPart == ECHO_PEND)
        return Pend(Echo, Irp);
    if (Stack->Parameters.Write.Length > sizeof(Echo->Data))
        return End(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    Echo->Length = Stack->Parameters.Write.Length;
    RtlCopyMemory(Echo->Data, Irp->AssociatedIrp.SystemBuffer, Echo->Length);
    return End(Irp, STATUS_SUCCESS, Echo->Length);
}

static NTSTATUS Finish(PECHO_DEVICE Echo, const ECHO_OUTCOME *Outcome)
{
    PIRP Irp = IoCsqRemoveNextIrp(&Echo->Queue, NULL);

    if (Irp == NULL)
        return STATUS_NOT_FOUND;
    if (Outcome->Bytes != 0)
        RtlFillMemory(Irp->AssociatedIrp.SystemBuffer, Outcome->Bytes, 0x5A);
    End(Irp, Outcome->Status, Outcome->Bytes);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PECHO_DEVICE Echo = Device->DeviceExtension;
    ULONG In = Stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG Out = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    PVOID Buffer = Irp->AssociatedIrp.SystemBuffer;
    KIRQL Irql;

    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_ECHO_COPY:
        return End(Irp, STATUS_SUCCESS, In < Out ? In : Out);
    case IOCTL_ECHO_OVERFLOW:
        if (Out < 4)
            return End(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        RtlFillMemory(Buffer, 4, 0x77);
        return End(Irp, STATUS_BUFFER_OVERFLOW, 4);
    case IOCTL_ECHO_PEND:
        return Pend(Echo, Irp);
    case IOCTL_ECHO_FINISH:
        return End(Irp, In < sizeof(ECHO_OUTCOME) ? STATUS_INVALID_PARAMETER : Finish(Echo, Buffer),
                   0);
    case IOCTL_ECHO_WAITING:
        if (Out < sizeof(ULONG))
            return End(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        KeAcquireSpinLock(&Echo->Lock, &Irql);
        *(PULONG)Buffer = Echo->Waiting;
        KeReleaseSpinLock(&Echo->Lock, Irql);
        return End(Irp, STATUS_SUCCESS, sizeof(ULONG));
    case IOCTL_ECHO_FSCTL: /* as IRP_MJ_FILE_SYSTEM_CONTROL only */
        return End(Irp,
                   Stack->MajorFunction == IRP_MJ_FILE_SYSTEM_CONTROL ? STATUS_SUCCESS
                                                                      : STATUS_UNSUCCESSFUL,
                   0);
    default:
        return End(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING Link = RTL_CONSTANT_STRING(L"\\??\\Echo");

    IoDeleteSymbolicLink(&Link);
    IoDeleteDevice(DriverObject->DeviceObject);
}

static NTSTATUS NTAPI Entry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\Echo"),
                   Link = RTL_CONSTANT_STRING(L"\\??\\Echo");
    PDEVICE_OBJECT Device;
    PECHO_DEVICE Echo;
    NTSTATUS Status =
        IoCreateDevice(DriverObject, sizeof(*Echo), &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);

    UNREFERENCED_PARAMETER(RegistryPath);
    if (!NT_SUCCESS(Status))
        return Status;
    Echo = Device->DeviceExtension;
    RtlZeroMemory(Echo, sizeof(*Echo));
    KeInitializeSpinLock(&Echo->Lock);
    InitializeListHead(&Echo->Irps);
    IoCsqInitialize(&Echo->Queue, CsqInsert, CsqRemove, CsqPeek, CsqAcquire, CsqRelease,
                    CsqCancelled);
    Device->Flags |= DO_BUFFERED_IO;
    DriverObject->DriverUnload = Unload;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = CreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = Read;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = Write;
    DriverObject->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = CreateClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    DriverObject->MajorFunction[IRP_MJ_FILE_SYSTEM_CONTROL] = Control;
    Device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return IoCreateSymbolicLink(&Link, &Name);
}

int echo_setup(void **state)
{
    IOP_DRIVER_IMAGE Image = {.Entry = Entry};

    host_setup(state);
    assert_int_equal(IopCreateDriver(L"Echo", &Image, &Driver), STATUS_SUCCESS);
    return 0;
}

int echo_teardown(void **state)
{
    assert_int_equal(IopUnloadDriver(Driver), STATUS_SUCCESS);
    return host_teardown(state);
}

HANDLE echo_open(DWORD flags)
{
    HANDLE h = CreateFileW(L"\\\\.\\Echo", GENERIC_READ | GENERIC_WRITE,
                           FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, flags, NULL);

    assert_ptr_not_equal(h, INVALID_HANDLE_VALUE);
    return h;
}

void echo_finish(NTSTATUS status, ULONG bytes)
{
    ECHO_OUTCOME outcome = {status, bytes};
    HANDLE h = echo_open(0);
    DWORD n;

    assert_true(
        DeviceIoControl(h, IOCTL_ECHO_FINISH, &outcome, sizeof(outcome), NULL, 0, &n, NULL));
    assert_true(CloseHandle(h));
}

ULONG echo_waiting(void)
{
    HANDLE h = echo_open(0);
    ULONG waiting;
    DWORD n;

    assert_true(
        DeviceIoControl(h, IOCTL_ECHO_WAITING, NULL, 0, &waiting, sizeof(waiting), &n, NULL));
    assert_int_equal(n, sizeof(waiting));
    assert_true(CloseHandle(h));
    return waiting;
}

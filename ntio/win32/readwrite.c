/* SPDX-License-Identifier: MIT */
/*
 * readwrite.c - ReadFile, WriteFile, DeviceIoControl and their relatives.
 *
 * A request with an OVERLAPPED uses it as its IO_STATUS_BLOCK: the caller keeps it until the
 * request has ended. Without one the block is on the stack, and the routine stays until the request
 * has ended.
 */
#include "ntio/win32/win32.h"

C_ASSERT(FIELD_OFFSET(OVERLAPPED, InternalHigh) == FIELD_OFFSET(IO_STATUS_BLOCK, Information));

static PIO_STATUS_BLOCK Begin(LPOVERLAPPED Overlapped)
{
    /* All 64 bits: the system will write the lower 32 alone. */
    __atomic_store_n(&Overlapped->Internal, (ULONG_PTR)STATUS_PENDING, __ATOMIC_RELAXED);
    return (PIO_STATUS_BLOCK)Overlapped;
}

/* What a completion port gets as the OVERLAPPED; none where the event's lowest bit says so. */
static PVOID PortContext(LPOVERLAPPED Overlapped)
{
    return ((ULONG_PTR)Overlapped->hEvent & 1) ? NULL : Overlapped;
}

static HANDLE EventOf(LPOVERLAPPED Overlapped)
{
    return (HANDLE)((ULONG_PTR)Overlapped->hEvent & ~(ULONG_PTR)1);
}

/* How an overlapped request that was just sent looks to the program. */
static BOOL EndOverlapped(NTSTATUS Status, LPOVERLAPPED Overlapped, LPDWORD Bytes)
{
    if (Status == STATUS_PENDING)
        return Win32pFail(Status);
    if (!NT_ERROR(Status) && Bytes != NULL)
        *Bytes = (DWORD)Overlapped->InternalHigh;
    if (!NT_SUCCESS(Status))
        return Win32pFail(Status);
    return TRUE;
}

/* The same for a request without: waits where it is still under way. */
static NTSTATUS EndSynchronous(HANDLE File, NTSTATUS Status, PIO_STATUS_BLOCK IoStatus)
{
    if (Status == STATUS_PENDING) {
        Status = NtWaitForSingleObject(File, FALSE, NULL);
        if (NT_SUCCESS(Status))
            Status = IoStatus->Status;
    }
    return Status;
}

BOOL WINAPI ReadFile(HANDLE File, LPVOID Buffer, DWORD Length, LPDWORD BytesRead,
                     LPOVERLAPPED Overlapped)
{
    WIN32_ENTER();
    IO_STATUS_BLOCK IoStatus = {.Information = 0};
    LARGE_INTEGER Offset;
    NTSTATUS Status;

    if (BytesRead != NULL)
        *BytesRead = 0;
    if (Overlapped != NULL) {
        Offset.LowPart = Overlapped->Offset;
        Offset.HighPart = (LONG)Overlapped->OffsetHigh;
        Status = NtReadFile(File, EventOf(Overlapped), NULL, PortContext(Overlapped),
                            Begin(Overlapped), Buffer, Length, &Offset, NULL);
        return EndOverlapped(Status, Overlapped, BytesRead);
    }
    if (BytesRead == NULL)
        return Win32pFail(STATUS_ACCESS_VIOLATION);
    IoStatus.Status = STATUS_PENDING;
    Status = EndSynchronous(
        File, NtReadFile(File, NULL, NULL, NULL, &IoStatus, Buffer, Length, NULL, NULL), &IoStatus);
    if (Status == STATUS_END_OF_FILE)
        return TRUE; /* with 0 bytes */
    if (!NT_ERROR(Status))
        *BytesRead = (DWORD)IoStatus.Information;
    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI WriteFile(HANDLE File, LPCVOID Buffer, DWORD Length, LPDWORD BytesWritten,
                      LPOVERLAPPED Overlapped)
{
    WIN32_ENTER();
    IO_STATUS_BLOCK IoStatus = {.Information = 0};
    LARGE_INTEGER Offset;
    NTSTATUS Status;

    if (BytesWritten != NULL)
        *BytesWritten = 0;
    if (Overlapped != NULL) {
        Offset.LowPart = Overlapped->Offset;
        Offset.HighPart = (LONG)Overlapped->OffsetHigh;
        Status = NtWriteFile(File, EventOf(Overlapped), NULL, PortContext(Overlapped),
                             Begin(Overlapped), (PVOID)Buffer, Length, &Offset, NULL);
        return EndOverlapped(Status, Overlapped, BytesWritten);
    }
    if (BytesWritten == NULL)
        return Win32pFail(STATUS_ACCESS_VIOLATION);
    IoStatus.Status = STATUS_PENDING;
    Status = EndSynchronous(
        File, NtWriteFile(File, NULL, NULL, NULL, &IoStatus, (PVOID)Buffer, Length, NULL, NULL),
        &IoStatus);
    if (!NT_ERROR(Status))
        *BytesWritten = (DWORD)IoStatus.Information;
    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

/* The APC of the Ex forms. Context is the program's routine. */
static VOID NTAPI CallRoutine(PVOID Context, PIO_STATUS_BLOCK IoStatus, ULONG Reserved)
{
    LPOVERLAPPED_COMPLETION_ROUTINE Routine = (LPOVERLAPPED_COMPLETION_ROUTINE)Context;

    UNREFERENCED_PARAMETER(Reserved);
    Routine(RtlNtStatusToDosErrorNoTeb(IoStatus->Status), (DWORD)IoStatus->Information,
            (LPOVERLAPPED)IoStatus);
}

static BOOL EndWithRoutine(NTSTATUS Status)
{
    if (NT_ERROR(Status))
        return Win32pFail(Status);
    SetLastError(RtlNtStatusToDosErrorNoTeb(Status == STATUS_PENDING ? STATUS_SUCCESS : Status));
    return TRUE;
}

BOOL WINAPI ReadFileEx(HANDLE File, LPVOID Buffer, DWORD Length, LPOVERLAPPED Overlapped,
                       LPOVERLAPPED_COMPLETION_ROUTINE Routine)
{
    WIN32_ENTER();
    LARGE_INTEGER Offset = {.LowPart = Overlapped->Offset,
                            .HighPart = (LONG)Overlapped->OffsetHigh};

    return EndWithRoutine(NtReadFile(File, NULL, CallRoutine, (PVOID)Routine, Begin(Overlapped),
                                     Buffer, Length, &Offset, NULL));
}

BOOL WINAPI WriteFileEx(HANDLE File, LPCVOID Buffer, DWORD Length, LPOVERLAPPED Overlapped,
                        LPOVERLAPPED_COMPLETION_ROUTINE Routine)
{
    WIN32_ENTER();
    LARGE_INTEGER Offset = {.LowPart = Overlapped->Offset,
                            .HighPart = (LONG)Overlapped->OffsetHigh};

    return EndWithRoutine(NtWriteFile(File, NULL, CallRoutine, (PVOID)Routine, Begin(Overlapped),
                                      (PVOID)Buffer, Length, &Offset, NULL));
}

static NTSTATUS Control(HANDLE Device, HANDLE Event, PVOID Context, PIO_STATUS_BLOCK IoStatus,
                        DWORD Code, LPVOID In, DWORD InSize, LPVOID Out, DWORD OutSize)
{
    if (DEVICE_TYPE_FROM_CTL_CODE(Code) == FILE_DEVICE_FILE_SYSTEM)
        return NtFsControlFile(Device, Event, NULL, Context, IoStatus, Code, In, InSize, Out,
                               OutSize);
    return NtDeviceIoControlFile(Device, Event, NULL, Context, IoStatus, Code, In, InSize, Out,
                                 OutSize);
}

BOOL WINAPI DeviceIoControl(HANDLE Device, DWORD ControlCode, LPVOID InBuffer, DWORD InSize,
                            LPVOID OutBuffer, DWORD OutSize, LPDWORD BytesReturned,
                            LPOVERLAPPED Overlapped)
{
    WIN32_ENTER();
    IO_STATUS_BLOCK IoStatus = {.Information = 0};
    NTSTATUS Status;

    if (BytesReturned != NULL)
        *BytesReturned = 0;
    if (Overlapped != NULL)
        return EndOverlapped(Control(Device, EventOf(Overlapped), PortContext(Overlapped),
                                     Begin(Overlapped), ControlCode, InBuffer, InSize, OutBuffer,
                                     OutSize),
                             Overlapped, BytesReturned);
    if (BytesReturned == NULL)
        return Win32pFail(STATUS_ACCESS_VIOLATION);
    IoStatus.Status = STATUS_PENDING;
    Status = EndSynchronous(
        Device,
        Control(Device, NULL, NULL, &IoStatus, ControlCode, InBuffer, InSize, OutBuffer, OutSize),
        &IoStatus);
    if (!NT_ERROR(Status))
        *BytesReturned = (DWORD)IoStatus.Information;
    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

/* SPDX-License-Identifier: MIT */
/* overlapped.c - outcomes of overlapped requests, and cancelling. */
#include "ntio/win32/win32.h"

/* Acquire: whoever sees the final status sees Information and the data as well. */
static NTSTATUS StatusOf(LPOVERLAPPED Overlapped)
{
    return (NTSTATUS)__atomic_load_n((LONG *)&Overlapped->Internal, __ATOMIC_ACQUIRE);
}

BOOL WINAPI GetOverlappedResultEx(HANDLE File, LPOVERLAPPED Overlapped, LPDWORD Bytes,
                                  DWORD Milliseconds, BOOL Alertable)
{
    NTSTATUS Status = StatusOf(Overlapped);

    if (Status == STATUS_PENDING) {
        HANDLE Event = (HANDLE)((ULONG_PTR)Overlapped->hEvent & ~(ULONG_PTR)1);
        DWORD Wait;
        if (Milliseconds == 0) {
            SetLastError(ERROR_IO_INCOMPLETE);
            return FALSE;
        }
        Wait = WaitForSingleObjectEx(Event != NULL ? Event : File, Milliseconds, Alertable);
        if (Wait != WAIT_OBJECT_0) {
            if (Wait != WAIT_FAILED)
                SetLastError(Wait); /* WAIT_TIMEOUT or WAIT_IO_COMPLETION */
            return FALSE;
        }
        Status = StatusOf(Overlapped);
        /* Without an event of its own the file's may have been another request's. */
        if (Status == STATUS_PENDING) {
            SetLastError(ERROR_IO_INCOMPLETE);
            return FALSE;
        }
    }
    *Bytes = (DWORD)Overlapped->InternalHigh;
    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI GetOverlappedResult(HANDLE File, LPOVERLAPPED Overlapped, LPDWORD Bytes, BOOL Wait)
{
    return GetOverlappedResultEx(File, Overlapped, Bytes, Wait ? INFINITE : 0, FALSE);
}

BOOL WINAPI CancelIo(HANDLE File)
{
    WIN32_ENTER();
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status = NtCancelIoFile(File, &IoStatus);

    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI CancelIoEx(HANDLE File, LPOVERLAPPED Overlapped)
{
    WIN32_ENTER();
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status = NtCancelIoFileEx(File, (PIO_STATUS_BLOCK)Overlapped, &IoStatus);

    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI CancelSynchronousIo(HANDLE Thread)
{
    WIN32_ENTER();
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status = NtCancelSynchronousIoFile(Thread, NULL, &IoStatus);

    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

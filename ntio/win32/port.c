/* SPDX-License-Identifier: MIT */
/* port.c - I/O completion ports. */
#include "ntio/win32/win32.h"

HANDLE WINAPI CreateIoCompletionPort(HANDLE File, HANDLE Existing, ULONG_PTR Key, DWORD Threads)
{
    WIN32_ENTER();
    FILE_COMPLETION_INFORMATION Information;
    IO_STATUS_BLOCK IoStatus;
    HANDLE Port = Existing;
    NTSTATUS Status;

    if (File == INVALID_HANDLE_VALUE && Existing != NULL) {
        Win32pFail(STATUS_INVALID_PARAMETER);
        return NULL;
    }
    if (Port == NULL) {
        Status = NtCreateIoCompletion(&Port, IO_COMPLETION_ALL_ACCESS, NULL, Threads);
        if (!NT_SUCCESS(Status)) {
            Win32pFail(Status);
            return NULL;
        }
    }
    if (File == INVALID_HANDLE_VALUE)
        return Port;
    Information.Port = Port;
    Information.Key = (PVOID)Key;
    Status = NtSetInformationFile(File, &IoStatus, &Information, sizeof(Information),
                                  FileCompletionInformation);
    if (!NT_SUCCESS(Status)) {
        if (Existing == NULL)
            NtClose(Port);
        Win32pFail(Status);
        return NULL;
    }
    return Port;
}

BOOL WINAPI GetQueuedCompletionStatus(HANDLE Port, LPDWORD Bytes, PULONG_PTR Key,
                                      LPOVERLAPPED *Overlapped, DWORD Milliseconds)
{
    WIN32_ENTER();
    LARGE_INTEGER Timeout;
    IO_STATUS_BLOCK IoStatus;
    PVOID ApcContext = NULL;
    NTSTATUS Status = NtRemoveIoCompletion(Port, (PVOID *)Key, &ApcContext, &IoStatus,
                                           Win32pTimeout(Milliseconds, &Timeout));

    if (!NT_SUCCESS(Status) || Status == STATUS_TIMEOUT) {
        *Overlapped = NULL;
        if (Status == STATUS_TIMEOUT)
            SetLastError(WAIT_TIMEOUT);
        else
            Win32pFail(Status);
        return FALSE;
    }
    *Overlapped = ApcContext;
    *Bytes = (DWORD)IoStatus.Information;
    return NT_SUCCESS(IoStatus.Status) ? TRUE : Win32pFail(IoStatus.Status);
}

BOOL WINAPI GetQueuedCompletionStatusEx(HANDLE Port, LPOVERLAPPED_ENTRY Entries, ULONG Count,
                                        PULONG Removed, DWORD Milliseconds, BOOL Alertable)
{
    WIN32_ENTER();
    LARGE_INTEGER Timeout;
    NTSTATUS Status;

    /* OVERLAPPED_ENTRY: key, OVERLAPPED, status, bytes: the fields of
     * FILE_IO_COMPLETION_INFORMATION. */
    C_ASSERT(sizeof(OVERLAPPED_ENTRY) == sizeof(FILE_IO_COMPLETION_INFORMATION));
    Status = NtRemoveIoCompletionEx(Port, (PFILE_IO_COMPLETION_INFORMATION)Entries, Count, Removed,
                                    Win32pTimeout(Milliseconds, &Timeout), Alertable != FALSE);
    if (Status == STATUS_USER_APC) {
        SetLastError(WAIT_IO_COMPLETION);
        return FALSE;
    }
    if (Status == STATUS_TIMEOUT) {
        SetLastError(WAIT_TIMEOUT);
        return FALSE;
    }
    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI PostQueuedCompletionStatus(HANDLE Port, DWORD Bytes, ULONG_PTR Key,
                                       LPOVERLAPPED Overlapped)
{
    WIN32_ENTER();
    NTSTATUS Status = NtSetIoCompletion(Port, (PVOID)Key, Overlapped, STATUS_SUCCESS, Bytes);

    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI SetFileCompletionNotificationModes(HANDLE File, UCHAR Flags)
{
    WIN32_ENTER();
    FILE_IO_COMPLETION_NOTIFICATION_INFORMATION Information = {.Flags = Flags};
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status = NtSetInformationFile(File, &IoStatus, &Information, sizeof(Information),
                                           FileIoCompletionNotificationInformation);

    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

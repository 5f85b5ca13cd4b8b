/* SPDX-License-Identifier: MIT */
/* volume.c - labels of volumes, ranges of files that are locked, security of an open object. */
#include "ntio/win32/win32.h"
#include "securitybaseapi.h"

#define LABEL_MAXIMUM 260 /* characters; what a volume takes, its driver says */

/* FILE_FS_ATTRIBUTE_INFORMATION, with room for a name. */
typedef struct _VOLUME_ATTRIBUTES {
    ULONG Attributes;
    LONG MaximumComponent;
    ULONG NameLength;
    WCHAR Name[LABEL_MAXIMUM];
} VOLUME_ATTRIBUTES;

/* To a buffer of Characters, ended by a zero. */
static BOOL CopyName(LPWSTR To, DWORD Characters, const WCHAR *Name, ULONG Bytes)
{
    ULONG Length = Bytes / sizeof(WCHAR);

    if (To == NULL)
        return TRUE;
    if (Length >= Characters) {
        SetLastError(ERROR_BAD_LENGTH);
        return FALSE;
    }
    RtlCopyMemory(To, Name, Length * sizeof(WCHAR));
    To[Length] = 0;
    return TRUE;
}

BOOL WINAPI GetVolumeInformationByHandleW(HANDLE File, LPWSTR Name, DWORD NameCharacters,
                                          LPDWORD SerialNumber, LPDWORD MaximumComponent,
                                          LPDWORD FileSystemFlags, LPWSTR FileSystem,
                                          DWORD FileSystemCharacters)
{
    WIN32_ENTER();
    union {
        FILE_FS_VOLUME_INFORMATION Volume;
        UCHAR Room[sizeof(FILE_FS_VOLUME_INFORMATION) + LABEL_MAXIMUM * sizeof(WCHAR)];
    } Label;
    VOLUME_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status;

    if (Name != NULL || SerialNumber != NULL) {
        Status = NtQueryVolumeInformationFile(File, &IoStatus, &Label, sizeof(Label),
                                              FileFsVolumeInformation);
        if (!NT_SUCCESS(Status))
            return Win32pFail(Status);
        if (Label.Volume.VolumeLabelLength > LABEL_MAXIMUM * sizeof(WCHAR))
            return Win32pFail(STATUS_INVALID_PARAMETER);
        if (SerialNumber != NULL)
            *SerialNumber = Label.Volume.VolumeSerialNumber;
        if (!CopyName(Name, NameCharacters, Label.Volume.VolumeLabel,
                      Label.Volume.VolumeLabelLength))
            return FALSE;
    }
    if (MaximumComponent == NULL && FileSystemFlags == NULL && FileSystem == NULL)
        return TRUE;
    Status = NtQueryVolumeInformationFile(File, &IoStatus, &Attributes, sizeof(Attributes),
                                          FileFsAttributeInformation);
    if (!NT_SUCCESS(Status))
        return Win32pFail(Status);
    if (Attributes.NameLength > sizeof(Attributes.Name))
        return Win32pFail(STATUS_INVALID_PARAMETER);
    if (MaximumComponent != NULL)
        *MaximumComponent = (DWORD)Attributes.MaximumComponent;
    if (FileSystemFlags != NULL)
        *FileSystemFlags = Attributes.Attributes;
    return CopyName(FileSystem, FileSystemCharacters, Attributes.Name, Attributes.NameLength);
}

BOOL WINAPI SetVolumeLabelW(LPCWSTR RootPath, LPCWSTR Label)
{
    WIN32_ENTER();
    struct {
        ULONG Length;
        WCHAR Text[LABEL_MAXIMUM];
    } Information;
    SIZE_T Length = Label != NULL ? NtCrt_wcslen(Label) : 0;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status;
    HANDLE Root;

    if (Length > LABEL_MAXIMUM) {
        SetLastError(ERROR_LABEL_TOO_LONG);
        return FALSE;
    }
    if (RootPath == NULL)
        RootPath = L"C:\\";
    if (RootPath[0] == 0 || RootPath[NtCrt_wcslen(RootPath) - 1] != L'\\') {
        SetLastError(ERROR_INVALID_NAME);
        return FALSE;
    }
    Root = CreateFileW(RootPath, FILE_WRITE_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                       OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (Root == INVALID_HANDLE_VALUE)
        return FALSE;
    RtlZeroMemory(&Information, sizeof(Information));
    Information.Length = (ULONG)(Length * sizeof(WCHAR));
    if (Length != 0)
        RtlCopyMemory(Information.Text, Label, Information.Length);
    Status = NtSetVolumeInformationFile(
        Root, &IoStatus, &Information,
        FIELD_OFFSET(FILE_FS_LABEL_INFORMATION, VolumeLabel) +
            (Information.Length > sizeof(ULONG) ? Information.Length : sizeof(ULONG)),
        FileFsLabelInformation);
    NtClose(Root);
    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI SetVolumeLabelA(LPCSTR RootPath, LPCSTR Label)
{
    UNICODE_STRING Root = {0}, Text = {0};
    NTSTATUS Status = RootPath != NULL ? Win32pWide(RootPath, &Root) : STATUS_SUCCESS;
    BOOL Result;

    if (NT_SUCCESS(Status) && Label != NULL)
        Status = Win32pWide(Label, &Text);
    Result = NT_SUCCESS(Status) ? SetVolumeLabelW(Root.Buffer, Text.Buffer) : Win32pFail(Status);
    Win32pFreeName(&Text);
    Win32pFreeName(&Root);
    return Result;
}

/* ---- ranges ---- */

static LARGE_INTEGER Join(DWORD Low, DWORD High)
{
    LARGE_INTEGER Value = {.LowPart = Low};

    Value.HighPart = (LONG)High;
    return Value;
}

BOOL WINAPI LockFile(HANDLE File, DWORD OffsetLow, DWORD OffsetHigh, DWORD BytesLow,
                     DWORD BytesHigh)
{
    WIN32_ENTER();
    LARGE_INTEGER Offset = Join(OffsetLow, OffsetHigh), Length = Join(BytesLow, BytesHigh);
    IO_STATUS_BLOCK IoStatus = {.Information = 0};
    NTSTATUS Status =
        NtLockFile(File, NULL, NULL, NULL, &IoStatus, &Offset, &Length, 0, TRUE, TRUE);

    if (Status == STATUS_PENDING) {
        Status = NtWaitForSingleObject(File, FALSE, NULL);
        if (NT_SUCCESS(Status))
            Status = IoStatus.Status;
    }
    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI LockFileEx(HANDLE File, DWORD Flags, DWORD Reserved, DWORD BytesLow, DWORD BytesHigh,
                       LPOVERLAPPED Overlapped)
{
    WIN32_ENTER();
    LARGE_INTEGER Offset, Length = Join(BytesLow, BytesHigh);
    HANDLE Event;
    NTSTATUS Status;

    if (Reserved != 0 || Overlapped == NULL)
        return Win32pFail(STATUS_INVALID_PARAMETER);
    Offset = Join(Overlapped->Offset, Overlapped->OffsetHigh);
    Event = (HANDLE)((ULONG_PTR)Overlapped->hEvent & ~(ULONG_PTR)1);
    __atomic_store_n(&Overlapped->Internal, (ULONG_PTR)STATUS_PENDING, __ATOMIC_RELAXED);
    Status = NtLockFile(
        File, Event, NULL, ((ULONG_PTR)Overlapped->hEvent & 1) != 0 ? NULL : Overlapped,
        (PIO_STATUS_BLOCK)Overlapped, &Offset, &Length, 0, (Flags & LOCKFILE_FAIL_IMMEDIATELY) != 0,
        (Flags & LOCKFILE_EXCLUSIVE_LOCK) != 0);
    return NT_SUCCESS(Status) && Status != STATUS_PENDING ? TRUE : Win32pFail(Status);
}

BOOL WINAPI UnlockFile(HANDLE File, DWORD OffsetLow, DWORD OffsetHigh, DWORD BytesLow,
                       DWORD BytesHigh)
{
    WIN32_ENTER();
    LARGE_INTEGER Offset = Join(OffsetLow, OffsetHigh), Length = Join(BytesLow, BytesHigh);
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status = NtUnlockFile(File, &IoStatus, &Offset, &Length, 0);

    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI UnlockFileEx(HANDLE File, DWORD Reserved, DWORD BytesLow, DWORD BytesHigh,
                         LPOVERLAPPED Overlapped)
{
    WIN32_ENTER();

    if (Reserved != 0 || Overlapped == NULL)
        return Win32pFail(STATUS_INVALID_PARAMETER);
    return UnlockFile(File, Overlapped->Offset, Overlapped->OffsetHigh, BytesLow, BytesHigh);
}

/* ---- security ---- */

BOOL WINAPI GetKernelObjectSecurity(HANDLE Handle, SECURITY_INFORMATION RequestedInformation,
                                    PSECURITY_DESCRIPTOR SecurityDescriptor, DWORD Length,
                                    LPDWORD LengthNeeded)
{
    WIN32_ENTER();
    ULONG Needed = 0;
    NTSTATUS Status =
        NtQuerySecurityObject(Handle, RequestedInformation, SecurityDescriptor, Length, &Needed);

    *LengthNeeded = Needed;
    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI SetKernelObjectSecurity(HANDLE Handle, SECURITY_INFORMATION SecurityInformation,
                                    PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    WIN32_ENTER();
    NTSTATUS Status = NtSetSecurityObject(Handle, SecurityInformation, SecurityDescriptor);

    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

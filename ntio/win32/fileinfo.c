/* SPDX-License-Identifier: MIT */
/* fileinfo.c - what a handle's file is: size, times, identity, kind; whole paths. */
#include "ntio/win32/win32.h"

BOOL WINAPI GetFileInformationByHandle(HANDLE File, LPBY_HANDLE_FILE_INFORMATION Information)
{
    WIN32_ENTER();
    union {
        FILE_ALL_INFORMATION All;
        FILE_FS_VOLUME_INFORMATION Volume;
        UCHAR Bytes[1024];
    } Buffer;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status = NtQueryVolumeInformationFile(File, &IoStatus, &Buffer, sizeof(Buffer),
                                                   FileFsVolumeInformation);

    if (NT_ERROR(Status))
        return Win32pFail(Status);
    Information->dwVolumeSerialNumber = Buffer.Volume.VolumeSerialNumber;
    Status = NtQueryInformationFile(File, &IoStatus, &Buffer, sizeof(Buffer), FileAllInformation);
    if (NT_ERROR(Status)) /* a name that is cut short does not matter */
        return Win32pFail(Status);
    Information->dwFileAttributes = Buffer.All.BasicInformation.FileAttributes;
    Information->ftCreationTime = Win32pFileTime(Buffer.All.BasicInformation.CreationTime);
    Information->ftLastAccessTime = Win32pFileTime(Buffer.All.BasicInformation.LastAccessTime);
    Information->ftLastWriteTime = Win32pFileTime(Buffer.All.BasicInformation.LastWriteTime);
    Information->nFileSizeHigh = (DWORD)Buffer.All.StandardInformation.EndOfFile.HighPart;
    Information->nFileSizeLow = Buffer.All.StandardInformation.EndOfFile.LowPart;
    Information->nNumberOfLinks = Buffer.All.StandardInformation.NumberOfLinks;
    Information->nFileIndexHigh = (DWORD)Buffer.All.InternalInformation.IndexNumber.HighPart;
    Information->nFileIndexLow = Buffer.All.InternalInformation.IndexNumber.LowPart;
    return TRUE;
}

DWORD WINAPI GetFileSize(HANDLE File, LPDWORD SizeHigh)
{
    LARGE_INTEGER Size;

    if (!GetFileSizeEx(File, &Size))
        return INVALID_FILE_SIZE;
    if (SizeHigh != NULL)
        *SizeHigh = (DWORD)Size.HighPart;
    if (Size.LowPart == INVALID_FILE_SIZE)
        SetLastError(ERROR_SUCCESS);
    return Size.LowPart;
}

BOOL WINAPI GetFileTime(HANDLE File, LPFILETIME CreationTime, LPFILETIME LastAccessTime,
                        LPFILETIME LastWriteTime)
{
    WIN32_ENTER();
    FILE_BASIC_INFORMATION Basic;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status =
        NtQueryInformationFile(File, &IoStatus, &Basic, sizeof(Basic), FileBasicInformation);

    if (!NT_SUCCESS(Status))
        return Win32pFail(Status);
    if (CreationTime != NULL)
        *CreationTime = Win32pFileTime(Basic.CreationTime);
    if (LastAccessTime != NULL)
        *LastAccessTime = Win32pFileTime(Basic.LastAccessTime);
    if (LastWriteTime != NULL)
        *LastWriteTime = Win32pFileTime(Basic.LastWriteTime);
    return TRUE;
}

static LARGE_INTEGER TimeOf(const FILETIME *Time)
{
    LARGE_INTEGER Large = {.QuadPart = 0};

    if (Time != NULL) {
        Large.LowPart = Time->dwLowDateTime;
        Large.HighPart = (LONG)Time->dwHighDateTime;
    }
    return Large;
}

BOOL WINAPI SetFileTime(HANDLE File, const FILETIME *CreationTime, const FILETIME *LastAccessTime,
                        const FILETIME *LastWriteTime)
{
    WIN32_ENTER();
    FILE_BASIC_INFORMATION Basic = {.CreationTime = TimeOf(CreationTime),
                                    .LastAccessTime = TimeOf(LastAccessTime),
                                    .LastWriteTime = TimeOf(LastWriteTime)};
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status =
        NtSetInformationFile(File, &IoStatus, &Basic, sizeof(Basic), FileBasicInformation);

    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

LONG WINAPI CompareFileTime(const FILETIME *First, const FILETIME *Second)
{
    ULONGLONG a = (ULONGLONG)TimeOf(First).QuadPart, b = (ULONGLONG)TimeOf(Second).QuadPart;

    return a < b ? -1 : a > b;
}

DWORD WINAPI GetFileType(HANDLE File)
{
    WIN32_ENTER();
    FILE_FS_DEVICE_INFORMATION Device;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status = NtQueryVolumeInformationFile(File, &IoStatus, &Device, sizeof(Device),
                                                   FileFsDeviceInformation);

    if (!NT_SUCCESS(Status)) {
        Win32pFail(Status);
        return FILE_TYPE_UNKNOWN;
    }
    SetLastError(ERROR_SUCCESS);
    switch (Device.DeviceType) {
    case FILE_DEVICE_SCREEN:
    case FILE_DEVICE_KEYBOARD:
    case FILE_DEVICE_MOUSE:
    case FILE_DEVICE_PARALLEL_PORT:
    case FILE_DEVICE_PRINTER:
    case FILE_DEVICE_SERIAL_PORT:
    case FILE_DEVICE_MODEM:
    case FILE_DEVICE_SOUND:
    case FILE_DEVICE_NULL:
        return FILE_TYPE_CHAR;
    case FILE_DEVICE_CD_ROM:
    case FILE_DEVICE_CD_ROM_FILE_SYSTEM:
    case FILE_DEVICE_CONTROLLER:
    case FILE_DEVICE_DATALINK:
    case FILE_DEVICE_DFS:
    case FILE_DEVICE_DISK:
    case FILE_DEVICE_DISK_FILE_SYSTEM:
    case FILE_DEVICE_VIRTUAL_DISK:
        return FILE_TYPE_DISK;
    case FILE_DEVICE_NAMED_PIPE:
        return FILE_TYPE_PIPE;
    default:
        return FILE_TYPE_UNKNOWN;
    }
}

/* ---- paths ---- */

/* The path of Name as programs write it: what NT's has without \??\. */
DWORD WINAPI GetFullPathNameW(LPCWSTR FileName, DWORD Characters, LPWSTR Buffer, LPWSTR *FilePart)
{
    WIN32_ENTER();
    UNICODE_STRING Path;
    SIZE_T Count, Skip = 4;
    const WCHAR *Prefix = L"";
    DWORD Needed;
    NTSTATUS Status = Win32pNtPath(FileName, &Path);

    if (FilePart != NULL)
        *FilePart = NULL;
    if (!NT_SUCCESS(Status)) {
        SetLastError(Status == STATUS_OBJECT_NAME_INVALID ? ERROR_INVALID_NAME
                                                          : RtlNtStatusToDosErrorNoTeb(Status));
        return 0;
    }
    if (NtCrt_wcsncmp(Path.Buffer + 4, L"UNC\\", 4) == 0) {
        Prefix = L"\\\\";
        Skip = 8;
    } else if (Path.Buffer[5] != L':' || (FileName[0] == L'\\' && FileName[1] == L'\\')) {
        Prefix = FileName[2] == L'?' ? L"\\\\?\\" : L"\\\\.\\"; /* a device */
    }
    Count = Path.Length / sizeof(WCHAR) - Skip;
    Needed = (DWORD)(NtCrt_wcslen(Prefix) + Count);
    if (Needed + 1 > Characters) {
        Needed++;
    } else {
        LPWSTR Last;
        NtCrt_wcscpy(Buffer, Prefix);
        NtCrt_wcscat(Buffer, Path.Buffer + Skip);
        for (Last = Buffer + Needed; Last != Buffer && Last[-1] != L'\\';)
            Last--;
        if (FilePart != NULL && *Last != 0)
            *FilePart = Last;
    }
    Win32pFreeName(&Path);
    return Needed;
}

/* A whole path in UTF-8; Part is its last component's place in From. */
static DWORD NarrowPath(LPCWSTR From, LPCWSTR Part, DWORD Characters, LPSTR Buffer, LPSTR *FilePart)
{
    ULONG Length = 0, Before = 0;
    SIZE_T Count = NtCrt_wcslen(From);

    Win32pNarrow(From, (ULONG)Count, NULL, 0, &Length);
    if (Length + 1 > Characters)
        return Length + 1;
    Win32pNarrow(From, (ULONG)Count, Buffer, Characters, &Length);
    Buffer[Length] = 0;
    if (FilePart != NULL && Part != NULL) {
        Win32pNarrow(From, (ULONG)(Part - From), NULL, 0, &Before);
        *FilePart = Buffer + Before;
    }
    return Length;
}

DWORD WINAPI GetFullPathNameA(LPCSTR FileName, DWORD Characters, LPSTR Buffer, LPSTR *FilePart)
{
    UNICODE_STRING Wide = {0};
    LPWSTR Text, Part;
    DWORD Room, Length = 0;
    NTSTATUS Status = Win32pWide(FileName == NULL ? "" : FileName, &Wide);

    if (FilePart != NULL)
        *FilePart = NULL;
    if (!NT_SUCCESS(Status)) {
        Win32pFail(Status);
        return 0;
    }
    Room = GetFullPathNameW(Wide.Buffer, 0, NULL, NULL);
    Text = Room == 0 ? NULL : ExAllocatePoolWithTag(PagedPool, Room * sizeof(WCHAR), 'qD3W');
    if (Text != NULL) {
        GetFullPathNameW(Wide.Buffer, Room, Text, &Part);
        Length = NarrowPath(Text, Part, Characters, Buffer, FilePart);
        ExFreePoolWithTag(Text, 'qD3W');
    } else if (Room != 0) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    }
    Win32pFreeName(&Wide);
    return Length;
}

DWORD WINAPI GetTempPathW(DWORD Characters, LPWSTR Buffer)
{
    static const WCHAR Temp[] = L"C:\\Temp\\";

    if (Characters < RTL_NUMBER_OF(Temp))
        return RTL_NUMBER_OF(Temp);
    RtlCopyMemory(Buffer, Temp, sizeof(Temp));
    return RTL_NUMBER_OF(Temp) - 1;
}

DWORD WINAPI GetTempPathA(DWORD Characters, LPSTR Buffer)
{
    static const CHAR Temp[] = "C:\\Temp\\";

    if (Characters < sizeof(Temp))
        return sizeof(Temp);
    RtlCopyMemory(Buffer, Temp, sizeof(Temp));
    return sizeof(Temp) - 1;
}

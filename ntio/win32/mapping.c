/* SPDX-License-Identifier: MIT */
/* mapping.c - CreateFileMapping, MapViewOfFile and their kin. */
#include "ntio/win32/win32.h"
#include "ntio/vm/vm.h"

#define SECTION_KINDS (SEC_COMMIT | SEC_RESERVE | SEC_IMAGE | SEC_NOCACHE)

/* A name is one of \BaseNamedObjects. */
static HANDLE CreateMapping(HANDLE File, BOOL Inherit, DWORD Protect, LARGE_INTEGER Size,
                            PUNICODE_STRING Name)
{
    OBJECT_ATTRIBUTES Attributes;
    ACCESS_MASK Access = STANDARD_RIGHTS_REQUIRED | SECTION_QUERY | SECTION_MAP_READ;
    DWORD Kind = Protect & SECTION_KINDS, Page = Protect & ~(DWORD)SECTION_KINDS;
    HANDLE Handle;
    NTSTATUS Status;

    if (Page == PAGE_READWRITE || Page == PAGE_EXECUTE_READWRITE)
        Access |= SECTION_MAP_WRITE;
    if ((Page & (PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)) != 0)
        Access |= SECTION_MAP_EXECUTE;
    InitializeObjectAttributes(&Attributes, Name,
                               (Name != NULL ? OBJ_OPENIF | OBJ_CASE_INSENSITIVE : 0) |
                                   (Inherit ? OBJ_INHERIT : 0),
                               NULL, NULL);
    Status =
        NtCreateSection(&Handle, Access, &Attributes, Size.QuadPart != 0 ? &Size : NULL, Page,
                        Kind == 0 ? SEC_COMMIT : Kind, File == INVALID_HANDLE_VALUE ? NULL : File);
    if (!NT_SUCCESS(Status)) {
        Win32pFail(Status);
        return NULL;
    }
    SetLastError(Status == STATUS_OBJECT_NAME_EXISTS ? ERROR_ALREADY_EXISTS : ERROR_SUCCESS);
    return Handle;
}

HANDLE WINAPI CreateFileMappingW(HANDLE File, LPSECURITY_ATTRIBUTES SecurityAttributes,
                                 DWORD Protect, DWORD SizeHigh, DWORD SizeLow, LPCWSTR Name)
{
    WIN32_ENTER();
    LARGE_INTEGER Size;
    WCHAR Text[MAX_PATH + 24];
    UNICODE_STRING Path;

    Size.LowPart = SizeLow;
    Size.HighPart = (LONG)SizeHigh;
    if (Name != NULL) {
        if (NtCrt_wcslen(Name) > MAX_PATH) {
            Win32pFail(STATUS_NAME_TOO_LONG);
            return NULL;
        }
        NtCrt_wcscpy(Text, L"\\BaseNamedObjects\\");
        NtCrt_wcscat(Text, Name);
        RtlInitUnicodeString(&Path, Text);
    }
    return CreateMapping(File, SecurityAttributes != NULL && SecurityAttributes->bInheritHandle,
                         Protect, Size, Name != NULL ? &Path : NULL);
}

HANDLE WINAPI CreateFileMappingA(HANDLE File, LPSECURITY_ATTRIBUTES SecurityAttributes,
                                 DWORD Protect, DWORD SizeHigh, DWORD SizeLow, LPCSTR Name)
{
    WIN32P_WITH_WIDE(
        Name, Wide, NULL,
        CreateFileMappingW(File, SecurityAttributes, Protect, SizeHigh, SizeLow, Wide));
}

LPVOID WINAPI MapViewOfFileEx(HANDLE Mapping, DWORD DesiredAccess, DWORD OffsetHigh,
                              DWORD OffsetLow, SIZE_T Bytes, LPVOID Address)
{
    WIN32_ENTER();
    LARGE_INTEGER Offset;
    ULONG Page = PAGE_READONLY;
    PVOID Base = Address;
    NTSTATUS Status;

    Offset.LowPart = OffsetLow;
    Offset.HighPart = (LONG)OffsetHigh;
    if (DesiredAccess == FILE_MAP_COPY)
        Page = PAGE_WRITECOPY;
    else if ((DesiredAccess & FILE_MAP_WRITE) != 0)
        Page = PAGE_READWRITE;
    else if ((DesiredAccess & FILE_MAP_READ) == 0)
        Page = PAGE_NOACCESS;
    if ((DesiredAccess & FILE_MAP_EXECUTE) != 0)
        Page <<= 4; /* PAGE_EXECUTE_READ is PAGE_READONLY << 4, and so on */
    Status = NtMapViewOfSection(Mapping, GetCurrentProcess(), &Base, 0, 0, &Offset, &Bytes,
                                ViewShare, 0, Page);
    if (!NT_SUCCESS(Status)) {
        Win32pFail(Status);
        return NULL;
    }
    return Base;
}

LPVOID WINAPI MapViewOfFile(HANDLE Mapping, DWORD DesiredAccess, DWORD OffsetHigh, DWORD OffsetLow,
                            SIZE_T Bytes)
{
    return MapViewOfFileEx(Mapping, DesiredAccess, OffsetHigh, OffsetLow, Bytes, NULL);
}

BOOL WINAPI UnmapViewOfFile(LPCVOID Address)
{
    WIN32_ENTER();
    NTSTATUS Status = NtUnmapViewOfSection(GetCurrentProcess(), (PVOID)(ULONG_PTR)Address);

    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI FlushViewOfFile(LPCVOID Address, SIZE_T Bytes)
{
    WIN32_ENTER();
    PVOID Base = (PVOID)(ULONG_PTR)Address;
    IO_STATUS_BLOCK IoStatus;
    NTSTATUS Status = NtFlushVirtualMemory(GetCurrentProcess(), &Base, &Bytes, &IoStatus);

    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

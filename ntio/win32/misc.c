/* SPDX-License-Identifier: MIT */
/* misc.c - names of DOS devices, clocks, debug output. */
#include "ntio/trace/trace.h"
#include "ntio/win32/win32.h"

typedef struct _NAME_LIST {
    LPWSTR To;
    DWORD Capacity;
    DWORD Used;
    BOOLEAN Overflow;
} NAME_LIST;

static VOID AddString(NAME_LIST *List, const WCHAR *Text, SIZE_T Characters)
{
    /* One more for this string's zero, one for the list's. */
    if (Characters + 2 > (SIZE_T)(List->Capacity - List->Used)) {
        List->Overflow = TRUE;
        return;
    }
    RtlCopyMemory(List->To + List->Used, Text, Characters * sizeof(WCHAR));
    List->To[List->Used + Characters] = 0;
    List->Used += (DWORD)Characters + 1;
}

static VOID AddName(PVOID Object, POBJECT_TYPE Type, PCUNICODE_STRING Name, ULONG Depth,
                    PCUNICODE_STRING LinkTarget, PVOID Context)
{
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(Type);
    if (Depth == 0 && LinkTarget != NULL)
        AddString(Context, Name->Buffer, Name->Length / sizeof(WCHAR));
}

static NTSTATUS AddTarget(LPCWSTR DeviceName, NAME_LIST *List)
{
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Path, Target;
    WCHAR Text[512], Full[MAX_PATH + 8];
    HANDLE Link;
    NTSTATUS Status;

    if (NtCrt_wcslen(DeviceName) > MAX_PATH)
        return STATUS_NAME_TOO_LONG;
    NtCrt_wcscpy(Full, L"\\??\\");
    NtCrt_wcscat(Full, DeviceName);
    RtlInitUnicodeString(&Path, Full);
    InitializeObjectAttributes(&Attributes, &Path, OBJ_CASE_INSENSITIVE, NULL, NULL);
    Status = NtOpenSymbolicLinkObject(&Link, SYMBOLIC_LINK_QUERY, &Attributes);
    if (!NT_SUCCESS(Status))
        return Status;
    Target.Buffer = Text;
    Target.Length = 0;
    Target.MaximumLength = sizeof(Text);
    Status = NtQuerySymbolicLinkObject(Link, &Target, NULL);
    NtClose(Link);
    if (NT_SUCCESS(Status))
        AddString(List, Target.Buffer, Target.Length / sizeof(WCHAR));
    return Status;
}

DWORD WINAPI QueryDosDeviceW(LPCWSTR DeviceName, LPWSTR TargetPath, DWORD Characters)
{
    WIN32_ENTER();
    NAME_LIST List = {.To = TargetPath, .Capacity = Characters};
    NTSTATUS Status = STATUS_SUCCESS;

    if (DeviceName != NULL) {
        Status = AddTarget(DeviceName, &List);
    } else {
        UNICODE_STRING Path = RTL_CONSTANT_STRING(L"\\??");
        OBJECT_ATTRIBUTES Attributes;
        PVOID Directory;
        InitializeObjectAttributes(&Attributes, &Path, OBJ_CASE_INSENSITIVE, NULL, NULL);
        Status = ObpOpenByName(&Attributes, ObpDirectoryType, DIRECTORY_QUERY, NULL, &Directory);
        if (NT_SUCCESS(Status)) {
            ObpEnumerateDirectory(Directory, AddName, &List);
            ObDereferenceObject(Directory);
        }
    }
    if (!NT_SUCCESS(Status)) {
        Win32pFail(Status);
        return 0;
    }
    if (List.Overflow || List.Used >= Characters) {
        SetLastError(ERROR_INSUFFICIENT_BUFFER);
        return 0;
    }
    TargetPath[List.Used++] = 0;
    return List.Used;
}

DWORD WINAPI QueryDosDeviceA(LPCSTR DeviceName, LPSTR TargetPath, DWORD Characters)
{
    UNICODE_STRING Name = {0};
    LPWSTR Wide;
    DWORD Count;
    NTSTATUS Status;

    if (DeviceName != NULL) {
        Status = Win32pWide(DeviceName, &Name);
        if (!NT_SUCCESS(Status)) {
            Win32pFail(Status);
            return 0;
        }
    }
    Wide = ExAllocatePoolWithTag(PagedPool, (SIZE_T)Characters * sizeof(WCHAR) + sizeof(WCHAR),
                                 'qD3W');
    if (Wide == NULL) {
        Win32pFreeName(&Name);
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return 0;
    }
    Count = QueryDosDeviceW(Name.Buffer, Wide, Characters);
    for (DWORD i = 0; i < Count;
         i++) /* device names are ASCII; what is not has no place in a char */
        TargetPath[i] = Wide[i] < 0x80 ? (CHAR)Wide[i] : '?';
    ExFreePoolWithTag(Wide, 'qD3W');
    Win32pFreeName(&Name);
    return Count;
}

ULONGLONG WINAPI GetTickCount64(VOID)
{
    return KeQueryInterruptTime() / 10000;
}

DWORD WINAPI GetTickCount(VOID)
{
    return (DWORD)GetTickCount64();
}

BOOL WINAPI QueryPerformanceCounter(PLARGE_INTEGER Count)
{
    *Count = KeQueryPerformanceCounter(NULL);
    return TRUE;
}

BOOL WINAPI QueryPerformanceFrequency(PLARGE_INTEGER Frequency)
{
    KeQueryPerformanceCounter(Frequency);
    return TRUE;
}

VOID WINAPI OutputDebugStringA(LPCSTR Text)
{
    PspCurrentThread(); /* the viewer is told whose line it is */
    if (Text != NULL)
        TraceDebugOutputOf(Text, strlen(Text), NULL);
}

VOID WINAPI OutputDebugStringW(LPCWSTR Text)
{
    SIZE_T Length = Text != NULL ? NtCrt_wcsnlen(Text, UNICODE_STRING_MAX_CHARS) : 0;
    PCHAR Narrow;
    ULONG Bytes;

    /* A lone surrogate becomes U+FFFD, with a status that is still success. */
    if (Length == 0 || (Narrow = ExAllocatePoolWithTag(PagedPool, 3 * Length, 'sD3W')) == NULL)
        return;
    if (NT_SUCCESS(RtlUnicodeToUTF8N(Narrow, (ULONG)(3 * Length), &Bytes, Text,
                                     (ULONG)(Length * sizeof(WCHAR))))) {
        PspCurrentThread();
        TraceDebugOutputOf(Narrow, Bytes, NULL);
    }
    ExFreePoolWithTag(Narrow, 'sD3W');
}

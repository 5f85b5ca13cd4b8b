/* SPDX-License-Identifier: MIT */
/* sync.c - events, semaphores, mutexes, waiting and sleeping. */
#include "ntio/win32/win32.h"

#define TAG_SYNC 'yS3W'

PLARGE_INTEGER Win32pTimeout(DWORD Milliseconds, PLARGE_INTEGER Timeout)
{
    if (Milliseconds == INFINITE)
        return NULL;
    Timeout->QuadPart = -(LONGLONG)Milliseconds * 10000;
    return Timeout;
}

/*
 * Attributes for an object of that name below \BaseNamedObjects, without one for NULL. Path is
 * allocated. OBJ_OPENIF: create routines open what is there.
 */
static NTSTATUS NameAttributes(LPCWSTR Name, LPSECURITY_ATTRIBUTES Security, ULONG Extra,
                               PUNICODE_STRING Path, POBJECT_ATTRIBUTES Attributes)
{
    static const WCHAR Directory[] = L"\\BaseNamedObjects\\";
    ULONG Flags = Extra;

    RtlZeroMemory(Path, sizeof(*Path));
    if (Security != NULL && Security->bInheritHandle)
        Flags |= OBJ_INHERIT;
    InitializeObjectAttributes(Attributes, NULL, Flags, NULL, NULL);
    if (Name == NULL)
        return STATUS_SUCCESS;
    if (NtCrt_wcsncmp(Name, L"Global\\", 7) == 0)
        Name += 7;
    else if (NtCrt_wcsncmp(Name, L"Local\\", 6) == 0)
        Name += 6;
    if (NtCrt_wcslen(Name) > MAX_PATH)
        return STATUS_NAME_TOO_LONG;
    Path->MaximumLength = (USHORT)(sizeof(Directory) + NtCrt_wcslen(Name) * sizeof(WCHAR));
    Path->Buffer = ExAllocatePoolWithTag(PagedPool, Path->MaximumLength, TAG_SYNC);
    if (Path->Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NtCrt_wcscpy(Path->Buffer, Directory);
    NtCrt_wcscat(Path->Buffer, Name);
    Path->Length = (USHORT)(Path->MaximumLength - sizeof(WCHAR));
    Attributes->ObjectName = Path;
    return STATUS_SUCCESS;
}

static VOID FreePath(PUNICODE_STRING Path)
{
    if (Path->Buffer != NULL)
        ExFreePoolWithTag(Path->Buffer, TAG_SYNC);
}

/* The end of each create routine. */
static HANDLE Created(NTSTATUS Status, HANDLE Handle)
{
    if (!NT_SUCCESS(Status)) {
        Win32pFail(Status);
        return NULL;
    }
    SetLastError(Status == STATUS_OBJECT_NAME_EXISTS ? ERROR_ALREADY_EXISTS : ERROR_SUCCESS);
    return Handle;
}

HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES SecurityAttributes, BOOL ManualReset,
                           BOOL InitialState, LPCWSTR Name)
{
    WIN32_ENTER();
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Path;
    HANDLE Handle = NULL;
    NTSTATUS Status = NameAttributes(Name, SecurityAttributes, OBJ_OPENIF, &Path, &Attributes);

    if (NT_SUCCESS(Status))
        Status = NtCreateEvent(&Handle, EVENT_ALL_ACCESS, &Attributes,
                               ManualReset ? NotificationEvent : SynchronizationEvent,
                               InitialState != FALSE);
    FreePath(&Path);
    return Created(Status, Handle);
}

HANDLE WINAPI OpenEventW(DWORD DesiredAccess, BOOL Inherit, LPCWSTR Name)
{
    WIN32_ENTER();
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Path;
    HANDLE Handle = NULL;
    NTSTATUS Status;

    if (Name == NULL) {
        Win32pFail(STATUS_INVALID_PARAMETER);
        return NULL;
    }
    Status = NameAttributes(Name, NULL, Inherit ? OBJ_INHERIT : 0, &Path, &Attributes);
    if (NT_SUCCESS(Status))
        Status = NtOpenEvent(&Handle, DesiredAccess, &Attributes);
    FreePath(&Path);
    return Created(Status, Handle);
}

HANDLE WINAPI CreateSemaphoreW(LPSECURITY_ATTRIBUTES SecurityAttributes, LONG Initial, LONG Maximum,
                               LPCWSTR Name)
{
    WIN32_ENTER();
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Path;
    HANDLE Handle = NULL;
    NTSTATUS Status = NameAttributes(Name, SecurityAttributes, OBJ_OPENIF, &Path, &Attributes);

    if (NT_SUCCESS(Status))
        Status = NtCreateSemaphore(&Handle, SEMAPHORE_ALL_ACCESS, &Attributes, Initial, Maximum);
    FreePath(&Path);
    return Created(Status, Handle);
}

HANDLE WINAPI CreateMutexW(LPSECURITY_ATTRIBUTES SecurityAttributes, BOOL InitialOwner,
                           LPCWSTR Name)
{
    WIN32_ENTER();
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Path;
    HANDLE Handle = NULL;
    NTSTATUS Status = NameAttributes(Name, SecurityAttributes, OBJ_OPENIF, &Path, &Attributes);

    if (NT_SUCCESS(Status))
        Status = NtCreateMutant(&Handle, MUTEX_ALL_ACCESS, &Attributes, InitialOwner != FALSE);
    FreePath(&Path);
    return Created(Status, Handle);
}

/* The A forms: NAME_WIDE yields the wide name, NULL for NULL. */
static BOOLEAN WideOrNull(LPCSTR Name, PUNICODE_STRING Wide)
{
    NTSTATUS Status;

    RtlZeroMemory(Wide, sizeof(*Wide));
    if (Name == NULL)
        return TRUE;
    Status = Win32pWide(Name, Wide);
    if (!NT_SUCCESS(Status))
        Win32pFail(Status);
    return NT_SUCCESS(Status);
}

HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES SecurityAttributes, BOOL ManualReset,
                           BOOL InitialState, LPCSTR Name)
{
    UNICODE_STRING Wide;
    HANDLE Handle;

    if (!WideOrNull(Name, &Wide))
        return NULL;
    Handle = CreateEventW(SecurityAttributes, ManualReset, InitialState, Wide.Buffer);
    Win32pFreeName(&Wide);
    return Handle;
}

HANDLE WINAPI OpenEventA(DWORD DesiredAccess, BOOL Inherit, LPCSTR Name)
{
    UNICODE_STRING Wide;
    HANDLE Handle;

    if (!WideOrNull(Name, &Wide))
        return NULL;
    Handle = OpenEventW(DesiredAccess, Inherit, Wide.Buffer);
    Win32pFreeName(&Wide);
    return Handle;
}

HANDLE WINAPI CreateSemaphoreA(LPSECURITY_ATTRIBUTES SecurityAttributes, LONG Initial, LONG Maximum,
                               LPCSTR Name)
{
    UNICODE_STRING Wide;
    HANDLE Handle;

    if (!WideOrNull(Name, &Wide))
        return NULL;
    Handle = CreateSemaphoreW(SecurityAttributes, Initial, Maximum, Wide.Buffer);
    Win32pFreeName(&Wide);
    return Handle;
}

HANDLE WINAPI CreateMutexA(LPSECURITY_ATTRIBUTES SecurityAttributes, BOOL InitialOwner, LPCSTR Name)
{
    UNICODE_STRING Wide;
    HANDLE Handle;

    if (!WideOrNull(Name, &Wide))
        return NULL;
    Handle = CreateMutexW(SecurityAttributes, InitialOwner, Wide.Buffer);
    Win32pFreeName(&Wide);
    return Handle;
}

static BOOL Ended(NTSTATUS Status)
{
    return NT_SUCCESS(Status) ? TRUE : Win32pFail(Status);
}

BOOL WINAPI SetEvent(HANDLE Event)
{
    WIN32_ENTER();
    return Ended(NtSetEvent(Event, NULL));
}

BOOL WINAPI ResetEvent(HANDLE Event)
{
    WIN32_ENTER();
    return Ended(NtClearEvent(Event));
}

BOOL WINAPI PulseEvent(HANDLE Event)
{
    WIN32_ENTER();
    PKEVENT Object;
    NTSTATUS Status = ObReferenceObjectByHandle(Event, EVENT_MODIFY_STATE, *ExEventObjectType,
                                                UserMode, (PVOID *)&Object, NULL);

    if (NT_SUCCESS(Status)) {
        KePulseEvent(Object, EVENT_INCREMENT, FALSE);
        ObDereferenceObject(Object);
    }
    return Ended(Status);
}

BOOL WINAPI ReleaseSemaphore(HANDLE Semaphore, LONG Count, PLONG Previous)
{
    WIN32_ENTER();
    return Ended(NtReleaseSemaphore(Semaphore, Count, Previous));
}

BOOL WINAPI ReleaseMutex(HANDLE Mutex)
{
    WIN32_ENTER();
    return Ended(NtReleaseMutant(Mutex, NULL));
}

static DWORD Waited(NTSTATUS Status)
{
    if (NT_SUCCESS(Status)) /* WAIT_OBJECT_0+, WAIT_ABANDONED_0+, WAIT_IO_COMPLETION, WAIT_TIMEOUT:
                               the same numbers */
        return (DWORD)Status;
    Win32pFail(Status);
    return WAIT_FAILED;
}

DWORD WINAPI WaitForSingleObjectEx(HANDLE Handle, DWORD Milliseconds, BOOL Alertable)
{
    WIN32_ENTER();
    LARGE_INTEGER Timeout;
    NTSTATUS Status;

    do { /* an alert without an APC is no business of programs */
        Status = NtWaitForSingleObject(Handle, Alertable != FALSE,
                                       Win32pTimeout(Milliseconds, &Timeout));
    } while (Status == STATUS_ALERTED);
    return Waited(Status);
}

DWORD WINAPI WaitForSingleObject(HANDLE Handle, DWORD Milliseconds)
{
    return WaitForSingleObjectEx(Handle, Milliseconds, FALSE);
}

DWORD WINAPI WaitForMultipleObjectsEx(DWORD Count, const HANDLE *Handles, BOOL WaitAll_,
                                      DWORD Milliseconds, BOOL Alertable)
{
    WIN32_ENTER();
    LARGE_INTEGER Timeout;
    NTSTATUS Status;

    do {
        Status =
            NtWaitForMultipleObjects(Count, (HANDLE *)Handles, WaitAll_ ? WaitAll : WaitAny,
                                     Alertable != FALSE, Win32pTimeout(Milliseconds, &Timeout));
    } while (Status == STATUS_ALERTED);
    return Waited(Status);
}

DWORD WINAPI WaitForMultipleObjects(DWORD Count, const HANDLE *Handles, BOOL WaitAll_,
                                    DWORD Milliseconds)
{
    return WaitForMultipleObjectsEx(Count, Handles, WaitAll_, Milliseconds, FALSE);
}

DWORD WINAPI SleepEx(DWORD Milliseconds, BOOL Alertable)
{
    WIN32_ENTER();
    /* For ever: the end of the longest time-out there is. */
    LARGE_INTEGER Interval = {.QuadPart = -MAXLONGLONG};
    NTSTATUS Status;

    if (Milliseconds != INFINITE)
        Interval.QuadPart = -(LONGLONG)Milliseconds * 10000;
    do {
        Status = KeDelayExecutionThread(UserMode, Alertable != FALSE, &Interval);
    } while (Status == STATUS_ALERTED || (Milliseconds == INFINITE && Status == STATUS_SUCCESS));
    return Status == STATUS_USER_APC ? WAIT_IO_COMPLETION : 0;
}

VOID WINAPI Sleep(DWORD Milliseconds)
{
    SleepEx(Milliseconds, FALSE);
}

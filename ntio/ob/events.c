/* SPDX-License-Identifier: MIT */
/*
 * events.c - events with handles and names.
 */
#include "ntio/ob/obp.h"
#include "ntio/ob/ntob.h"

POBJECT_TYPE ExpEventObjectType;
POBJECT_TYPE *ExEventObjectType = &ExpEventObjectType;

typedef struct _OBP_EVENT_START {
    EVENT_TYPE Type;
    BOOLEAN State;
} OBP_EVENT_START;

static VOID ObpEventBody(PVOID Object, PVOID Context)
{
    OBP_EVENT_START *Start = Context;

    KeInitializeEvent(Object, Start->Type, Start->State);
}

static NTSTATUS ObpCreateEvent(PHANDLE Handle, ACCESS_MASK Access, POBJECT_ATTRIBUTES Attributes,
                               EVENT_TYPE Type, BOOLEAN State, KPROCESSOR_MODE Mode)
{
    OBP_EVENT_START Start = {Type, State};

    if (Type != NotificationEvent && Type != SynchronizationEvent)
        return STATUS_INVALID_PARAMETER;
    return ObpCreateService(ExpEventObjectType, sizeof(KEVENT), Mode, Handle, Access, Attributes,
                            ObpEventBody, &Start);
}

NTSTATUS NTAPI ZwCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, EVENT_TYPE EventType,
                             BOOLEAN InitialState)
{
    return ObpCreateEvent(EventHandle, DesiredAccess, ObjectAttributes, EventType, InitialState,
                          KernelMode);
}

NTSTATUS NTAPI NtCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, EVENT_TYPE EventType,
                             BOOLEAN InitialState)
{
    return ObpCreateEvent(EventHandle, DesiredAccess, ObjectAttributes, EventType, InitialState,
                          ExGetPreviousMode());
}

NTSTATUS NTAPI ZwOpenEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenService(ExpEventObjectType, KernelMode, EventHandle, DesiredAccess,
                          ObjectAttributes);
}

NTSTATUS NTAPI NtOpenEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenService(ExpEventObjectType, ExGetPreviousMode(), EventHandle, DesiredAccess,
                          ObjectAttributes);
}

typedef enum _OBP_EVENT_CHANGE { ObpEventSet, ObpEventClear, ObpEventReset } OBP_EVENT_CHANGE;

static NTSTATUS ObpChangeEvent(HANDLE Handle, OBP_EVENT_CHANGE Change, PLONG PreviousState,
                               KPROCESSOR_MODE Mode)
{
    LONG Before = 0;
    NTSTATUS Status = STATUS_SUCCESS;
    PVOID Event;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (PreviousState != NULL)
        Status = ObpProbe(Mode, PreviousState, sizeof(*PreviousState), TRUE);
    if (NT_SUCCESS(Status))
        Status = ObReferenceObjectByHandle(Handle, EVENT_MODIFY_STATE, ExpEventObjectType, Mode,
                                           &Event, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Change == ObpEventSet)
        Before = KeSetEvent(Event, 0, FALSE);
    else if (Change == ObpEventReset)
        Before = KeResetEvent(Event);
    else
        KeClearEvent(Event);
    ObfDereferenceObject(Event);
    if (PreviousState != NULL)
        *PreviousState = Before;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwSetEvent(HANDLE EventHandle, PLONG PreviousState)
{
    return ObpChangeEvent(EventHandle, ObpEventSet, PreviousState, KernelMode);
}

NTSTATUS NTAPI NtSetEvent(HANDLE EventHandle, PLONG PreviousState)
{
    return ObpChangeEvent(EventHandle, ObpEventSet, PreviousState, ExGetPreviousMode());
}

NTSTATUS NTAPI ZwClearEvent(HANDLE EventHandle)
{
    return ObpChangeEvent(EventHandle, ObpEventClear, NULL, KernelMode);
}

NTSTATUS NTAPI NtClearEvent(HANDLE EventHandle)
{
    return ObpChangeEvent(EventHandle, ObpEventClear, NULL, ExGetPreviousMode());
}

NTSTATUS NTAPI ZwResetEvent(HANDLE EventHandle, PLONG PreviousState)
{
    return ObpChangeEvent(EventHandle, ObpEventReset, PreviousState, KernelMode);
}

NTSTATUS NTAPI NtResetEvent(HANDLE EventHandle, PLONG PreviousState)
{
    return ObpChangeEvent(EventHandle, ObpEventReset, PreviousState, ExGetPreviousMode());
}

static NTSTATUS ObpQueryEvent(HANDLE Handle, ULONG Class, PVOID Information, ULONG Length,
                              PULONG ReturnLength, KPROCESSOR_MODE Mode)
{
    OBP_EVENT_BASIC_INFORMATION *Basic = Information;
    NTSTATUS Status;
    PKEVENT Event;
    PVOID Object;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Class != ObpEventBasicInformation)
        return STATUS_INVALID_INFO_CLASS;
    if (Length != sizeof(*Basic))
        return STATUS_INFO_LENGTH_MISMATCH;
    Status = ObpProbe(Mode, Information, Length, TRUE);
    if (NT_SUCCESS(Status) && ReturnLength != NULL)
        Status = ObpProbe(Mode, ReturnLength, sizeof(*ReturnLength), TRUE);
    if (NT_SUCCESS(Status))
        Status = ObReferenceObjectByHandle(Handle, EVENT_QUERY_STATE, ExpEventObjectType, Mode,
                                           &Object, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Event = Object;
    /* The type byte shares its word with the object's lock bits. */
    Basic->EventType = (Event->Header.Type & 0x3f) == EventSynchronizationObject
                           ? SynchronizationEvent
                           : NotificationEvent;
    Basic->EventState = KeReadStateEvent(Event);
    if (ReturnLength != NULL)
        *ReturnLength = sizeof(*Basic);
    ObfDereferenceObject(Object);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwQueryEvent(HANDLE EventHandle, ULONG EventInformationClass, PVOID EventInformation,
                            ULONG EventInformationLength, PULONG ReturnLength)
{
    return ObpQueryEvent(EventHandle, EventInformationClass, EventInformation,
                         EventInformationLength, ReturnLength, KernelMode);
}

NTSTATUS NTAPI NtQueryEvent(HANDLE EventHandle, ULONG EventInformationClass, PVOID EventInformation,
                            ULONG EventInformationLength, PULONG ReturnLength)
{
    return ObpQueryEvent(EventHandle, EventInformationClass, EventInformation,
                         EventInformationLength, ReturnLength, ExGetPreviousMode());
}

/* The event stays as long as the handle that the caller gets, a kernel handle; a new one is
 * signalled. */
static PKEVENT ObpNamedEvent(PUNICODE_STRING Name, PHANDLE Handle, EVENT_TYPE Type)
{
    OBJECT_ATTRIBUTES Attributes;
    PVOID Event;
    HANDLE New;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    InitializeObjectAttributes(&Attributes, Name,
                               OBJ_CASE_INSENSITIVE | OBJ_OPENIF | OBJ_KERNEL_HANDLE, NULL, NULL);
    if (!NT_SUCCESS(ZwCreateEvent(&New, EVENT_ALL_ACCESS, &Attributes, Type, TRUE)))
        return NULL;
    if (!NT_SUCCESS(
            ObReferenceObjectByHandle(New, 0, ExpEventObjectType, KernelMode, &Event, NULL))) {
        ZwClose(New);
        return NULL;
    }
    ObfDereferenceObject(Event);
    *Handle = New;
    return Event;
}

PKEVENT NTAPI IoCreateNotificationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    return ObpNamedEvent(EventName, EventHandle, NotificationEvent);
}

PKEVENT NTAPI IoCreateSynchronizationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    return ObpNamedEvent(EventName, EventHandle, SynchronizationEvent);
}

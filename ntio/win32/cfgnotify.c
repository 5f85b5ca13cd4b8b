/* SPDX-License-Identifier: MIT */
/*
 * cfgnotify.c - programs that want to hear of devices (CM_Register_Notification).
 *
 * Each registration has a thread of the program's that calls it back, one event at a time, in
 * order. pnp tells of an event on its worker: it is put into the queues of those that want it; a
 * query-remove is waited for there, not longer than PATIENCE. NotifyLock guards the list of
 * registrations, their queues and the references of all; nothing is called under it.
 */
#include "ntio/win32/cfgmgr.h"
#include "ntio/win32/join.h"

#define PATIENCE_MS 30000 /* as long as Windows waits for a program */

/* One event for one registration; of its two references the asker has one where Asked. */
typedef struct _NOTICE {
    LIST_ENTRY Link;
    LONG References;
    CM_NOTIFY_ACTION Action;
    DWORD Result; /* the callback's */
    KEVENT Answered;
    DWORD Bytes;
    CM_NOTIFY_EVENT_DATA Data; /* Bytes */
} NOTICE;

typedef struct _REGISTRATION {
    LIST_ENTRY Link;
    LONG References; /* the list's, the thread's, those of who looks at it */
    BOOLEAN Gone;
    PEPROCESS Process; /* referenced */
    PETHREAD Thread;   /* referenced */
    CM_NOTIFY_FILTER Filter;
    PDEVICE_NODE Node; /* referenced: of a handle's device */
    PCM_NOTIFY_CALLBACK Callback;
    PVOID Context;
    LIST_ENTRY Notices;
    KEVENT Work; /* synchronization: a notice came, or the end */
} REGISTRATION;

static KI_LOCK NotifyLock;
static LIST_ENTRY Registrations = {&Registrations, &Registrations};

static VOID ReleaseNotice(NOTICE *Notice)
{
    LONG Left;

    KiLock(&NotifyLock);
    Left = --Notice->References;
    KiUnlock(&NotifyLock);
    if (Left == 0)
        ExFreePoolWithTag(Notice, TAG_CFG);
}

static VOID Release(REGISTRATION *Entry)
{
    LONG Left;

    KiLock(&NotifyLock);
    Left = --Entry->References;
    /* Linked until now, so that who stands on it finds the next. */
    if (Left == 0)
        RemoveEntryList(&Entry->Link);
    KiUnlock(&NotifyLock);
    if (Left != 0)
        return;
    if (Entry->Node != NULL)
        PnpDereferenceNode(Entry->Node);
    if (Entry->Thread != NULL)
        ObDereferenceObject(Entry->Thread);
    ObDereferenceObject(Entry->Process);
    ExFreePoolWithTag(Entry, TAG_CFG);
}

/* ---- the program's thread ---- */

static NOTICE *NextNotice(REGISTRATION *Entry, BOOLEAN *Gone)
{
    NOTICE *Notice = NULL;

    KiLock(&NotifyLock);
    if (!IsListEmpty(&Entry->Notices))
        Notice = CONTAINING_RECORD(RemoveHeadList(&Entry->Notices), NOTICE, Link);
    *Gone = Entry->Gone;
    KiUnlock(&NotifyLock);
    return Notice;
}

static DWORD WINAPI NotifyThread(LPVOID Parameter)
{
    REGISTRATION *Entry = Parameter;
    NOTICE *Notice;
    BOOLEAN Gone;

    for (;;) {
        Notice = NextNotice(Entry, &Gone);
        if (Notice == NULL && Gone)
            break;
        if (Notice == NULL) {
            KeWaitForSingleObject(&Entry->Work, UserRequest, KernelMode, FALSE, NULL);
            continue;
        }
        /* Who has unregistered hears no more; who asked is answered all the same. */
        Notice->Result = Gone ? ERROR_SUCCESS
                              : Entry->Callback((HCMNOTIFICATION)Entry, Entry->Context,
                                                Notice->Action, &Notice->Data, Notice->Bytes);
        KeSetEvent(&Notice->Answered, IO_NO_INCREMENT, FALSE);
        ReleaseNotice(Notice);
    }
    Release(Entry);
    return 0;
}

/* ---- pnp tells ---- */

static BOOLEAN Wants(const REGISTRATION *Entry, const PNP_EVENT *Event)
{
    const CM_NOTIFY_FILTER *Filter = &Entry->Filter;

    switch (Event->Kind) {
    case PnpEventInterfaceArrived:
    case PnpEventInterfaceRemoved:
        return Filter->FilterType == CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE &&
               ((Filter->Flags & CM_NOTIFY_FILTER_FLAG_ALL_INTERFACE_CLASSES) ||
                IsEqualGUID(&Filter->u.DeviceInterface.ClassGuid, Event->Class));
    case PnpEventEnumerated:
    case PnpEventStarted:
    case PnpEventRemoved:
        return Filter->FilterType == CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE &&
               ((Filter->Flags & CM_NOTIFY_FILTER_FLAG_ALL_DEVICE_INSTANCES) ||
                CfgSame(Filter->u.DeviceInstance.InstanceId, Event->Name));
    default:
        return Filter->FilterType == CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE &&
               Entry->Node == Event->Node;
    }
}

static CM_NOTIFY_ACTION ActionOf(PNP_EVENT_KIND Kind)
{
    switch (Kind) {
    case PnpEventInterfaceArrived:
        return CM_NOTIFY_ACTION_DEVICEINTERFACEARRIVAL;
    case PnpEventInterfaceRemoved:
        return CM_NOTIFY_ACTION_DEVICEINTERFACEREMOVAL;
    case PnpEventQueryRemove:
        return CM_NOTIFY_ACTION_DEVICEQUERYREMOVE;
    case PnpEventRemoveCancelled:
        return CM_NOTIFY_ACTION_DEVICEQUERYREMOVEFAILED;
    case PnpEventRemovePending:
        return CM_NOTIFY_ACTION_DEVICEREMOVEPENDING;
    case PnpEventRemoveComplete:
        return CM_NOTIFY_ACTION_DEVICEREMOVECOMPLETE;
    case PnpEventCustom:
        return CM_NOTIFY_ACTION_DEVICECUSTOMEVENT;
    case PnpEventEnumerated:
        return CM_NOTIFY_ACTION_DEVICEINSTANCEENUMERATED;
    case PnpEventStarted:
        return CM_NOTIFY_ACTION_DEVICEINSTANCESTARTED;
    default:
        return CM_NOTIFY_ACTION_DEVICEINSTANCEREMOVED;
    }
}

/* What a custom event carries behind its header. */
static ULONG CustomBytes(const TARGET_DEVICE_CUSTOM_NOTIFICATION *Custom)
{
    ULONG Header = FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer);

    return Custom->Size > Header ? Custom->Size - Header : 0;
}

static NOTICE *MakeNotice(const PNP_EVENT *Event)
{
    BOOLEAN Interface =
        Event->Kind == PnpEventInterfaceArrived || Event->Kind == PnpEventInterfaceRemoved;
    BOOLEAN Instance = Event->Kind == PnpEventEnumerated || Event->Kind == PnpEventStarted ||
                       Event->Kind == PnpEventRemoved;
    SIZE_T Text = (NtCrt_wcslen(Event->Name) + 1) * sizeof(WCHAR), Bytes;
    NOTICE *Notice;

    if (Interface)
        Bytes = FIELD_OFFSET(CM_NOTIFY_EVENT_DATA, u.DeviceInterface.SymbolicLink) + Text;
    else if (Instance)
        Bytes = FIELD_OFFSET(CM_NOTIFY_EVENT_DATA, u.DeviceInstance.InstanceId) + Text;
    else
        Bytes = FIELD_OFFSET(CM_NOTIFY_EVENT_DATA, u.DeviceHandle.Data) +
                (Event->Custom != NULL ? CustomBytes(Event->Custom) : 0);
    if (Bytes < sizeof(CM_NOTIFY_EVENT_DATA))
        Bytes = sizeof(CM_NOTIFY_EVENT_DATA);
    Notice = ExAllocatePoolWithTag(NonPagedPoolNx, FIELD_OFFSET(NOTICE, Data) + Bytes, TAG_CFG);
    if (Notice == NULL)
        return NULL;
    memset(Notice, 0, FIELD_OFFSET(NOTICE, Data) + Bytes);
    Notice->References = 1;
    Notice->Action = ActionOf(Event->Kind);
    Notice->Bytes = (DWORD)Bytes;
    KeInitializeEvent(&Notice->Answered, NotificationEvent, FALSE);
    if (Interface) {
        Notice->Data.FilterType = CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE;
        Notice->Data.u.DeviceInterface.ClassGuid = *Event->Class;
        WCHAR *Link = Notice->Data.u.DeviceInterface.SymbolicLink;
        memcpy(Link, Event->Name, Text);
        Link[1] = L'\\'; /* \??\ is \\?\ to programs */
    } else if (Instance) {
        Notice->Data.FilterType = CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE;
        memcpy(Notice->Data.u.DeviceInstance.InstanceId, Event->Name, Text);
    } else {
        Notice->Data.FilterType = CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE;
        Notice->Data.u.DeviceHandle.NameOffset = -1;
        if (Event->Custom != NULL) {
            Notice->Data.u.DeviceHandle.EventGuid = Event->Custom->Event;
            Notice->Data.u.DeviceHandle.NameOffset = Event->Custom->NameBufferOffset;
            Notice->Data.u.DeviceHandle.DataSize = CustomBytes(Event->Custom);
            memcpy(Notice->Data.u.DeviceHandle.Data, Event->Custom->CustomDataBuffer,
                   CustomBytes(Event->Custom));
        }
    }
    return Notice;
}

/* The first behind From (NULL: of all) that wants Event, referenced. */
static REGISTRATION *NextWanting(REGISTRATION *From, const PNP_EVENT *Event)
{
    REGISTRATION *Found = NULL;
    PLIST_ENTRY Link;

    KiLock(&NotifyLock);
    Link = From != NULL ? From->Link.Flink : Registrations.Flink;
    for (; Link != &Registrations && Found == NULL; Link = Link->Flink) {
        REGISTRATION *Entry = CONTAINING_RECORD(Link, REGISTRATION, Link);

        if (!Entry->Gone && Wants(Entry, Event))
            Found = Entry;
    }
    if (Found != NULL)
        Found->References++;
    KiUnlock(&NotifyLock);
    return Found;
}

/* Gives a notice to a registration, unless it has gone; it takes its own reference. */
static BOOLEAN Post(REGISTRATION *Entry, NOTICE *Notice)
{
    BOOLEAN Taken;

    KiLock(&NotifyLock);
    Taken = !Entry->Gone;
    if (Taken) {
        Notice->References++;
        InsertTailList(&Entry->Notices, &Notice->Link);
    }
    KiUnlock(&NotifyLock);
    if (Taken)
        KeSetEvent(&Entry->Work, IO_NO_INCREMENT, FALSE);
    return Taken;
}

/* Waits for what the program says to a query-remove. */
static NTSTATUS Ask(REGISTRATION *Entry, NOTICE *Notice, PNP_EVENT *Event)
{
    LARGE_INTEGER Timeout = {.QuadPart = -(LONGLONG)PATIENCE_MS * 10000};
    ULONG i;

    if (KeWaitForSingleObject(&Notice->Answered, Executive, KernelMode, FALSE, &Timeout) !=
        STATUS_SUCCESS) {
        DbgPrint("PnP: %s does not answer a query-remove of %ws\n", Entry->Process->ImageName,
                 Event->Name);
        return STATUS_SUCCESS;
    }
    if (Notice->Result != ERROR_CANCELLED)
        return STATUS_SUCCESS;
    Event->Veto = PNP_VetoWindowsApp;
    for (i = 0; Event->VetoName != NULL && i < sizeof(Entry->Process->ImageName); i++) {
        Event->VetoName[i] = (UCHAR)Entry->Process->ImageName[i];
        if (Event->VetoName[i] == 0)
            break;
    }
    return STATUS_UNSUCCESSFUL;
}

static NTSTATUS Tell(PNP_EVENT *Event)
{
    REGISTRATION *Entry, *Next;
    NTSTATUS Status = STATUS_SUCCESS;
    NOTICE *Notice;

    for (Entry = NextWanting(NULL, Event); Entry != NULL; Entry = Next) {
        Notice = MakeNotice(Event);
        if (Notice == NULL)
            DbgPrint("PnP: no memory to tell a program of %ws\n", Event->Name);
        else if (Post(Entry, Notice) && Event->Kind == PnpEventQueryRemove)
            Status = Ask(Entry, Notice, Event);
        if (Notice != NULL)
            ReleaseNotice(Notice);
        Next = NT_SUCCESS(Status) ? NextWanting(Entry, Event) : NULL;
        Release(Entry);
    }
    return Status;
}

/* ---- registration ---- */

/* The end of one that Take gave: its thread is waited for, unless this is it. */
static VOID Forget(REGISTRATION *Entry)
{
    KeSetEvent(&Entry->Work, IO_NO_INCREMENT, FALSE);
    if (PsGetCurrentThread() != Entry->Thread)
        KeWaitForSingleObject(Entry->Thread, Executive, KernelMode, FALSE, NULL);
    Release(Entry);
}

static CONFIGRET CheckFilter(const CM_NOTIFY_FILTER *Filter)
{
    static const GUID None;
    ULONG Allowed = 0, i;

    if (Filter->cbSize != sizeof(*Filter) || Filter->Reserved != 0)
        return CR_INVALID_DATA;
    switch (Filter->FilterType) {
    case CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE:
        Allowed = CM_NOTIFY_FILTER_FLAG_ALL_INTERFACE_CLASSES;
        if ((Filter->Flags & Allowed) && !IsEqualGUID(&Filter->u.DeviceInterface.ClassGuid, &None))
            return CR_INVALID_DATA;
        break;
    case CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE:
        break;
    case CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE:
        Allowed = CM_NOTIFY_FILTER_FLAG_ALL_DEVICE_INSTANCES;
        if (Filter->Flags & Allowed)
            break;
        for (i = 0; i < MAX_DEVICE_ID_LEN && Filter->u.DeviceInstance.InstanceId[i] != 0; i++)
            ;
        if (i == MAX_DEVICE_ID_LEN || !CfgGoodInstanceId(Filter->u.DeviceInstance.InstanceId))
            return CR_INVALID_DATA;
        break;
    default:
        return CR_INVALID_DATA;
    }
    return Filter->Flags & ~Allowed ? CR_INVALID_FLAG : CR_SUCCESS;
}

/* The device behind a program's handle. */
static CONFIGRET FindTarget(HANDLE Handle, PDEVICE_NODE *Node)
{
    PFILE_OBJECT File;
    NTSTATUS Status;

    if (!NT_SUCCESS(ObReferenceObjectByHandle(Handle, 0, *IoFileObjectType, UserMode,
                                              (PVOID *)&File, NULL)))
        return CR_INVALID_DATA;
    Status = PnpTargetOfFile(File, Node);
    ObDereferenceObject(File);
    return NT_SUCCESS(Status) ? CR_SUCCESS : CR_INVALID_DATA;
}

static CONFIGRET StartThread(REGISTRATION *Entry)
{
    HANDLE Handle = CreateThread(NULL, 0, NotifyThread, Entry, CREATE_SUSPENDED, NULL);
    NTSTATUS Status;

    if (Handle == NULL)
        return CR_OUT_OF_MEMORY;
    Status = ObReferenceObjectByHandle(Handle, 0, PspThreadType, KernelMode,
                                       (PVOID *)&Entry->Thread, NULL);
    NTIO_ASSERT(NT_SUCCESS(Status));
    ResumeThread(Handle);
    CloseHandle(Handle);
    return CR_SUCCESS;
}

CONFIGRET WINAPI CM_Register_Notification(PCM_NOTIFY_FILTER Filter, PVOID Context,
                                          PCM_NOTIFY_CALLBACK Callback, PHCMNOTIFICATION Notify)
{
    REGISTRATION *Entry;
    CONFIGRET Code;

    if (Notify == NULL)
        return CR_INVALID_POINTER;
    *Notify = NULL;
    if (Filter == NULL || Callback == NULL)
        return CR_INVALID_POINTER;
    Code = CheckFilter(Filter);
    if (Code != CR_SUCCESS)
        return Code;
    Entry = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Entry), TAG_CFG);
    if (Entry == NULL)
        return CR_OUT_OF_MEMORY;
    memset(Entry, 0, sizeof(*Entry));
    Entry->References = 1;
    Entry->Process = PsGetCurrentProcess();
    ObReferenceObject(Entry->Process);
    Entry->Filter = *Filter;
    Entry->Callback = Callback;
    Entry->Context = Context;
    InitializeListHead(&Entry->Notices);
    KeInitializeEvent(&Entry->Work, SynchronizationEvent, FALSE);
    InitializeListHead(&Entry->Link);
    if (Filter->FilterType == CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE)
        Code = FindTarget(Filter->u.DeviceHandle.hTarget, &Entry->Node);
    if (Code == CR_SUCCESS) {
        Entry->References++; /* the thread's */
        Code = StartThread(Entry);
        if (Code != CR_SUCCESS)
            Entry->References--;
    }
    if (Code != CR_SUCCESS) {
        Release(Entry);
        return Code;
    }
    atomic_store(&PnpEventCallout, Tell);
    KiLock(&NotifyLock);
    InsertTailList(&Registrations, &Entry->Link);
    KiUnlock(&NotifyLock);
    *Notify = (HCMNOTIFICATION)Entry;
    return CR_SUCCESS;
}

/* One that is registered, by its handle (NULL: the first of Process; that NULL too: of all), and
 * from now on is not. Its reference becomes the caller's. */
static REGISTRATION *Take(HCMNOTIFICATION Notify, PEPROCESS Process)
{
    REGISTRATION *Found = NULL;

    KiLock(&NotifyLock);
    for (PLIST_ENTRY Link = Registrations.Flink; Link != &Registrations && Found == NULL;
         Link = Link->Flink) {
        REGISTRATION *Entry = CONTAINING_RECORD(Link, REGISTRATION, Link);

        if (!Entry->Gone && (Notify != NULL ? Entry == (REGISTRATION *)Notify
                                            : Process == NULL || Entry->Process == Process))
            Found = Entry;
    }
    if (Found != NULL)
        Found->Gone = TRUE;
    KiUnlock(&NotifyLock);
    return Found;
}

CONFIGRET WINAPI CM_Unregister_Notification(HCMNOTIFICATION Notify)
{
    REGISTRATION *Entry;

    if (Notify == NULL)
        return CR_INVALID_POINTER;
    Entry = Take(Notify, NULL);
    if (Entry == NULL)
        return CR_INVALID_DATA;
    Forget(Entry);
    return CR_SUCCESS;
}

VOID CfgEndNotifications(PEPROCESS Process)
{
    REGISTRATION *Entry;

    while ((Entry = Take(NULL, Process)) != NULL)
        Forget(Entry);
    if (Process == NULL)
        atomic_store(&PnpEventCallout, NULL);
}

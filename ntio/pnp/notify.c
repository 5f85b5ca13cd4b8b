/* SPDX-License-Identifier: MIT */
/*
 * notify.c - drivers that want to hear of interfaces and of the fate of a device they have open.
 *
 * Callbacks run on the worker, one at a time, except those for interfaces that exist already, which
 * run in the thread that registers. A registration stays in the list while somebody stands on it: a
 * walk holds one reference and goes on from there, so that callbacks may register and unregister at
 * will. PnpNotifyLock guards list, references and the Running count.
 */
#include "ntio/pnp/pnpp.h"

typedef struct _PNP_REGISTRATION {
    LIST_ENTRY Link;
    IO_NOTIFICATION_EVENT_CATEGORY Category;
    GUID Class;            /* DeviceInterfaceChange */
    PFILE_OBJECT File;     /* TargetDeviceChange; not referenced, as documented */
    PDEVICE_NODE Node;     /* TargetDeviceChange; referenced */
    PDRIVER_OBJECT Driver; /* referenced, with its image: the callback's code stays */
    PDRIVER_NOTIFICATION_CALLBACK_ROUTINE Callback;
    PVOID Context;
    ULONG References;
    ULONG Running;
    BOOLEAN Gone;       /* unregistered */
    PKTHREAD Registers; /* the thread that is still inside IoRegisterPlugPlayNotification */
    KEVENT Idle;        /* nothing runs */
} PNP_REGISTRATION;

#define PNP_EVENT_GUID(low)                                                                        \
    {                                                                                              \
        0xcb3a4000 + (low), 0x46f0, 0x11d0,                                                        \
        {                                                                                          \
            0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f                                         \
        }                                                                                          \
    }
static const GUID PnppInterfaceArrival = PNP_EVENT_GUID(4);
static const GUID PnppInterfaceRemoval = PNP_EVENT_GUID(5);
const GUID PnpTargetQueryRemove = PNP_EVENT_GUID(6);
const GUID PnpTargetRemoveCancelled = PNP_EVENT_GUID(7);
const GUID PnpTargetRemoveComplete = PNP_EVENT_GUID(8);

_Atomic(PNP_EVENT_ROUTINE *) PnpEventCallout;

static KI_LOCK PnpNotifyLock;
static LIST_ENTRY PnppRegistrations;

static VOID PnppAccount(VF_LEFT_ROUTINE *Left, PVOID Context)
{
    PLIST_ENTRY Link;
    char Text[160];

    for (Link = PnppRegistrations.Flink; Link != &PnppRegistrations; Link = Link->Flink) {
        PNP_REGISTRATION *Entry = CONTAINING_RECORD(Link, PNP_REGISTRATION, Link);

        NtCrt__snprintf(Text, sizeof(Text) - 1, "of %wZ, category %d, callback %p",
                        &Entry->Driver->DriverName, (int)Entry->Category, (PVOID)Entry->Callback);
        Text[sizeof(Text) - 1] = 0;
        Left("PnP notification", Text, Context);
    }
}

VOID PnpInitializeNotify(VOID)
{
    InitializeListHead(&PnppRegistrations);
    VfAddAccountingSource("pnp", PnppAccount);
}

static VOID PnppFreeRegistration(PNP_REGISTRATION *Entry)
{
    if (Entry->Node != NULL)
        PnpDereferenceNode(Entry->Node);
    if (Entry->Driver != NULL) {
        IopDereferenceImage(Entry->Driver);
        ObDereferenceObject(Entry->Driver);
    }
    ExFreePool(Entry);
}

/* Under the lock. TRUE: it was the last, the entry is off the list, and the caller frees it once
 * the lock is free. */
static BOOLEAN PnppRelease(PNP_REGISTRATION *Entry)
{
    if (--Entry->References != 0)
        return FALSE;
    RemoveEntryList(&Entry->Link);
    return TRUE;
}

typedef BOOLEAN PNP_WANTS(PNP_REGISTRATION *Entry, const VOID *What);

/* The next registration behind From (NULL: the first) that wants to hear of What, referenced; gives
 * From back. */
static PNP_REGISTRATION *PnppNextWho(PNP_REGISTRATION *From, PNP_WANTS *Wants, const VOID *What)
{
    PNP_REGISTRATION *Found = NULL, *Free = NULL;
    PLIST_ENTRY Link;

    KiLock(&PnpNotifyLock);
    Link = From != NULL ? From->Link.Flink : PnppRegistrations.Flink;
    for (; Link != &PnppRegistrations && Found == NULL; Link = Link->Flink) {
        PNP_REGISTRATION *Entry = CONTAINING_RECORD(Link, PNP_REGISTRATION, Link);

        if (!Entry->Gone && Wants(Entry, What))
            Found = Entry;
    }
    if (Found != NULL)
        Found->References++;
    if (From != NULL && PnppRelease(From))
        Free = From;
    KiUnlock(&PnpNotifyLock);
    if (Free != NULL)
        PnppFreeRegistration(Free);
    return Found;
}

static VOID PnppLetGo(PNP_REGISTRATION *Entry)
{
    BOOLEAN Free;

    KiLock(&PnpNotifyLock);
    Free = PnppRelease(Entry);
    KiUnlock(&PnpNotifyLock);
    if (Free)
        PnppFreeRegistration(Entry);
}

/* Calls back, unless the registration has gone meanwhile. */
static NTSTATUS PnppCall(PNP_REGISTRATION *Entry, PVOID Notification)
{
    PKTHREAD Thread = KeGetCurrentThread();
    LONG Disabled = Thread->KernelApcDisable + Thread->SpecialApcDisable;
    NTSTATUS Status;
    BOOLEAN Run;

    KiLock(&PnpNotifyLock);
    Run = !Entry->Gone;
    if (Run && Entry->Running++ == 0)
        KeClearEvent(&Entry->Idle);
    KiUnlock(&PnpNotifyLock);
    if (!Run)
        return STATUS_SUCCESS;
    Status = Entry->Callback(Notification, Entry->Context);
    if (KeGetCurrentIrql() != PASSIVE_LEVEL ||
        Thread->KernelApcDisable + Thread->SpecialApcDisable != Disabled)
        KeBugCheckEx(PNP_DETECTED_FATAL_ERROR, PNP_FATAL_CALLBACK, (ULONG_PTR)Entry->Driver,
                     KeGetCurrentIrql(),
                     (ULONG_PTR)(Thread->KernelApcDisable + Thread->SpecialApcDisable));
    KiLock(&PnpNotifyLock);
    if (--Entry->Running == 0)
        KeSetEvent(&Entry->Idle, IO_NO_INCREMENT, FALSE);
    KiUnlock(&PnpNotifyLock);
    return Status;
}

/* ---- programs ---- */

static NTSTATUS PnppTell(PNP_EVENT *Event)
{
    PNP_EVENT_ROUTINE *Routine = atomic_load(&PnpEventCallout);

    return Routine != NULL ? Routine(Event) : STATUS_SUCCESS;
}

NTSTATUS PnpTellNode(PDEVICE_NODE Node, PNP_EVENT_KIND Kind, PNP_VETO *Veto)
{
    PNP_REFUSAL *Refusal = Veto != NULL ? Veto->Refusal : NULL;
    PNP_EVENT Event = {.Kind = Kind,
                       .Name = Node->InstancePath,
                       .Node = Node,
                       .VetoName = Refusal != NULL ? Refusal->Name : NULL};
    NTSTATUS Status;

    if (Node->InstancePath == NULL)
        return STATUS_SUCCESS;
    Status = PnppTell(&Event);
    if (!NT_SUCCESS(Status) && Refusal != NULL)
        Refusal->Type = Event.Veto;
    return Status;
}

/* ---- interfaces ---- */

typedef struct _PNP_CHANGE_ACTION {
    PNP_ACTION Action;
    GUID Class;
    BOOLEAN Arrived;
    UNICODE_STRING Link;
    WCHAR Text[1];
} PNP_CHANGE_ACTION;

static BOOLEAN PnppWantsClass(PNP_REGISTRATION *Entry, const VOID *What)
{
    return Entry->Category == EventCategoryDeviceInterfaceChange &&
           PnpSameGuid(&Entry->Class, What);
}

static VOID PnppFillChange(DEVICE_INTERFACE_CHANGE_NOTIFICATION *Change, const GUID *Event,
                           const GUID *Class, PUNICODE_STRING Link)
{
    memset(Change, 0, sizeof(*Change));
    Change->Version = 1;
    Change->Size = sizeof(*Change);
    Change->Event = *Event;
    Change->InterfaceClassGuid = *Class;
    Change->SymbolicLinkName = Link;
}

static VOID PnppChangeRoutine(PNP_ACTION *Action)
{
    PNP_CHANGE_ACTION *Queued = CONTAINING_RECORD(Action, PNP_CHANGE_ACTION, Action);
    DEVICE_INTERFACE_CHANGE_NOTIFICATION Change;
    PNP_EVENT Event = {.Kind =
                           Queued->Arrived ? PnpEventInterfaceArrived : PnpEventInterfaceRemoved,
                       .Class = &Queued->Class,
                       .Name = Queued->Text};
    PNP_REGISTRATION *Entry = NULL;

    while ((Entry = PnppNextWho(Entry, PnppWantsClass, &Queued->Class)) != NULL) {
        PnppFillChange(&Change, Queued->Arrived ? &PnppInterfaceArrival : &PnppInterfaceRemoval,
                       &Queued->Class, &Queued->Link);
        (void)PnppCall(Entry, &Change);
    }
    (void)PnppTell(&Event);
    ExFreePool(Queued);
}

VOID PnpNotifyInterface(const GUID *Class, PCUNICODE_STRING Link, BOOLEAN Arrived)
{
    PNP_CHANGE_ACTION *Queued =
        ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Queued) + Link->Length, PNP_TAG);

    if (Queued == NULL) {
        DbgPrint("PnP: no memory to tell of %wZ\n", Link);
        return;
    }
    memset(Queued, 0, sizeof(*Queued));
    Queued->Action.Run = PnppChangeRoutine;
    Queued->Class = *Class;
    Queued->Arrived = Arrived;
    memcpy(Queued->Text, Link->Buffer, Link->Length);
    Queued->Text[Link->Length / sizeof(WCHAR)] = 0;
    RtlInitUnicodeString(&Queued->Link, Queued->Text);
    if (!PnpQueueAction(&Queued->Action))
        ExFreePool(Queued); /* at the shutdown nobody listens any more */
}

/* Tells a new registration of what is there already, in the registering thread. */
static NTSTATUS PnppTellExisting(PNP_REGISTRATION *Entry)
{
    DEVICE_INTERFACE_CHANGE_NOTIFICATION Change;
    UNICODE_STRING Link;
    WCHAR *List, *At;
    NTSTATUS Status = PnpGetInterfaces(&Entry->Class, NULL, &List);

    if (!NT_SUCCESS(Status))
        return Status;
    for (At = List; *At != 0; At += NtCrt_wcslen(At) + 1) {
        RtlInitUnicodeString(&Link, At);
        PnppFillChange(&Change, &PnppInterfaceArrival, &Entry->Class, &Link);
        (void)PnppCall(Entry, &Change);
    }
    ExFreePool(List);
    return STATUS_SUCCESS;
}

/* ---- the fate of a device ---- */

static BOOLEAN PnppWantsNode(PNP_REGISTRATION *Entry, const VOID *What)
{
    return Entry->Category == EventCategoryTargetDeviceChange && Entry->Node == What;
}

/* Of a driver that refused: its name, as programs are told it. */
static VOID PnppRefuseDriver(PNP_VETO *Veto, PDRIVER_OBJECT Driver)
{
    const UNICODE_STRING *Name = &Driver->DriverName;
    ULONG Characters = Name->Length / sizeof(WCHAR);

    if (Veto == NULL || Veto->Refusal == NULL)
        return;
    if (Characters >= PNP_INSTANCE_CHARACTERS)
        Characters = PNP_INSTANCE_CHARACTERS - 1;
    Veto->Refusal->Type = PNP_VetoDriver;
    memcpy(Veto->Refusal->Name, Name->Buffer, Characters * sizeof(WCHAR));
    Veto->Refusal->Name[Characters] = 0;
}

NTSTATUS PnpNotifyTarget(PDEVICE_NODE Node, const GUID *Event, PNP_VETO *Veto)
{
    TARGET_DEVICE_REMOVAL_NOTIFICATION Removal;
    PNP_REGISTRATION *Entry = NULL;
    BOOLEAN Query = PnpSameGuid(Event, &PnpTargetQueryRemove);
    NTSTATUS Status;

    /* Programs are asked before drivers, and told of what was decided after them. */
    if (Query) {
        Status = PnpTellNode(Node, PnpEventQueryRemove, Veto);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    while ((Entry = PnppNextWho(Entry, PnppWantsNode, Node)) != NULL) {
        memset(&Removal, 0, sizeof(Removal));
        Removal.Version = 1;
        Removal.Size = sizeof(Removal);
        Removal.Event = *Event;
        Removal.FileObject = Entry->File;
        Status = PnppCall(Entry, &Removal);
        /* Only a query can be refused. */
        if (!NT_SUCCESS(Status) && Query) {
            PnppRefuseDriver(Veto, Entry->Driver);
            PnppLetGo(Entry);
            return Status;
        }
    }
    if (!Query)
        (void)PnpTellNode(Node,
                          PnpSameGuid(Event, &PnpTargetRemoveCancelled) ? PnpEventRemoveCancelled
                                                                        : PnpEventRemoveComplete,
                          NULL);
    return STATUS_SUCCESS;
}

typedef struct _PNP_CUSTOM_ACTION {
    PNP_ACTION Action;
    PDEVICE_NODE About; /* referenced */
    PDEVICE_CHANGE_COMPLETE_CALLBACK Callback;
    PVOID Context;
    BOOLEAN Free;
    PTARGET_DEVICE_CUSTOM_NOTIFICATION Notification;
} PNP_CUSTOM_ACTION;

static VOID PnppCustomRoutine(PNP_ACTION *Action)
{
    PNP_CUSTOM_ACTION *Custom = CONTAINING_RECORD(Action, PNP_CUSTOM_ACTION, Action);
    PNP_REGISTRATION *Entry = NULL;

    while ((Entry = PnppNextWho(Entry, PnppWantsNode, Custom->About)) != NULL) {
        Custom->Notification->FileObject = Entry->File;
        (void)PnppCall(Entry, Custom->Notification);
    }
    if (Custom->About->InstancePath != NULL) {
        PNP_EVENT Event = {.Kind = PnpEventCustom,
                           .Name = Custom->About->InstancePath,
                           .Node = Custom->About,
                           .Custom = Custom->Notification};

        (void)PnppTell(&Event);
    }
    if (Custom->Callback != NULL)
        Custom->Callback(Custom->Context);
    PnpDereferenceNode(Custom->About);
    if (Custom->Free)
        ExFreePool(Custom);
}

static BOOLEAN PnppIsSystemEvent(const GUID *Event)
{
    return PnpSameGuid(Event, &PnpTargetQueryRemove) ||
           PnpSameGuid(Event, &PnpTargetRemoveCancelled) ||
           PnpSameGuid(Event, &PnpTargetRemoveComplete);
}

NTSTATUS NTAPI IoReportTargetDeviceChange(PDEVICE_OBJECT PhysicalDeviceObject,
                                          PVOID NotificationStructure)
{
    PNP_CUSTOM_ACTION Custom = {.Action.Run = PnppCustomRoutine,
                                .Notification = NotificationStructure};
    NTSTATUS Status = STATUS_SUCCESS;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (!PnpIsPdo(PhysicalDeviceObject))
        PnpInvalidPdo(PhysicalDeviceObject);
    if (PnppIsSystemEvent(&Custom.Notification->Event))
        return STATUS_INVALID_DEVICE_REQUEST;
    Custom.About = PnpNodeOfDevice(PhysicalDeviceObject);
    if (Custom.About == NULL)
        return STATUS_NO_SUCH_DEVICE;
    if (PnpOnWorker()) {
        PnppCustomRoutine(&Custom.Action);
    } else {
        Status = PnpRunAction(&Custom.Action);
        if (Status == STATUS_DEVICE_NOT_READY)
            PnpDereferenceNode(Custom.About); /* it was not run */
    }
    return Status;
}

NTSTATUS NTAPI IoReportTargetDeviceChangeAsynchronous(PDEVICE_OBJECT PhysicalDeviceObject,
                                                      PVOID NotificationStructure,
                                                      PDEVICE_CHANGE_COMPLETE_CALLBACK Callback,
                                                      PVOID Context)
{
    PTARGET_DEVICE_CUSTOM_NOTIFICATION Given = NotificationStructure;
    PNP_CUSTOM_ACTION *Custom;
    PDEVICE_NODE Node;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (!PnpIsPdo(PhysicalDeviceObject))
        PnpInvalidPdo(PhysicalDeviceObject);
    if (PnppIsSystemEvent(&Given->Event))
        return STATUS_INVALID_DEVICE_REQUEST;
    Custom = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Custom) + Given->Size, PNP_TAG);
    if (Custom == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Node = PnpNodeOfDevice(PhysicalDeviceObject);
    if (Node == NULL) {
        ExFreePool(Custom);
        return STATUS_NO_SUCH_DEVICE;
    }
    memset(Custom, 0, sizeof(*Custom));
    Custom->Action.Run = PnppCustomRoutine;
    Custom->About = Node;
    Custom->Callback = Callback;
    Custom->Context = Context;
    Custom->Free = TRUE;
    Custom->Notification = (PTARGET_DEVICE_CUSTOM_NOTIFICATION)(Custom + 1);
    memcpy(Custom->Notification, Given, Given->Size);
    if (PnpQueueAction(&Custom->Action))
        return STATUS_PENDING;
    PnpDereferenceNode(Node);
    ExFreePool(Custom);
    return STATUS_DEVICE_NOT_READY;
}

/* ---- registration ---- */

/* The device that a file object is about, by its own word. */
NTSTATUS PnpTargetOfFile(PFILE_OBJECT File, PDEVICE_NODE *Node)
{
    PDEVICE_RELATIONS Relations;
    NTSTATUS Status =
        PnpQueryRelations(IoGetRelatedDeviceObject(File), TargetDeviceRelation, File, &Relations);

    *Node = NULL;
    if (!NT_SUCCESS(Status))
        return Status;
    if (Relations != NULL && Relations->Count != 0)
        *Node = PnpNodeOfDevice(Relations->Objects[0]);
    PnpFreeRelations(Relations);
    return *Node != NULL ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
}

NTSTATUS NTAPI IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY EventCategory,
                                              ULONG EventCategoryFlags, PVOID EventCategoryData,
                                              PDRIVER_OBJECT DriverObject,
                                              PDRIVER_NOTIFICATION_CALLBACK_ROUTINE CallbackRoutine,
                                              PVOID Context, PVOID *NotificationEntry)
{
    PNP_REGISTRATION *Entry;
    NTSTATUS Status = STATUS_SUCCESS;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    *NotificationEntry = NULL;
    Entry = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Entry), PNP_TAG);
    if (Entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(Entry, 0, sizeof(*Entry));
    Entry->Category = EventCategory;
    Entry->Callback = CallbackRoutine;
    Entry->Context = Context;
    Entry->References = 1;
    KeInitializeEvent(&Entry->Idle, NotificationEvent, TRUE);
    switch (EventCategory) {
    case EventCategoryHardwareProfileChange:
        break; /* there is one profile, and it does not change */
    case EventCategoryDeviceInterfaceChange:
        if (EventCategoryData == NULL)
            Status = STATUS_INVALID_PARAMETER;
        else
            Entry->Class = *(const GUID *)EventCategoryData;
        break;
    case EventCategoryTargetDeviceChange:
        Entry->File = EventCategoryData;
        Status = EventCategoryData == NULL ? STATUS_INVALID_PARAMETER
                                           : PnpTargetOfFile(Entry->File, &Entry->Node);
        break;
    default:
        Status = STATUS_INVALID_PARAMETER;
        break;
    }
    if (!NT_SUCCESS(Status)) {
        PnppFreeRegistration(Entry);
        return Status;
    }
    ObReferenceObject(DriverObject);
    IopReferenceImage(DriverObject);
    Entry->Driver = DriverObject;
    *NotificationEntry = Entry;
    KiLock(&PnpNotifyLock);
    InsertTailList(&PnppRegistrations, &Entry->Link);
    Entry->References++;
    Entry->Registers = KeGetCurrentThread();
    KiUnlock(&PnpNotifyLock);
    /* In this order: one that arrives now is told of twice rather than not at all, as documented.
     */
    if (EventCategory == EventCategoryDeviceInterfaceChange &&
        (EventCategoryFlags & PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES))
        Status = PnppTellExisting(Entry);
    KiLock(&PnpNotifyLock);
    Entry->Registers = NULL;
    KiUnlock(&PnpNotifyLock);
    PnppLetGo(Entry);
    if (!NT_SUCCESS(Status)) {
        (void)IoUnregisterPlugPlayNotificationEx(Entry);
        *NotificationEntry = NULL;
    }
    return Status;
}

/* Wait: until no callback runs any more, but where this is called inside one, it does not wait for
 * itself. */
static NTSTATUS PnppUnregister(PNP_REGISTRATION *Entry, BOOLEAN Wait)
{
    BOOLEAN Running;

    if (Entry == NULL)
        return STATUS_INVALID_PARAMETER;
    KiLock(&PnpNotifyLock);
    Running =
        Wait && Entry->Running != 0 && !PnpOnWorker() && Entry->Registers != KeGetCurrentThread();
    Entry->Gone = TRUE;
    KiUnlock(&PnpNotifyLock);
    if (Running)
        KeWaitForSingleObject(&Entry->Idle, Executive, KernelMode, FALSE, NULL);
    PnppLetGo(Entry);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoUnregisterPlugPlayNotification(PVOID NotificationEntry)
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    return PnppUnregister(NotificationEntry, FALSE);
}

NTSTATUS NTAPI IoUnregisterPlugPlayNotificationEx(PVOID NotificationEntry)
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    return PnppUnregister(NotificationEntry, TRUE);
}

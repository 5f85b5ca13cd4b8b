/* SPDX-License-Identifier: MIT */
/*
 * provider.c - devices whose drivers provide data: registered, asked for their blocks, gone.
 *
 * Drivers register while they handle START_DEVICE or AddDevice, and may hold locks: so they are
 * asked by a work item. Whoever opens a block waits until those queued before are done.
 */
#include "ntio/wmi/wmip.h"

KI_LOCK WmipLock;
LIST_ENTRY WmipProviders, WmipObjects;

static LIST_ENTRY WmipWork;         /* WMIP_PROVIDER.Waiting */
static BOOLEAN WmipWorking;         /* WmipLock: the work item is queued or runs */
static PKTHREAD _Atomic WmipWorker; /* that runs it */
static WORK_QUEUE_ITEM WmipItem;
static KEVENT WmipSettled; /* notification event: WmipWork is empty and nobody works */
static ULONG WmipLastId;

static VOID NTAPI WmipWorkRoutine(PVOID Context);

VOID WmipInitializeProviders(VOID)
{
    InitializeListHead(&WmipProviders);
    InitializeListHead(&WmipObjects);
    InitializeListHead(&WmipWork);
    WmipWorking = FALSE;
    WmipLastId = 0;
    KeInitializeEvent(&WmipSettled, NotificationEvent, TRUE);
    ExInitializeWorkItem(&WmipItem, WmipWorkRoutine, NULL);
}

VOID WmipAccountProviders(VF_LEFT_ROUTINE *Left, PVOID Context)
{
    PLIST_ENTRY Link;
    char Text[160];

    for (Link = WmipProviders.Flink; Link != &WmipProviders; Link = Link->Flink) {
        PWMIP_PROVIDER Provider = CONTAINING_RECORD(Link, WMIP_PROVIDER, Link);

        NtCrt__snprintf(Text, sizeof(Text), "device %p of %wZ was not deregistered",
                        Provider->Device, &Provider->Device->DriverObject->DriverName);
        Text[sizeof(Text) - 1] = 0;
        Left("WMI provider", Text, Context);
    }
}

/* ---- lives ---- */

BOOLEAN WmipDropBlock(PWMIP_BLOCK Block)
{
    return --Block->References == 0;
}

VOID WmipFreeBlock(PWMIP_BLOCK Block)
{
    if (Block->Physical != NULL)
        ObDereferenceObject(Block->Physical);
    ExFreePoolWithTag(Block, WMIP_TAG);
}

static VOID WmipReleaseBlock(PWMIP_BLOCK Block)
{
    BOOLEAN Last;

    KiLock(&WmipLock);
    Last = WmipDropBlock(Block);
    KiUnlock(&WmipLock);
    if (Last)
        WmipFreeBlock(Block);
}

static VOID WmipReleaseProvider(PWMIP_PROVIDER Provider)
{
    BOOLEAN Last;

    KiLock(&WmipLock);
    Last = --Provider->References == 0;
    KiUnlock(&WmipLock);
    if (!Last)
        return;
    ObDereferenceObject(Provider->Device);
    ExFreePoolWithTag(Provider, WMIP_TAG);
}

/* Blocks that are in nobody's list any more. */
static VOID WmipReleaseBlocks(PLIST_ENTRY Blocks)
{
    while (!IsListEmpty(Blocks))
        WmipReleaseBlock(CONTAINING_RECORD(RemoveHeadList(Blocks), WMIP_BLOCK, Link));
}

static VOID WmipMoveList(PLIST_ENTRY From, PLIST_ENTRY To)
{
    while (!IsListEmpty(From))
        InsertTailList(To, RemoveHeadList(From));
}

/* Under WmipLock. */
static PWMIP_PROVIDER WmipFind(PDEVICE_OBJECT Device)
{
    PLIST_ENTRY Link;

    for (Link = WmipProviders.Flink; Link != &WmipProviders; Link = Link->Flink) {
        PWMIP_PROVIDER Provider = CONTAINING_RECORD(Link, WMIP_PROVIDER, Link);

        if (Provider->Device == Device)
            return Provider;
    }
    return NULL;
}

static PWMIP_BLOCK WmipFindBlock(PLIST_ENTRY Blocks, LPCGUID Guid)
{
    PLIST_ENTRY Link;

    for (Link = Blocks->Flink; Link != Blocks; Link = Link->Flink) {
        PWMIP_BLOCK Block = CONTAINING_RECORD(Link, WMIP_BLOCK, Link);

        if (WmipSameGuid(&Block->Guid, Guid))
            return Block;
    }
    return NULL;
}

/* ---- asked for their blocks ---- */

/* The driver's answer, with a larger buffer where it asks for one; *Information is pool. */
static NTSTATUS WmipAsk(PWMIP_PROVIDER Provider, UCHAR MinorFunction, ULONG_PTR Which,
                        PWMIREGINFOW *Information, PULONG_PTR Bytes)
{
    ULONG Size = WMIP_FIRST_BUFFER, Needed;
    NTSTATUS Status;

    for (;;) {
        *Information = ExAllocatePoolWithTag(NonPagedPoolNx, Size, WMIP_TAG);
        if (*Information == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        memset(*Information, 0, Size);
        *Bytes = 0;
        Status = WmipSend(Provider, MinorFunction, (PVOID)Which, *Information, Size, Bytes);
        if (NT_SUCCESS(Status) && *Bytes >= FIELD_OFFSET(WMIREGINFOW, WmiRegGuid) && *Bytes <= Size)
            return STATUS_SUCCESS;
        memcpy(&Needed, *Information, sizeof(Needed));
        ExFreePoolWithTag(*Information, WMIP_TAG);
        *Information = NULL;
        if (NT_SUCCESS(Status))
            return STATUS_INVALID_PARAMETER;
        if (Status != STATUS_BUFFER_TOO_SMALL || *Bytes != sizeof(ULONG) || Needed <= Size ||
            Needed > WMIP_LARGEST)
            return Status;
        Size = Needed;
    }
}

/* The new blocks take the places of those of the same GUID; All: those that are not mentioned go.
 */
static VOID WmipReplaceBlocks(PWMIP_PROVIDER Provider, PLIST_ENTRY New, BOOLEAN All)
{
    LIST_ENTRY Gone;

    InitializeListHead(&Gone);
    KiLock(&WmipLock);
    if (All || Provider->Gone)
        WmipMoveList(&Provider->Blocks, &Gone);
    while (!IsListEmpty(New)) {
        PWMIP_BLOCK Block = CONTAINING_RECORD(RemoveHeadList(New), WMIP_BLOCK, Link);
        PWMIP_BLOCK Old = WmipFindBlock(&Provider->Blocks, &Block->Guid);

        if (Old != NULL) {
            RemoveEntryList(&Old->Link);
            InsertTailList(&Gone, &Old->Link);
            Block->Events = Old->Events;
            Block->Collection = Old->Collection;
        }
        if (Provider->Gone || (Block->Flags & WMIREG_FLAG_REMOVE_GUID) != 0)
            InsertTailList(&Gone, &Block->Link);
        else
            InsertTailList(&Provider->Blocks, &Block->Link);
    }
    KiUnlock(&WmipLock);
    WmipReleaseBlocks(&Gone);
}

static VOID WmipAskProvider(PWMIP_PROVIDER Provider, WMIP_WORK Work)
{
    ULONG_PTR Which = Work == WmipUpdate ? WMIUPDATE : WMIREGISTER, Bytes;
    PWMIREGINFOW Information;
    BOOLEAN Referenced = TRUE;
    LIST_ENTRY Blocks;
    NTSTATUS Status;

    Status = WmipAsk(Provider, IRP_MN_REGINFO_EX, Which, &Information, &Bytes);
    if (Status == STATUS_NOT_SUPPORTED || Status == STATUS_INVALID_DEVICE_REQUEST) {
        Referenced = FALSE; /* a driver of before XP */
        Status = WmipAsk(Provider, IRP_MN_REGINFO, Which, &Information, &Bytes);
    }
    if (NT_SUCCESS(Status)) {
        InitializeListHead(&Blocks);
        Status = WmipParse(Information, (ULONG)Bytes, Referenced, &Blocks);
        ExFreePoolWithTag(Information, WMIP_TAG);
        if (NT_SUCCESS(Status))
            WmipReplaceBlocks(Provider, &Blocks, Work == WmipRegister);
        else
            WmipReleaseBlocks(&Blocks);
    }
    if (!NT_SUCCESS(Status) && Status != STATUS_WMI_GUID_DISCONNECTED)
        DbgPrint("WMI: %wZ did not say which blocks it has: 0x%08x\n",
                 &Provider->Device->DriverObject->DriverName, Status);
    WmipTellProviders();
}

static VOID NTAPI WmipWorkRoutine(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    atomic_store(&WmipWorker, KeGetCurrentThread());
    for (;;) {
        PWMIP_PROVIDER Provider = NULL;
        WMIP_WORK Work = WmipNoWork;

        KiLock(&WmipLock);
        if (!IsListEmpty(&WmipWork)) {
            Provider = CONTAINING_RECORD(RemoveHeadList(&WmipWork), WMIP_PROVIDER, Waiting);
            Work = Provider->Work;
            Provider->Work = WmipNoWork; /* the reference is ours now */
        } else {
            WmipWorking = FALSE;
            atomic_store(&WmipWorker, NULL);
            KeSetEvent(&WmipSettled, IO_NO_INCREMENT, FALSE);
        }
        KiUnlock(&WmipLock);
        if (Provider == NULL)
            return;
        WmipAskProvider(Provider, Work);
        WmipReleaseProvider(Provider);
    }
}

/* Under WmipLock. TRUE: the work item is to be queued. */
static BOOLEAN WmipQueue(PWMIP_PROVIDER Provider, WMIP_WORK Work)
{
    BOOLEAN Start = !WmipWorking;

    if (Provider->Work == WmipNoWork) {
        Provider->References++;
        InsertTailList(&WmipWork, &Provider->Waiting);
    }
    /* A full registration says what an update says. */
    if (Provider->Work != WmipRegister)
        Provider->Work = Work;
    WmipWorking = TRUE;
    KeClearEvent(&WmipSettled);
    return Start;
}

VOID WmipSettle(VOID)
{
    if (atomic_load(&WmipWorker) != KeGetCurrentThread())
        KeWaitForSingleObject(&WmipSettled, Executive, KernelMode, FALSE, NULL);
}

/* ---- IoWMIRegistrationControl ---- */

static NTSTATUS WmipRegisterDevice(PDEVICE_OBJECT Device)
{
    PWMIP_PROVIDER Provider = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Provider), WMIP_TAG);
    BOOLEAN Start = FALSE, Twice;

    if (Provider == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(Provider, 0, sizeof(*Provider));
    InitializeListHead(&Provider->Blocks);
    Provider->References = 1;
    Provider->Device = Device;
    ObReferenceObject(Device);
    KiLock(&WmipLock);
    Twice = WmipFind(Device) != NULL;
    if (!Twice) {
        Provider->Id = ++WmipLastId;
        InsertTailList(&WmipProviders, &Provider->Link);
        Start = WmipQueue(Provider, WmipRegister);
    }
    KiUnlock(&WmipLock);
    if (Twice)
        WmipReleaseProvider(Provider);
    else if (Start)
        ExQueueWorkItem(&WmipItem, DelayedWorkQueue);
    return Twice ? STATUS_OBJECT_NAME_COLLISION : STATUS_SUCCESS;
}

static NTSTATUS WmipDeregisterDevice(PDEVICE_OBJECT Device)
{
    PWMIP_PROVIDER Provider;
    LIST_ENTRY Blocks;
    BOOLEAN Queued = FALSE, Busy = FALSE;
    KEVENT Idle;

    InitializeListHead(&Blocks);
    KeInitializeEvent(&Idle, NotificationEvent, FALSE);
    KiLock(&WmipLock);
    Provider = WmipFind(Device);
    if (Provider != NULL) {
        RemoveEntryList(&Provider->Link);
        Provider->Gone = TRUE;
        Queued = Provider->Work != WmipNoWork;
        if (Queued) {
            RemoveEntryList(&Provider->Waiting);
            Provider->Work = WmipNoWork;
        }
        WmipMoveList(&Provider->Blocks, &Blocks);
        Busy = Provider->Requests != 0;
        if (Busy)
            Provider->Idle = &Idle;
    }
    KiUnlock(&WmipLock);
    if (Provider == NULL)
        return STATUS_INVALID_PARAMETER;
    if (Busy)
        KeWaitForSingleObject(&Idle, Executive, KernelMode, FALSE, NULL);
    WmipReleaseBlocks(&Blocks);
    if (Queued)
        WmipReleaseProvider(Provider);
    WmipReleaseProvider(Provider);
    return STATUS_SUCCESS;
}

static NTSTATUS WmipAskAgain(PDEVICE_OBJECT Device, WMIP_WORK Work)
{
    PWMIP_PROVIDER Provider;
    BOOLEAN Start = FALSE;

    KiLock(&WmipLock);
    Provider = WmipFind(Device);
    if (Provider != NULL)
        Start = WmipQueue(Provider, Work);
    KiUnlock(&WmipLock);
    if (Start)
        ExQueueWorkItem(&WmipItem, DelayedWorkQueue);
    return Provider != NULL ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static NTSTATUS WmipBlock(PDEVICE_OBJECT Device)
{
    PWMIP_PROVIDER Provider;

    KiLock(&WmipLock);
    Provider = WmipFind(Device);
    if (Provider != NULL)
        Provider->Blocked = TRUE;
    KiUnlock(&WmipLock);
    return Provider != NULL ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI IoWMIRegistrationControl(PDEVICE_OBJECT DeviceObject, ULONG Action)
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    switch (Action) {
    case WMIREG_ACTION_REGISTER:
        return WmipRegisterDevice(DeviceObject);
    case WMIREG_ACTION_DEREGISTER:
        return WmipDeregisterDevice(DeviceObject);
    case WMIREG_ACTION_REREGISTER:
        return WmipAskAgain(DeviceObject, WmipRegister);
    case WMIREG_ACTION_UPDATE_GUIDS:
        return WmipAskAgain(DeviceObject, WmipUpdate);
    case WMIREG_ACTION_BLOCK_IRPS:
        return WmipBlock(DeviceObject);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

ULONG NTAPI IoWMIDeviceObjectToProviderId(PDEVICE_OBJECT DeviceObject)
{
    PWMIP_PROVIDER Provider;
    ULONG Id = 0;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KiLock(&WmipLock);
    Provider = WmipFind(DeviceObject);
    if (Provider != NULL)
        Id = Provider->Id;
    KiUnlock(&WmipLock);
    return Id;
}

/* ---- who has a block ---- */

/* Under WmipLock: counts, and where Targets is not NULL fills in. */
static ULONG WmipCollect(LPCGUID Guid, PWMIP_TARGET Targets, ULONG Room)
{
    PLIST_ENTRY Link;
    ULONG Count = 0;

    for (Link = WmipProviders.Flink; Link != &WmipProviders; Link = Link->Flink) {
        PWMIP_PROVIDER Provider = CONTAINING_RECORD(Link, WMIP_PROVIDER, Link);
        PWMIP_BLOCK Block = Provider->Blocked ? NULL : WmipFindBlock(&Provider->Blocks, Guid);

        if (Block == NULL)
            continue;
        if (Count < Room) {
            Provider->References++;
            Block->References++;
            Targets[Count].Provider = Provider;
            Targets[Count].Block = Block;
        }
        Count++;
    }
    return Count;
}

NTSTATUS WmipFindTargets(LPCGUID Guid, PWMIP_TARGET *Targets, PULONG Count)
{
    ULONG Room = 0, Found;

    *Targets = NULL;
    *Count = 0;
    for (;;) {
        KiLock(&WmipLock);
        Found = WmipCollect(Guid, *Targets, Room);
        KiUnlock(&WmipLock);
        if (Found <= Room)
            break;
        WmipFreeTargets(*Targets, Room); /* more have come */
        *Targets = ExAllocatePoolWithTag(NonPagedPoolNx, Found * sizeof(**Targets), WMIP_TAG);
        if (*Targets == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        memset(*Targets, 0, Found * sizeof(**Targets));
        Room = Found;
    }
    *Count = Found;
    if (Found != 0)
        return STATUS_SUCCESS;
    WmipFreeTargets(*Targets, 0);
    *Targets = NULL;
    return STATUS_WMI_GUID_NOT_FOUND;
}

VOID WmipFreeTargets(PWMIP_TARGET Targets, ULONG Count)
{
    ULONG i;

    if (Targets == NULL)
        return;
    for (i = 0; i < Count; i++) {
        if (Targets[i].Provider == NULL)
            continue;
        WmipReleaseBlock(Targets[i].Block);
        WmipReleaseProvider(Targets[i].Provider);
    }
    ExFreePoolWithTag(Targets, WMIP_TAG);
}

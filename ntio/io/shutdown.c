/* SPDX-License-Identifier: MIT */
/* shutdown.c - who wants to know that the system goes down: IRP_MJ_SHUTDOWN, the last registered
 * first. */
#include "ntio/io/iop.h"

typedef struct _IOP_SHUTDOWN {
    struct _IOP_SHUTDOWN *Next;
    PDEVICE_OBJECT Device; /* referenced */
    BOOLEAN LastChance;
} IOP_SHUTDOWN, *PIOP_SHUTDOWN;

static KI_LOCK IopShutdownLock;
static PIOP_SHUTDOWN IopShutdownList; /* the youngest first */

static NTSTATUS IopRegisterShutdown(PDEVICE_OBJECT Device, BOOLEAN LastChance)
{
    PIOP_SHUTDOWN Entry;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Entry = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Entry), IOP_TAG_MISC);
    if (Entry == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ObReferenceObject(Device);
    Entry->Device = Device;
    Entry->LastChance = LastChance;
    KiLock(&IopShutdownLock);
    Entry->Next = IopShutdownList;
    IopShutdownList = Entry;
    Device->Flags |= DO_SHUTDOWN_REGISTERED;
    KiUnlock(&IopShutdownLock);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoRegisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    return IopRegisterShutdown(DeviceObject, FALSE);
}

NTSTATUS NTAPI IoRegisterLastChanceShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    return IopRegisterShutdown(DeviceObject, TRUE);
}

static VOID IopDropEntry(PIOP_SHUTDOWN Entry)
{
    ObDereferenceObject(Entry->Device);
    ExFreePoolWithTag(Entry, IOP_TAG_MISC);
}

/* All registrations of the device. */
VOID NTAPI IoUnregisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    PIOP_SHUTDOWN *Link, Gone = NULL;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    KiLock(&IopShutdownLock);
    for (Link = &IopShutdownList; *Link != NULL;) {
        PIOP_SHUTDOWN Entry = *Link;
        if (Entry->Device != DeviceObject) {
            Link = &Entry->Next;
            continue;
        }
        *Link = Entry->Next;
        Entry->Next = Gone;
        Gone = Entry;
    }
    DeviceObject->Flags &= ~(ULONG)DO_SHUTDOWN_REGISTERED;
    KiUnlock(&IopShutdownLock);
    while (Gone != NULL) {
        PIOP_SHUTDOWN Next = Gone->Next;
        IopDropEntry(Gone);
        Gone = Next;
    }
}

static PIOP_SHUTDOWN IopTakeEntry(BOOLEAN LastChance)
{
    PIOP_SHUTDOWN *Link, Entry = NULL;

    KiLock(&IopShutdownLock);
    for (Link = &IopShutdownList; *Link != NULL; Link = &(*Link)->Next) {
        if ((*Link)->LastChance == LastChance) {
            Entry = *Link;
            *Link = Entry->Next;
            break;
        }
    }
    KiUnlock(&IopShutdownLock);
    return Entry;
}

static VOID IopSendShutdown(BOOLEAN LastChance)
{
    PIOP_SHUTDOWN Entry;

    while ((Entry = IopTakeEntry(LastChance)) != NULL) {
        IO_STATUS_BLOCK IoStatus;
        KEVENT Event;
        PIRP Irp;

        KeInitializeEvent(&Event, NotificationEvent, FALSE);
        Irp = IoBuildSynchronousFsdRequest(IRP_MJ_SHUTDOWN, Entry->Device, NULL, 0, NULL, &Event,
                                           &IoStatus);
        if (Irp != NULL)
            IopSendThreadIrp(Entry->Device, Irp, TRUE);
        IopDropEntry(Entry);
    }
}

VOID IopSendShutdownNotifications(VOID)
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    IopSendShutdown(FALSE);
    IopSendShutdown(TRUE);
}

/* SPDX-License-Identifier: MIT */
/* irp.c - the life of an IRP outside its stack: allocate, initialize, reuse, free. */
#include "ntio/io/iop.h"

VOID IopInitializeIrpFields(PIRP Irp, USHORT PacketSize, CCHAR StackSize)
{
    memset(Irp, 0, PacketSize);
    Irp->Type = IO_TYPE_IRP;
    Irp->Size = PacketSize;
    Irp->StackCount = StackSize;
    Irp->CurrentLocation = StackSize + 1;
    InitializeListHead(&Irp->ThreadListEntry);
    Irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(Irp + 1) + StackSize;
}

VOID NTAPI IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    IopInitializeIrpFields(Irp, PacketSize, StackSize);
}

PIRP NTAPI IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(ChargeQuota);
    if (StackSize < 0 || StackSize > IOP_MAXIMUM_STACK)
        return NULL;
    return IopAllocateIrp(StackSize, __builtin_return_address(0));
}

PIRP NTAPI IoAllocateIrpEx(PDEVICE_OBJECT DeviceObject, CCHAR StackSize, BOOLEAN ChargeQuota)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(ChargeQuota);
    if (StackSize < 0 || StackSize > IOP_MAXIMUM_STACK)
        return NULL;
    return IopAllocateIrp(StackSize, __builtin_return_address(0));
}

VOID IopReleaseIrp(PIRP Irp)
{
    if (!IopHasPrefix(Irp)) {
        /* IoInitializeIrp over a driver's own pool block, freed as if it had come from here:
         * Windows lets it pass. */
        ExFreePool(Irp);
        return;
    }
    PIOP_IRP_PREFIX Prefix = IopPrefixOf(Irp);
    /* It is off its thread's list: no new pin can come. */
    if (atomic_load_explicit(&Prefix->Pins, memory_order_acquire) != 0 &&
        atomic_fetch_or(&Prefix->Pins, IOP_PINS_RELEASED) != 0)
        return;
    IopFreeIrpStorage(Prefix);
}

VOID NTAPI IoFreeIrp(PIRP Irp)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (Irp == NULL || Irp->Type != IO_TYPE_IRP)
        IopStop(IOP_VF_FREE_NO_IRP, Irp, 0, 0);
    if (IopIsQueued(Irp))
        IopStop(IOP_VF_FREE_QUEUED, Irp, 0, 0);
    IopReleaseIrp(Irp);
}

VOID NTAPI IoReuseIrp(PIRP Irp, NTSTATUS Iostatus)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    UCHAR AllocationFlags = Irp->AllocationFlags;
    if (IopIsQueued(Irp))
        IopStop(IOP_VF_REUSE_QUEUED, Irp, 0, 0);
    IopInitializeIrpFields(Irp, Irp->Size, Irp->StackCount);
    Irp->AllocationFlags = AllocationFlags;
    Irp->IoStatus.Status = Iostatus;
}

PIRP NTAPI IoMakeAssociatedIrp(PIRP Irp, CCHAR StackSize)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    PIRP Part = StackSize < 0 || StackSize > IOP_MAXIMUM_STACK
                    ? NULL
                    : IopAllocateIrp(StackSize, __builtin_return_address(0));
    if (Part == NULL)
        return NULL;
    Part->Flags |= IRP_ASSOCIATED_IRP;
    Part->Tail.Overlay.Thread = Irp->Tail.Overlay.Thread;
    Part->AssociatedIrp.MasterIrp = Irp;
    return Part;
}

const char *IopMajorName(UCHAR Major)
{
    static const char *const Names[] = {"IRP_MJ_CREATE",
                                        "IRP_MJ_CREATE_NAMED_PIPE",
                                        "IRP_MJ_CLOSE",
                                        "IRP_MJ_READ",
                                        "IRP_MJ_WRITE",
                                        "IRP_MJ_QUERY_INFORMATION",
                                        "IRP_MJ_SET_INFORMATION",
                                        "IRP_MJ_QUERY_EA",
                                        "IRP_MJ_SET_EA",
                                        "IRP_MJ_FLUSH_BUFFERS",
                                        "IRP_MJ_QUERY_VOLUME_INFORMATION",
                                        "IRP_MJ_SET_VOLUME_INFORMATION",
                                        "IRP_MJ_DIRECTORY_CONTROL",
                                        "IRP_MJ_FILE_SYSTEM_CONTROL",
                                        "IRP_MJ_DEVICE_CONTROL",
                                        "IRP_MJ_INTERNAL_DEVICE_CONTROL",
                                        "IRP_MJ_SHUTDOWN",
                                        "IRP_MJ_LOCK_CONTROL",
                                        "IRP_MJ_CLEANUP",
                                        "IRP_MJ_CREATE_MAILSLOT",
                                        "IRP_MJ_QUERY_SECURITY",
                                        "IRP_MJ_SET_SECURITY",
                                        "IRP_MJ_POWER",
                                        "IRP_MJ_SYSTEM_CONTROL",
                                        "IRP_MJ_DEVICE_CHANGE",
                                        "IRP_MJ_QUERY_QUOTA",
                                        "IRP_MJ_SET_QUOTA",
                                        "IRP_MJ_PNP"};
    return Major <= IRP_MJ_MAXIMUM_FUNCTION ? Names[Major] : "an IRP of unknown major function";
}

/* SPDX-License-Identifier: MIT */
/*
 * resource.c - hands out hardware resources: for each that a device needs the first that no other
 * device has.
 *
 * There is no hardware: what matters is that drivers see lists as on a PC. A requirements list
 * holds alternative lists; in each a descriptor is followed by its alternatives
 * (IO_RESOURCE_ALTERNATIVE). The first list that can be satisfied is taken. Raw and translated
 * resources differ in an interrupt alone: its level is an IRQL, its affinity names the processors
 * that are there. No device gets messages in place of lines; one that can do both gets its line.
 */
#include "ntio/pnp/pnpp.h"
#include "ntio/ke/interrupt.h"

SIZE_T PnpResourceListBytes(const CM_RESOURCE_LIST *List)
{
    const CM_FULL_RESOURCE_DESCRIPTOR *Full = List->List;
    const CM_PARTIAL_RESOURCE_DESCRIPTOR *End = (const CM_PARTIAL_RESOURCE_DESCRIPTOR *)Full;
    ULONG i, j;

    for (i = 0; i < List->Count; i++) {
        End = Full->PartialResourceList.PartialDescriptors;
        for (j = 0; j < Full->PartialResourceList.Count; j++) {
            /* Device-specific data stands behind its descriptor, which is then the last. */
            SIZE_T Data =
                End->Type == CmResourceTypeDeviceSpecific ? End->u.DeviceSpecificData.DataSize : 0;
            End = (const CM_PARTIAL_RESOURCE_DESCRIPTOR *)((const UCHAR *)(End + 1) + Data);
        }
        Full = (const CM_FULL_RESOURCE_DESCRIPTOR *)End;
    }
    return (SIZE_T)((const UCHAR *)End - (const UCHAR *)List);
}

/* Takes the place of what the node had. */
static VOID PnppPublish(PDEVICE_NODE Node, PCM_RESOURCE_LIST Raw, PCM_RESOURCE_LIST Translated)
{
    PCM_RESOURCE_LIST OldRaw, OldTranslated;

    KiLock(&PnpTreeLock);
    OldRaw = Node->Resources;
    OldTranslated = Node->ResourcesTranslated;
    Node->Resources = Raw;
    Node->ResourcesTranslated = Translated;
    KiUnlock(&PnpTreeLock);
    PnpFree(OldRaw);
    PnpFree(OldTranslated);
}

VOID PnpReleaseResources(PDEVICE_NODE Node)
{
    PnppPublish(Node, NULL, NULL);
}

/* A resource as a range of numbers of its kind; FALSE: a kind that is not handed out by number. */
static BOOLEAN PnppRange(const CM_PARTIAL_RESOURCE_DESCRIPTOR *Descriptor, ULONGLONG *First,
                         ULONGLONG *Last)
{
    ULONGLONG Length = 1;

    switch (Descriptor->Type) {
    case CmResourceTypePort:
    case CmResourceTypeMemory:
        *First = (ULONGLONG)Descriptor->u.Generic.Start.QuadPart;
        Length = Descriptor->u.Generic.Length;
        break;
    case CmResourceTypeInterrupt:
        *First = Descriptor->u.Interrupt.Vector;
        break;
    case CmResourceTypeDma:
        *First = Descriptor->u.Dma.Channel;
        break;
    case CmResourceTypeBusNumber:
        *First = Descriptor->u.BusNumber.Start;
        Length = Descriptor->u.BusNumber.Length;
        break;
    default:
        return FALSE;
    }
    if (Length == 0)
        return FALSE;
    *Last = *First + Length - 1;
    return TRUE;
}

/* Does Wanted overlap something in List that it may not share? *Beyond: the first number behind
 * that. */
static BOOLEAN PnppOverlaps(const CM_PARTIAL_RESOURCE_LIST *List, ULONG Count,
                            const CM_PARTIAL_RESOURCE_DESCRIPTOR *Wanted, ULONGLONG *Beyond)
{
    ULONGLONG First, Last, OtherFirst, OtherLast;
    ULONG i;

    if (!PnppRange(Wanted, &First, &Last))
        return FALSE;
    for (i = 0; i < Count; i++) {
        const CM_PARTIAL_RESOURCE_DESCRIPTOR *Other = &List->PartialDescriptors[i];

        if (Other->Type != Wanted->Type || !PnppRange(Other, &OtherFirst, &OtherLast) ||
            OtherLast < First || Last < OtherFirst)
            continue;
        if (Other->ShareDisposition == CmResourceShareShared &&
            Wanted->ShareDisposition == CmResourceShareShared)
            continue;
        *Beyond = OtherLast + 1;
        return TRUE;
    }
    return FALSE;
}

/* While PnpCouldMove tries: a device whose resources do not count, and some that are promised. */
static PDEVICE_NODE PnppIgnored;
static const CM_RESOURCE_LIST *PnppPromised;

/* The same against everything that other devices have. */
static BOOLEAN PnppTaken(PDEVICE_NODE Self, const CM_PARTIAL_RESOURCE_DESCRIPTOR *Wanted,
                         ULONGLONG *Beyond)
{
    PDEVICE_NODE Node = NULL;

    while ((Node = PnpNextLeafFirst(PnpRootNode, Node)) != NULL) {
        const CM_PARTIAL_RESOURCE_LIST *List;

        if (Node == Self || Node == PnppIgnored || Node->Resources == NULL)
            continue;
        /* A boot configuration may name several buses; what is handed out here stands in the first
         * part. */
        List = &Node->Resources->List[0].PartialResourceList;
        if (PnppOverlaps(List, List->Count, Wanted, Beyond))
            return TRUE;
    }
    return PnppPromised != NULL &&
           PnppOverlaps(&PnppPromised->List[0].PartialResourceList,
                        PnppPromised->List[0].PartialResourceList.Count, Wanted, Beyond);
}

static VOID PnppPlace(CM_PARTIAL_RESOURCE_DESCRIPTOR *Result, const IO_RESOURCE_DESCRIPTOR *Wanted,
                      ULONGLONG First)
{
    memset(&Result->u, 0, sizeof(Result->u));
    switch (Wanted->Type) {
    case CmResourceTypePort:
    case CmResourceTypeMemory:
        Result->u.Generic.Start.QuadPart = (LONGLONG)First;
        Result->u.Generic.Length = Wanted->u.Generic.Length;
        break;
    case CmResourceTypeInterrupt:
        Result->u.Interrupt.Level = Result->u.Interrupt.Vector = (ULONG)First;
        Result->u.Interrupt.Affinity = (KAFFINITY)-1;
        break;
    case CmResourceTypeDma:
        Result->u.Dma.Channel = (ULONG)First;
        break;
    case CmResourceTypeBusNumber:
        Result->u.BusNumber.Start = (ULONG)First;
        Result->u.BusNumber.Length = Wanted->u.BusNumber.Length;
        break;
    default:
        memcpy(Result->u.DevicePrivate.Data, Wanted->u.DevicePrivate.Data,
               sizeof(Result->u.DevicePrivate.Data));
        break;
    }
}

/* Where Wanted may lie. FALSE: it is not handed out by number. */
static BOOLEAN PnppLimits(const IO_RESOURCE_DESCRIPTOR *Wanted, ULONGLONG *First, ULONGLONG *Last,
                          ULONGLONG *Length, ULONGLONG *Alignment)
{
    *Length = *Alignment = 1;
    switch (Wanted->Type) {
    case CmResourceTypePort:
    case CmResourceTypeMemory:
        *First = (ULONGLONG)Wanted->u.Generic.MinimumAddress.QuadPart;
        *Last = (ULONGLONG)Wanted->u.Generic.MaximumAddress.QuadPart;
        *Length = Wanted->u.Generic.Length;
        *Alignment = Wanted->u.Generic.Alignment != 0 ? Wanted->u.Generic.Alignment : 1;
        return TRUE;
    case CmResourceTypeInterrupt:
        *First = Wanted->u.Interrupt.MinimumVector;
        *Last = Wanted->u.Interrupt.MaximumVector;
        if (*Last >= KI_LINES)
            *Last = KI_LINES - 1;
        return TRUE;
    case CmResourceTypeDma:
        *First = Wanted->u.Dma.MinimumChannel;
        *Last = Wanted->u.Dma.MaximumChannel;
        return TRUE;
    case CmResourceTypeBusNumber:
        *First = Wanted->u.BusNumber.MinBusNumber;
        *Last = Wanted->u.BusNumber.MaxBusNumber;
        *Length = Wanted->u.BusNumber.Length;
        return TRUE;
    default:
        return FALSE;
    }
}

static BOOLEAN PnppFit(PDEVICE_NODE Node, const IO_RESOURCE_DESCRIPTOR *Wanted,
                       CM_PARTIAL_RESOURCE_LIST *Have)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR *Result = &Have->PartialDescriptors[Have->Count];
    ULONGLONG First, Last, Length, Alignment, Beyond;

    Result->Type = Wanted->Type;
    Result->ShareDisposition = Wanted->ShareDisposition;
    Result->Flags = Wanted->Flags;
    if (Wanted->Type == CmResourceTypeInterrupt &&
        (Wanted->Flags & CM_RESOURCE_INTERRUPT_MESSAGE) != 0)
        return FALSE;
    if (!PnppLimits(Wanted, &First, &Last, &Length, &Alignment)) {
        PnppPlace(Result, Wanted, 0);
        Have->Count++;
        return TRUE;
    }
    for (;;) {
        First = (First + Alignment - 1) / Alignment * Alignment;
        if (First > Last || (Length != 0 && Last - First < Length - 1))
            return FALSE;
        PnppPlace(Result, Wanted, First);
        if (!PnppTaken(Node, Result, &Beyond) &&
            !PnppOverlaps(Have, Have->Count, Result, &Beyond)) {
            Have->Count++;
            return TRUE;
        }
        if (Beyond <= First)
            return FALSE; /* the numbers are at their end */
        First = Beyond;
    }
}

/* One alternative list: each group of alternatives gives one resource. */
static BOOLEAN PnppFitList(PDEVICE_NODE Node, const IO_RESOURCE_LIST *Wanted,
                           CM_PARTIAL_RESOURCE_LIST *Have)
{
    ULONG i = 0, Next;
    BOOLEAN Found;

    Have->Count = 0;
    while (i < Wanted->Count) {
        Found = FALSE;
        for (Next = i; Next == i || (Next < Wanted->Count &&
                                     (Wanted->Descriptors[Next].Option & IO_RESOURCE_ALTERNATIVE));
             Next++) {
            if (!Found && Wanted->Descriptors[Next].Type != CmResourceTypeConfigData)
                Found = PnppFit(Node, &Wanted->Descriptors[Next], Have);
            else
                Found = TRUE; /* configuration data is no resource of its own */
        }
        if (!Found)
            return FALSE;
        i = Next;
    }
    return TRUE;
}

static PCM_RESOURCE_LIST PnppNewList(ULONG Descriptors)
{
    SIZE_T Bytes = FIELD_OFFSET(CM_RESOURCE_LIST, List[0].PartialResourceList.PartialDescriptors) +
                   (SIZE_T)Descriptors * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR);
    PCM_RESOURCE_LIST List;

    if (Bytes < sizeof(CM_RESOURCE_LIST))
        Bytes = sizeof(CM_RESOURCE_LIST);
    List = ExAllocatePoolWithTag(PagedPool, Bytes, PNP_TAG);
    if (List != NULL) {
        memset(List, 0, Bytes);
        List->Count = 1;
        List->List[0].PartialResourceList.Version = 1;
        List->List[0].PartialResourceList.Revision = 1;
    }
    return List;
}

static PCM_RESOURCE_LIST PnppCopyList(const CM_RESOURCE_LIST *List)
{
    SIZE_T Bytes = PnpResourceListBytes(List);
    PCM_RESOURCE_LIST Copy = ExAllocatePoolWithTag(PagedPool, Bytes, PNP_TAG);

    if (Copy != NULL)
        memcpy(Copy, List, Bytes);
    return Copy;
}

static VOID PnppTranslateInterrupt(CM_PARTIAL_RESOURCE_DESCRIPTOR *Descriptor)
{
    Descriptor->u.Interrupt.Level = KiLineIrql(Descriptor->u.Interrupt.Vector);
    Descriptor->u.Interrupt.Affinity &= KeQueryActiveProcessors();
}

/* The translated form. */
static VOID PnppTranslate(PCM_RESOURCE_LIST Resources)
{
    CM_PARTIAL_RESOURCE_LIST *List = &Resources->List[0].PartialResourceList;
    ULONG i;

    for (i = 0; i < List->Count; i++) {
        CM_PARTIAL_RESOURCE_DESCRIPTOR *Descriptor = &List->PartialDescriptors[i];

        if (Descriptor->Type == CmResourceTypeInterrupt)
            PnppTranslateInterrupt(Descriptor);
    }
}

/* The first alternative list that fits, as resources. */
static NTSTATUS PnppFitAlternatives(PDEVICE_NODE Node,
                                    const IO_RESOURCE_REQUIREMENTS_LIST *Requirements,
                                    PCM_RESOURCE_LIST *Raw)
{
    const IO_RESOURCE_LIST *Wanted = Requirements->List;
    PCM_RESOURCE_LIST Result;
    ULONG i;

    for (i = 0; i < Requirements->AlternativeLists; i++) {
        Result = PnppNewList(Wanted->Count);
        if (Result == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        Result->List[0].InterfaceType = Requirements->InterfaceType;
        Result->List[0].BusNumber = Requirements->BusNumber;
        if (PnppFitList(Node, Wanted, &Result->List[0].PartialResourceList)) {
            *Raw = Result;
            return STATUS_SUCCESS;
        }
        ExFreePool(Result);
        Wanted = (const IO_RESOURCE_LIST *)&Wanted->Descriptors[Wanted->Count];
    }
    return STATUS_CONFLICTING_ADDRESSES;
}

BOOLEAN PnpCouldMove(PDEVICE_NODE Node, const IO_RESOURCE_REQUIREMENTS_LIST *Wanted,
                     PDEVICE_NODE Other, const IO_RESOURCE_REQUIREMENTS_LIST *OtherWanted)
{
    PCM_RESOURCE_LIST First = NULL, Second = NULL;
    BOOLEAN Could;

    PnppIgnored = Other;
    Could = NT_SUCCESS(PnppFitAlternatives(Node, Wanted, &First));
    PnppPromised = First;
    Could = Could && NT_SUCCESS(PnppFitAlternatives(Other, OtherWanted, &Second));
    PnppIgnored = NULL;
    PnppPromised = NULL;
    PnpFree(First);
    PnpFree(Second);
    return Could;
}

NTSTATUS PnpAssignResources(PDEVICE_NODE Node, const IO_RESOURCE_REQUIREMENTS_LIST *Requirements)
{
    PCM_RESOURCE_LIST Raw = NULL, Translated;
    NTSTATUS Status = STATUS_SUCCESS;

    PnpReleaseResources(Node);
    if (Requirements != NULL && Requirements->AlternativeLists != 0) {
        Status = PnppFitAlternatives(Node, Requirements, &Raw);
    } else if (Node->BootResources != NULL && Node->BootResources->Count != 0) {
        Raw = PnppCopyList(Node->BootResources);
        if (Raw == NULL)
            Status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!NT_SUCCESS(Status) || Raw == NULL)
        return Status;
    if (Raw->List[0].PartialResourceList.Count == 0) {
        ExFreePool(Raw); /* it needs none after all: START brings NULL */
        return STATUS_SUCCESS;
    }
    Translated = PnppCopyList(Raw);
    if (Translated == NULL) {
        ExFreePool(Raw);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    PnppTranslate(Translated);
    PnppPublish(Node, Raw, Translated);
    return STATUS_SUCCESS;
}

NTSTATUS PnpQueryResources(PDEVICE_OBJECT PhysicalDeviceObject, PCM_RESOURCE_LIST *List)
{
    PDEVICE_NODE Node = PnpNodeOfDevice(PhysicalDeviceObject);
    PCM_RESOURCE_LIST Copy = NULL;
    SIZE_T Bytes = 0;

    if (Node == NULL)
        return STATUS_INVALID_PARAMETER;
    KiLock(&PnpTreeLock);
    if (Node->ResourcesTranslated != NULL) {
        Bytes = PnpResourceListBytes(Node->ResourcesTranslated);
        Copy = ExAllocatePoolWithTag(NonPagedPool, Bytes, PNP_TAG);
        if (Copy != NULL)
            memcpy(Copy, Node->ResourcesTranslated, Bytes);
    }
    KiUnlock(&PnpTreeLock);
    PnpDereferenceNode(Node);
    if (Copy == NULL)
        return Bytes == 0 ? STATUS_NOT_FOUND : STATUS_INSUFFICIENT_RESOURCES;
    *List = Copy;
    return STATUS_SUCCESS;
}

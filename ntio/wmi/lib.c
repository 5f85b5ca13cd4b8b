/* SPDX-License-Identifier: MIT */
/*
 * lib.c - WMILIB.SYS: takes WMI's IRPs apart for a driver that has its blocks in a WMILIB_CONTEXT,
 * and puts the answers together. It knows static instance names only, as on Windows.
 */
#include "ntio/wmi/wmip.h"
#include "wmilib.h"

#define WMIP_STATIC_NAMES (WNODE_FLAG_STATIC_INSTANCE_NAMES | WNODE_FLAG_PDO_INSTANCE_NAMES)

static ULONG WmipLibAlign(ULONG Bytes)
{
    return (Bytes + 7) & ~7u;
}

static VOID WmipLibHeader(PDEVICE_OBJECT Device, PWNODE_HEADER Node, ULONG Bytes)
{
    Node->BufferSize = Bytes;
    Node->ProviderId = IoWMIDeviceObjectToProviderId(Device);
    Node->Version = 1;
    KeQuerySystemTime(&Node->TimeStamp);
}

static NTSTATUS WmipLibTooSmall(PDEVICE_OBJECT Device, PIRP Irp, PWNODE_HEADER Node, ULONG Buffer,
                                ULONG Needed)
{
    PWNODE_TOO_SMALL Small = (PWNODE_TOO_SMALL)Node;

    if (Buffer < sizeof(*Small))
        return STATUS_BUFFER_TOO_SMALL;
    WmipLibHeader(Device, Node, sizeof(*Small));
    Node->Flags |= WNODE_FLAG_TOO_SMALL;
    Small->SizeNeeded = Needed;
    Irp->IoStatus.Information = sizeof(*Small);
    return STATUS_SUCCESS;
}

/* ---- answers ---- */

/* The callback wrote one length behind the other where pairs of offset and length are to stand. */
static NTSTATUS WmipLibEndAll(PDEVICE_OBJECT Device, PIRP Irp, NTSTATUS Status, ULONG Used)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PWNODE_ALL_DATA Node = Stack->Parameters.WMI.Buffer;
    OFFSETINSTANCEDATAANDLENGTH *Each = Node->OffsetInstanceDataAndLength;
    PULONG Lengths = (PULONG)Each;
    ULONG Bytes = Node->DataBlockOffset + Used, Offset = Node->DataBlockOffset, i;

    if (Status == STATUS_BUFFER_TOO_SMALL)
        return WmipLibTooSmall(Device, Irp, &Node->WnodeHeader, Stack->Parameters.WMI.BufferSize,
                               Bytes);
    if (!NT_SUCCESS(Status))
        return Status;
    for (i = Node->InstanceCount; i-- > 0;)
        Each[i].LengthInstanceData = Lengths[i];
    for (i = 0; i < Node->InstanceCount; i++) {
        Each[i].OffsetInstanceData = Offset;
        Offset += WmipLibAlign(Each[i].LengthInstanceData);
    }
    WmipLibHeader(Device, &Node->WnodeHeader, Bytes);
    Irp->IoStatus.Information = Bytes;
    return STATUS_SUCCESS;
}

/* Fields: DataBlockOffset and the size of the data behind it. */
static NTSTATUS WmipLibEndOne(PDEVICE_OBJECT Device, PIRP Irp, PULONG Fields, NTSTATUS Status,
                              ULONG Used)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PWNODE_HEADER Node = Stack->Parameters.WMI.Buffer;
    ULONG Bytes = Fields[0] + Used;

    if (Status == STATUS_BUFFER_TOO_SMALL)
        return WmipLibTooSmall(Device, Irp, Node, Stack->Parameters.WMI.BufferSize, Bytes);
    if (!NT_SUCCESS(Status))
        return Status;
    Fields[1] = Used;
    WmipLibHeader(Device, Node, Bytes);
    Irp->IoStatus.Information = Bytes;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI WmiCompleteRequest(PDEVICE_OBJECT DeviceObject, PIRP Irp, NTSTATUS Status,
                                  ULONG BufferUsed, CCHAR PriorityBoost)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PVOID Node = Stack->Parameters.WMI.Buffer;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    Irp->IoStatus.Information = 0;
    switch (Stack->MinorFunction) {
    case IRP_MN_QUERY_ALL_DATA:
        Status = WmipLibEndAll(DeviceObject, Irp, Status, BufferUsed);
        break;
    case IRP_MN_QUERY_SINGLE_INSTANCE:
        Status = WmipLibEndOne(DeviceObject, Irp, &((PWNODE_SINGLE_INSTANCE)Node)->DataBlockOffset,
                               Status, BufferUsed);
        break;
    case IRP_MN_EXECUTE_METHOD:
        Status = WmipLibEndOne(DeviceObject, Irp, &((PWNODE_METHOD_ITEM)Node)->DataBlockOffset,
                               Status, BufferUsed);
        break;
    default:
        break;
    }
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, PriorityBoost);
    return Status;
}

/* ---- registration ---- */

static VOID WmipLibPut(PUCHAR Base, PULONG At, PCUNICODE_STRING String)
{
    USHORT Length = String != NULL ? String->Length : 0;

    memcpy(Base + *At, &Length, sizeof(Length));
    if (Length != 0)
        memcpy(Base + *At + sizeof(Length), String->Buffer, Length);
    *At += (ULONG)sizeof(Length) + Length;
}

static ULONG WmipLibCounted(PCUNICODE_STRING String)
{
    return (ULONG)sizeof(USHORT) + (String != NULL ? String->Length : 0);
}

static NTSTATUS WmipLibRegister(PWMILIB_CONTEXT Info, PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PWMIREGINFOW Answer = Stack->Parameters.WMI.Buffer;
    UNICODE_STRING Base = {0}, Mof = {0};
    PUNICODE_STRING Registry = NULL;
    PDEVICE_OBJECT Physical = NULL;
    ULONG Flags = 0, Needed, At, BaseAt, i;
    NTSTATUS Status;

    Irp->IoStatus.Information = 0;
    Status = Info->QueryWmiRegInfo(Device, &Flags, &Base, &Registry, &Mof, &Physical);
    if (!NT_SUCCESS(Status))
        goto Exit;
    Status = STATUS_INVALID_DEVICE_REQUEST; /* names by the PDO, and no PDO */
    if ((Flags & WMIREG_FLAG_INSTANCE_PDO) != 0 && Physical == NULL)
        goto Exit;
    At = FIELD_OFFSET(WMIREGINFOW, WmiRegGuid) + Info->GuidCount * (ULONG)sizeof(WMIREGGUIDW);
    Needed = At + WmipLibCounted(&Base) + WmipLibCounted(&Mof) + WmipLibCounted(Registry);
    Needed = WmipLibAlign(Needed);
    Status = STATUS_BUFFER_TOO_SMALL;
    if (Stack->Parameters.WMI.BufferSize < Needed) {
        if (Stack->Parameters.WMI.BufferSize >= sizeof(ULONG)) {
            memcpy(Answer, &Needed, sizeof(Needed));
            Irp->IoStatus.Information = sizeof(ULONG);
        }
        goto Exit;
    }
    memset(Answer, 0, Needed);
    Answer->BufferSize = Needed;
    Answer->GuidCount = Info->GuidCount;
    BaseAt = At;
    WmipLibPut((PUCHAR)Answer, &At, &Base);
    Answer->MofResourceName = At;
    WmipLibPut((PUCHAR)Answer, &At, &Mof);
    Answer->RegistryPath = At;
    WmipLibPut((PUCHAR)Answer, &At, Registry);
    for (i = 0; i < Info->GuidCount; i++) {
        PWMIREGGUIDW Guid = &Answer->WmiRegGuid[i];

        Guid->Guid = *Info->GuidList[i].Guid;
        Guid->Flags = Info->GuidList[i].Flags | Flags;
        Guid->InstanceCount = Info->GuidList[i].InstanceCount;
        if ((Guid->Flags & WMIREG_FLAG_INSTANCE_PDO) != 0) {
            Guid->Pdo = (ULONG_PTR)Physical;
            if (Stack->MinorFunction == IRP_MN_REGINFO_EX && Physical != NULL)
                ObReferenceObject(Physical);
        } else if ((Guid->Flags & WMIREG_FLAG_INSTANCE_BASENAME) != 0) {
            Guid->BaseNameOffset = BaseAt;
        }
    }
    Irp->IoStatus.Information = Needed;
    Status = STATUS_SUCCESS;
Exit:
    if (Base.Buffer != NULL)
        ExFreePool(Base.Buffer);
    Irp->IoStatus.Status = Status;
    return Status;
}

/* ---- requests ---- */

static BOOLEAN WmipLibFind(PWMILIB_CONTEXT Info, LPCGUID Guid, PULONG Index)
{
    ULONG i;

    for (i = 0; i < Info->GuidCount; i++) {
        if (WmipSameGuid(Info->GuidList[i].Guid, Guid)) {
            *Index = i;
            return TRUE;
        }
    }
    return FALSE;
}

static NTSTATUS WmipLibRefuse(PIRP Irp, PSYSCTL_IRP_DISPOSITION Disposition, NTSTATUS Status)
{
    *Disposition = IrpNotCompleted;
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    return Status;
}

static NTSTATUS WmipLibQueryAll(PWMILIB_CONTEXT Info, PDEVICE_OBJECT Device, PIRP Irp, ULONG Guid,
                                PSYSCTL_IRP_DISPOSITION Disposition)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PWNODE_ALL_DATA Node = Stack->Parameters.WMI.Buffer;
    ULONG Buffer = Stack->Parameters.WMI.BufferSize, Count = Info->GuidList[Guid].InstanceCount;
    ULONG Data = WmipLibAlign(FIELD_OFFSET(WNODE_ALL_DATA, OffsetInstanceDataAndLength) +
                              Count * (ULONG)sizeof(OFFSETINSTANCEDATAANDLENGTH));
    PULONG Lengths = NULL;
    ULONG Available = 0;

    if (Buffer < sizeof(*Node))
        return WmipLibRefuse(Irp, Disposition, STATUS_BUFFER_TOO_SMALL);
    Node->DataBlockOffset = Data;
    Node->InstanceCount = Count;
    if (Buffer >= Data) {
        Lengths = (PULONG)Node->OffsetInstanceDataAndLength;
        Available = Buffer - Data;
    }
    *Disposition = IrpProcessed;
    return Info->QueryWmiDataBlock(Device, Irp, Guid, 0, Count, Lengths, Available,
                                   (PUCHAR)Node + (Lengths != NULL ? Data : 0));
}

static NTSTATUS WmipLibOne(PWMILIB_CONTEXT Info, PDEVICE_OBJECT Device, PIRP Irp, ULONG Guid,
                           PSYSCTL_IRP_DISPOSITION Disposition)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PWNODE_SINGLE_INSTANCE Node = Stack->Parameters.WMI.Buffer;
    PWNODE_SINGLE_ITEM Item = Stack->Parameters.WMI.Buffer;
    PWNODE_METHOD_ITEM Method = Stack->Parameters.WMI.Buffer;
    ULONG Buffer = Stack->Parameters.WMI.BufferSize, Index, Offset, Size;

    if (Buffer < sizeof(*Item))
        return WmipLibRefuse(Irp, Disposition, STATUS_BUFFER_TOO_SMALL);
    Index = Node->InstanceIndex;
    if ((Node->WnodeHeader.Flags & WMIP_STATIC_NAMES) == 0 ||
        Index >= Info->GuidList[Guid].InstanceCount)
        return WmipLibRefuse(Irp, Disposition, STATUS_WMI_INSTANCE_NOT_FOUND);
    if (Stack->MinorFunction == IRP_MN_CHANGE_SINGLE_ITEM) {
        Offset = Item->DataBlockOffset;
        Size = Item->SizeDataItem;
    } else if (Stack->MinorFunction == IRP_MN_EXECUTE_METHOD) {
        Offset = Method->DataBlockOffset;
        Size = Method->SizeDataBlock;
    } else {
        Offset = Node->DataBlockOffset;
        Size = Stack->MinorFunction == IRP_MN_QUERY_SINGLE_INSTANCE ? 0 : Node->SizeDataBlock;
    }
    if (Offset > Buffer || Buffer - Offset < Size)
        return WmipLibRefuse(Irp, Disposition, STATUS_INVALID_PARAMETER);
    *Disposition = IrpProcessed;
    switch (Stack->MinorFunction) {
    case IRP_MN_QUERY_SINGLE_INSTANCE:
        Node->SizeDataBlock = 0;
        return Info->QueryWmiDataBlock(Device, Irp, Guid, Index, 1, &Node->SizeDataBlock,
                                       Buffer - Offset, (PUCHAR)Node + Offset);
    case IRP_MN_CHANGE_SINGLE_INSTANCE:
        if (Info->SetWmiDataBlock == NULL)
            return WmipLibRefuse(Irp, Disposition, STATUS_WMI_READ_ONLY);
        return Info->SetWmiDataBlock(Device, Irp, Guid, Index, Size, (PUCHAR)Node + Offset);
    case IRP_MN_CHANGE_SINGLE_ITEM:
        if (Info->SetWmiDataItem == NULL)
            return WmipLibRefuse(Irp, Disposition, STATUS_WMI_READ_ONLY);
        return Info->SetWmiDataItem(Device, Irp, Guid, Index, Item->ItemId, Size,
                                    (PUCHAR)Node + Offset);
    default:
        if (Info->ExecuteWmiMethod == NULL)
            return WmipLibRefuse(Irp, Disposition, STATUS_INVALID_DEVICE_REQUEST);
        return Info->ExecuteWmiMethod(Device, Irp, Guid, Index, Method->MethodId, Size,
                                      Buffer - Offset, (PUCHAR)Node + Offset);
    }
}

static NTSTATUS WmipLibControl(PWMILIB_CONTEXT Info, PDEVICE_OBJECT Device, PIRP Irp, ULONG Guid,
                               PSYSCTL_IRP_DISPOSITION Disposition)
{
    UCHAR Minor = IoGetCurrentIrpStackLocation(Irp)->MinorFunction;
    BOOLEAN Events = Minor == IRP_MN_ENABLE_EVENTS || Minor == IRP_MN_DISABLE_EVENTS;

    if (Info->WmiFunctionControl == NULL)
        return WmipLibRefuse(Irp, Disposition, STATUS_SUCCESS); /* nothing needs to be done */
    *Disposition = IrpProcessed;
    return Info->WmiFunctionControl(
        Device, Irp, Guid, Events ? WmiEventControl : WmiDataBlockControl,
        Minor == IRP_MN_ENABLE_EVENTS || Minor == IRP_MN_ENABLE_COLLECTION);
}

NTSTATUS NTAPI WmiSystemControl(PWMILIB_CONTEXT WmiLibInfo, PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                PSYSCTL_IRP_DISPOSITION IrpDisposition)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Guid = 0;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Stack->MinorFunction > IRP_MN_EXECUTE_METHOD && Stack->MinorFunction != IRP_MN_REGINFO_EX) {
        *IrpDisposition = IrpNotWmi;
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (Stack->Parameters.WMI.ProviderId != (ULONG_PTR)DeviceObject) {
        *IrpDisposition = IrpForward;
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (Stack->MinorFunction == IRP_MN_REGINFO || Stack->MinorFunction == IRP_MN_REGINFO_EX) {
        *IrpDisposition = IrpNotCompleted;
        return WmipLibRegister(WmiLibInfo, DeviceObject, Irp);
    }
    if (!WmipLibFind(WmiLibInfo, Stack->Parameters.WMI.DataPath, &Guid))
        return WmipLibRefuse(Irp, IrpDisposition, STATUS_WMI_GUID_NOT_FOUND);
    switch (Stack->MinorFunction) {
    case IRP_MN_QUERY_ALL_DATA:
        return WmipLibQueryAll(WmiLibInfo, DeviceObject, Irp, Guid, IrpDisposition);
    case IRP_MN_QUERY_SINGLE_INSTANCE:
    case IRP_MN_CHANGE_SINGLE_INSTANCE:
    case IRP_MN_CHANGE_SINGLE_ITEM:
    case IRP_MN_EXECUTE_METHOD:
        return WmipLibOne(WmiLibInfo, DeviceObject, Irp, Guid, IrpDisposition);
    default:
        return WmipLibControl(WmiLibInfo, DeviceObject, Irp, Guid, IrpDisposition);
    }
}

/* ---- events ---- */

NTSTATUS NTAPI WmiFireEvent(PDEVICE_OBJECT DeviceObject, LPCGUID Guid, ULONG InstanceIndex,
                            ULONG EventDataSize, PVOID EventData)
{
    ULONG Data = WmipLibAlign(FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData));
    PWNODE_SINGLE_INSTANCE Node = NULL;
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (EventDataSize <= WMIP_LARGEST)
        Node = ExAllocatePoolWithTag(NonPagedPoolNx, Data + EventDataSize, WMIP_TAG);
    if (Node != NULL) {
        memset(Node, 0, Data);
        WmipLibHeader(DeviceObject, &Node->WnodeHeader, Data + EventDataSize);
        Node->WnodeHeader.Guid = *Guid;
        Node->WnodeHeader.Flags =
            WNODE_FLAG_SINGLE_INSTANCE | WNODE_FLAG_EVENT_ITEM | WNODE_FLAG_STATIC_INSTANCE_NAMES;
        Node->InstanceIndex = InstanceIndex;
        Node->DataBlockOffset = Data;
        Node->SizeDataBlock = EventDataSize;
        if (EventData != NULL)
            memcpy((PUCHAR)Node + Data, EventData, EventDataSize);
        Status = IoWMIWriteEvent(Node);
        if (!NT_SUCCESS(Status))
            ExFreePoolWithTag(Node, WMIP_TAG);
    }
    if (EventData != NULL)
        ExFreePool(EventData);
    return Status;
}

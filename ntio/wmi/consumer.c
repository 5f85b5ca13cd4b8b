/* SPDX-License-Identifier: MIT */
/*
 * consumer.c - a block that is open, and the requests for one instance of it.
 *
 * The instance is found by its name: among a provider's static names here, else by the driver, so
 * that each provider with names of its own is asked until one knows it.
 */
#include "ntio/wmi/consumer.h"

POBJECT_TYPE WmipObjectType;

static VOID WmipDeleteObject(PVOID Body)
{
    PWMIP_OBJECT Object = Body;

    KiLock(&WmipLock);
    if (Object->Link.Flink != NULL)
        RemoveEntryList(&Object->Link);
    KiUnlock(&WmipLock);
    WmipTellProviders();
}

NTSTATUS WmipInitializeObjectType(VOID)
{
    static const OB_TYPE_INFO Info = {.Name = L"WmiGuid", .Delete = WmipDeleteObject};

    return ObpCreateType(&Info, &WmipObjectType);
}

NTSTATUS NTAPI IoWMIOpenBlock(LPCGUID Guid, ULONG DesiredAccess, PVOID *DataBlockObject)
{
    PWMIP_TARGET Targets;
    PWMIP_OBJECT Object;
    NTSTATUS Status;
    PVOID Body;
    ULONG Count;

    KE_IRQL_AT_MOST(APC_LEVEL);
    *DataBlockObject = NULL;
    WmipSettle();
    Status = WmipFindTargets(Guid, &Targets, &Count);
    WmipFreeTargets(Targets, Count);
    /* Who only waits for events may be there before the first provider. */
    if (!NT_SUCCESS(Status) &&
        !(Status == STATUS_WMI_GUID_NOT_FOUND && (DesiredAccess & WMIGUID_NOTIFICATION) != 0))
        return Status;
    Status = ObpCreate(WmipObjectType, NULL, sizeof(*Object), &Body);
    if (!NT_SUCCESS(Status))
        return Status;
    Object = Body;
    Object->Guid = *Guid;
    Object->Access = DesiredAccess;
    KiLock(&WmipLock);
    InsertTailList(&WmipObjects, &Object->Link);
    KiUnlock(&WmipLock);
    WmipTellProviders();
    *DataBlockObject = Object;
    return STATUS_SUCCESS;
}

NTSTATUS WmipBeginRequest(PWMIP_OBJECT Object, ULONG Access, PWMIP_TARGET *Targets, PULONG Count)
{
    *Targets = NULL;
    *Count = 0;
    if ((Object->Access & Access) == 0)
        return STATUS_ACCESS_DENIED;
    return WmipFindTargets(&Object->Guid, Targets, Count);
}

/* MAXULONG: none of the static ones. */
static ULONG WmipIndexOf(const WMIP_BLOCK *Block, PCUNICODE_STRING Name)
{
    ULONG i;

    for (i = 0; Block->Names != NULL && i < Block->InstanceCount; i++) {
        if (RtlEqualUnicodeString(&Block->Names[i], Name, TRUE))
            return i;
    }
    return MAXULONG;
}

/* What is to be done with one instance. */
typedef struct _WMIP_INSTANCE_REQUEST {
    UCHAR MinorFunction;
    ULONG Flags; /* WNODE_FLAG_* */
    ULONG Access;
    PCUNICODE_STRING Name;
    ULONG Version;
    ULONG Item; /* item or method */
    PVOID Data; /* in */
    ULONG DataBytes;
    ULONG Room; /* what the answer may take */
} WMIP_INSTANCE_REQUEST;

/* The three kinds of WNODE for one instance, by what they have in common. */
static ULONG WmipHead(UCHAR MinorFunction)
{
    switch (MinorFunction) {
    case IRP_MN_CHANGE_SINGLE_ITEM:
        return FIELD_OFFSET(WNODE_SINGLE_ITEM, VariableData);
    case IRP_MN_EXECUTE_METHOD:
        return FIELD_OFFSET(WNODE_METHOD_ITEM, VariableData);
    default:
        return FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData);
    }
}

static PULONG WmipDataFields(PWNODE_HEADER Node, UCHAR MinorFunction)
{
    switch (MinorFunction) {
    case IRP_MN_CHANGE_SINGLE_ITEM:
        return &((PWNODE_SINGLE_ITEM)Node)->DataBlockOffset; /* and SizeDataItem behind it */
    case IRP_MN_EXECUTE_METHOD:
        return &((PWNODE_METHOD_ITEM)Node)->DataBlockOffset;
    default:
        return &((PWNODE_SINGLE_INSTANCE)Node)->DataBlockOffset;
    }
}

/* Sends the request to one provider. *Node: the answer, whose data lies within it. */
static NTSTATUS WmipAskOne(const WMIP_TARGET *Target, ULONG Index,
                           const WMIP_INSTANCE_REQUEST *Request, PWNODE_HEADER *Node)
{
    ULONG Head = WmipHead(Request->MinorFunction);
    ULONG Data = (Head + (ULONG)sizeof(USHORT) + Request->Name->Length + 7) & ~7u, Bytes;
    PWNODE_SINGLE_INSTANCE Common;
    PULONG Fields;
    NTSTATUS Status;

    *Node = NULL;
    if (Request->DataBytes > WMIP_LARGEST - Data || Request->Room > WMIP_LARGEST - Data)
        return STATUS_INVALID_PARAMETER;
    Bytes = Data + (Request->DataBytes > Request->Room ? Request->DataBytes : Request->Room);
    if (Bytes < sizeof(WNODE_TOO_SMALL))
        Bytes = sizeof(WNODE_TOO_SMALL);
    *Node = WmipAllocateNode(Target, Bytes, Request->Flags);
    if (*Node == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    (*Node)->Version = Request->Version;
    Common = (PWNODE_SINGLE_INSTANCE)*Node; /* all begin with name and index */
    Common->OffsetInstanceName = Head;
    Common->InstanceIndex = Index == MAXULONG ? 0 : Index;
    if (Request->MinorFunction == IRP_MN_CHANGE_SINGLE_ITEM)
        ((PWNODE_SINGLE_ITEM)*Node)->ItemId = Request->Item;
    else if (Request->MinorFunction == IRP_MN_EXECUTE_METHOD)
        ((PWNODE_METHOD_ITEM)*Node)->MethodId = Request->Item;
    Fields = WmipDataFields(*Node, Request->MinorFunction);
    Fields[0] = Data;
    Fields[1] = Request->DataBytes;
    memcpy((PUCHAR)*Node + Head, &Request->Name->Length, sizeof(USHORT));
    memcpy((PUCHAR)*Node + Head + sizeof(USHORT), Request->Name->Buffer, Request->Name->Length);
    if (Request->DataBytes != 0)
        memcpy((PUCHAR)*Node + Data, Request->Data, Request->DataBytes);
    if (Request->MinorFunction == IRP_MN_CHANGE_SINGLE_ITEM ||
        Request->MinorFunction == IRP_MN_CHANGE_SINGLE_INSTANCE) {
        GUID Guid = Target->Block->Guid;

        Status = WmipSend(Target->Provider, Request->MinorFunction, &Guid, *Node, Bytes, NULL);
        ExFreePoolWithTag(*Node, WMIP_TAG);
        *Node = NULL;
        return Status;
    }
    Status = WmipSendNode(Target, Request->MinorFunction, Node, Bytes);
    if (!NT_SUCCESS(Status))
        return Status;
    Fields = WmipDataFields(*Node, Request->MinorFunction);
    if ((*Node)->BufferSize >= Head && Fields[0] <= (*Node)->BufferSize &&
        (*Node)->BufferSize - Fields[0] >= Fields[1])
        return STATUS_SUCCESS;
    ExFreePoolWithTag(*Node, WMIP_TAG);
    *Node = NULL;
    return STATUS_INVALID_DEVICE_STATE;
}

/* Finds the provider of the instance. *Node (may be NULL on success, after a set): pool. */
static NTSTATUS WmipAskInstance(PWMIP_OBJECT Object, const WMIP_INSTANCE_REQUEST *Request,
                                PWNODE_HEADER *Node)
{
    PWMIP_TARGET Targets;
    NTSTATUS Status, Outcome = STATUS_WMI_INSTANCE_NOT_FOUND;
    ULONG Count, Index, i;

    *Node = NULL;
    Status = WmipBeginRequest(Object, Request->Access, &Targets, &Count);
    if (!NT_SUCCESS(Status))
        return Status;
    for (i = 0; i < Count; i++) {
        if ((Targets[i].Block->Flags & WMIREG_FLAG_EVENT_ONLY_GUID) != 0)
            continue;
        Index = WmipIndexOf(Targets[i].Block, Request->Name);
        if (Targets[i].Block->Names != NULL && Index == MAXULONG)
            continue;
        Outcome = WmipAskOne(&Targets[i], Index, Request, Node);
        /* Not this one's: the next may know the name. */
        if (Outcome != STATUS_WMI_INSTANCE_NOT_FOUND && Outcome != STATUS_WMI_GUID_NOT_FOUND)
            break;
    }
    WmipFreeTargets(Targets, Count);
    return Outcome;
}

NTSTATUS NTAPI IoWMIQuerySingleInstance(PVOID DataBlockObject, PUNICODE_STRING InstanceName,
                                        ULONG *InOutBufferSize, PVOID OutBuffer)
{
    WMIP_INSTANCE_REQUEST Request = {.MinorFunction = IRP_MN_QUERY_SINGLE_INSTANCE,
                                     .Flags = WNODE_FLAG_SINGLE_INSTANCE,
                                     .Access = WMIGUID_QUERY,
                                     .Name = InstanceName,
                                     .Room = WMIP_FIRST_BUFFER};
    PWNODE_HEADER Node;
    NTSTATUS Status;
    ULONG Room = *InOutBufferSize;

    KE_IRQL_AT_MOST(APC_LEVEL);
    Status = WmipAskInstance(DataBlockObject, &Request, &Node);
    if (!NT_SUCCESS(Status))
        return Status;
    *InOutBufferSize = Node->BufferSize;
    if (OutBuffer == NULL || Node->BufferSize > Room)
        Status = STATUS_BUFFER_TOO_SMALL;
    else
        memcpy(OutBuffer, Node, Node->BufferSize);
    ExFreePoolWithTag(Node, WMIP_TAG);
    return Status;
}

NTSTATUS NTAPI IoWMISetSingleInstance(PVOID DataBlockObject, PUNICODE_STRING InstanceName,
                                      ULONG Version, ULONG ValueBufferSize, PVOID ValueBuffer)
{
    WMIP_INSTANCE_REQUEST Request = {.MinorFunction = IRP_MN_CHANGE_SINGLE_INSTANCE,
                                     .Flags = WNODE_FLAG_SINGLE_INSTANCE,
                                     .Access = WMIGUID_SET,
                                     .Name = InstanceName,
                                     .Version = Version,
                                     .Data = ValueBuffer,
                                     .DataBytes = ValueBufferSize};
    PWNODE_HEADER Node;

    KE_IRQL_AT_MOST(APC_LEVEL);
    return WmipAskInstance(DataBlockObject, &Request, &Node);
}

NTSTATUS NTAPI IoWMISetSingleItem(PVOID DataBlockObject, PUNICODE_STRING InstanceName,
                                  ULONG DataItemId, ULONG Version, ULONG ValueBufferSize,
                                  PVOID ValueBuffer)
{
    WMIP_INSTANCE_REQUEST Request = {.MinorFunction = IRP_MN_CHANGE_SINGLE_ITEM,
                                     .Flags = WNODE_FLAG_SINGLE_ITEM,
                                     .Access = WMIGUID_SET,
                                     .Name = InstanceName,
                                     .Version = Version,
                                     .Item = DataItemId,
                                     .Data = ValueBuffer,
                                     .DataBytes = ValueBufferSize};
    PWNODE_HEADER Node;

    KE_IRQL_AT_MOST(APC_LEVEL);
    return WmipAskInstance(DataBlockObject, &Request, &Node);
}

NTSTATUS NTAPI IoWMIExecuteMethod(PVOID DataBlockObject, PUNICODE_STRING InstanceName,
                                  ULONG MethodId, ULONG InBufferSize, PULONG OutBufferSize,
                                  PUCHAR InOutBuffer)
{
    WMIP_INSTANCE_REQUEST Request = {.MinorFunction = IRP_MN_EXECUTE_METHOD,
                                     .Flags = WNODE_FLAG_METHOD_ITEM,
                                     .Access = WMIGUID_EXECUTE,
                                     .Name = InstanceName,
                                     .Item = MethodId,
                                     .Data = InOutBuffer,
                                     .DataBytes = InBufferSize,
                                     .Room = *OutBufferSize};
    PWNODE_METHOD_ITEM Item;
    PWNODE_HEADER Node;
    NTSTATUS Status;
    ULONG Room = *OutBufferSize;

    KE_IRQL_AT_MOST(APC_LEVEL);
    Status = WmipAskInstance(DataBlockObject, &Request, &Node);
    if (!NT_SUCCESS(Status))
        return Status;
    Item = (PWNODE_METHOD_ITEM)Node;
    *OutBufferSize = Item->SizeDataBlock;
    if (Item->SizeDataBlock > Room)
        Status = STATUS_BUFFER_TOO_SMALL;
    else if (Item->SizeDataBlock != 0)
        memcpy(InOutBuffer, (PUCHAR)Item + Item->DataBlockOffset, Item->SizeDataBlock);
    ExFreePoolWithTag(Node, WMIP_TAG);
    return Status;
}

/* SPDX-License-Identifier: MIT */
/* query.c - all instances of a block, from all its providers: IRP_MN_QUERY_ALL_DATA. */
#include "ntio/wmi/wmip.h"
#include "ntio/wmi/consumer.h"

static ULONG WmipAlign(ULONG Bytes)
{
    return (Bytes + 7) & ~7u;
}

/* Each instance's data lies within the node. */
static BOOLEAN WmipCheckAllData(const WNODE_ALL_DATA *Data)
{
    ULONG Bytes = Data->WnodeHeader.BufferSize, i, Offset, Length;
    ULONG Fixed = FIELD_OFFSET(WNODE_ALL_DATA, OffsetInstanceDataAndLength);

    if (Bytes < Fixed + sizeof(ULONG))
        return FALSE;
    if ((Data->WnodeHeader.Flags & WNODE_FLAG_FIXED_INSTANCE_SIZE) != 0)
        return Data->DataBlockOffset <= Bytes &&
               (Data->FixedInstanceSize == 0 ||
                Data->InstanceCount <=
                    (Bytes - Data->DataBlockOffset) / WmipAlign(Data->FixedInstanceSize) + 1);
    if (Data->InstanceCount > (Bytes - Fixed) / sizeof(OFFSETINSTANCEDATAANDLENGTH))
        return FALSE;
    for (i = 0; i < Data->InstanceCount; i++) {
        /* By a pointer: the compiler takes an array of one at its word. */
        const OFFSETINSTANCEDATAANDLENGTH *Each = Data->OffsetInstanceDataAndLength;

        Offset = Each[i].OffsetInstanceData;
        Length = Each[i].LengthInstanceData;
        if (Offset > Bytes || Bytes - Offset < Length)
            return FALSE;
    }
    return TRUE;
}

/* Static names are not the driver's to write: they are put behind its data. */
static NTSTATUS WmipAddNames(const WMIP_BLOCK *Block, PWNODE_ALL_DATA *Data)
{
    ULONG Count = (*Data)->InstanceCount, Bytes = WmipAlign((*Data)->WnodeHeader.BufferSize), i, At;
    ULONGLONG Whole = Bytes + (ULONGLONG)Count * sizeof(ULONG);
    PWNODE_ALL_DATA Larger;

    if (Block->Names == NULL)
        return STATUS_SUCCESS;
    if (Count > Block->InstanceCount)
        return STATUS_INVALID_DEVICE_STATE;
    for (i = 0; i < Count; i++)
        Whole += sizeof(USHORT) + Block->Names[i].Length;
    if (Whole > WMIP_LARGEST)
        return STATUS_INVALID_DEVICE_STATE;
    Larger = ExAllocatePoolWithTag(NonPagedPoolNx, (SIZE_T)Whole, WMIP_TAG);
    if (Larger == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(Larger, 0, (SIZE_T)Whole);
    memcpy(Larger, *Data, (*Data)->WnodeHeader.BufferSize);
    Larger->WnodeHeader.BufferSize = (ULONG)Whole;
    Larger->OffsetInstanceNameOffsets = Bytes;
    At = Bytes + Count * (ULONG)sizeof(ULONG);
    for (i = 0; i < Count; i++) {
        memcpy((PUCHAR)Larger + Bytes + i * sizeof(ULONG), &At, sizeof(At));
        memcpy((PUCHAR)Larger + At, &Block->Names[i].Length, sizeof(USHORT));
        memcpy((PUCHAR)Larger + At + sizeof(USHORT), Block->Names[i].Buffer,
               Block->Names[i].Length);
        At += (ULONG)sizeof(USHORT) + Block->Names[i].Length;
    }
    ExFreePoolWithTag(*Data, WMIP_TAG);
    *Data = Larger;
    return STATUS_SUCCESS;
}

static NTSTATUS WmipQueryOne(const WMIP_TARGET *Target, PWNODE_ALL_DATA *Data)
{
    PWNODE_HEADER Node = WmipAllocateNode(Target, WMIP_FIRST_BUFFER, WNODE_FLAG_ALL_DATA);
    NTSTATUS Status;

    *Data = NULL;
    if (Node == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = WmipSendNode(Target, IRP_MN_QUERY_ALL_DATA, &Node, WMIP_FIRST_BUFFER);
    if (!NT_SUCCESS(Status))
        return Status;
    *Data = (PWNODE_ALL_DATA)Node;
    Status =
        WmipCheckAllData(*Data) ? WmipAddNames(Target->Block, Data) : STATUS_INVALID_DEVICE_STATE;
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(*Data, WMIP_TAG);
        *Data = NULL;
    }
    return Status;
}

NTSTATUS NTAPI IoWMIQueryAllData(PVOID DataBlockObject, ULONG *InOutBufferSize, PVOID OutBuffer)
{
    PWMIP_OBJECT Object = DataBlockObject;
    ULONG Room = *InOutBufferSize, Total = 0, Last = 0, Count, Answers = 0, i;
    PWMIP_TARGET Targets;
    NTSTATUS Status, Failure = STATUS_WMI_GUID_NOT_FOUND;

    KE_IRQL_AT_MOST(APC_LEVEL);
    Status = WmipBeginRequest(Object, WMIGUID_QUERY, &Targets, &Count);
    if (!NT_SUCCESS(Status))
        return Status;
    for (i = 0; i < Count; i++) {
        PWNODE_ALL_DATA Data;
        ULONG Bytes;

        if ((Targets[i].Block->Flags & WMIREG_FLAG_EVENT_ONLY_GUID) != 0)
            continue;
        Status = WmipQueryOne(&Targets[i], &Data);
        if (!NT_SUCCESS(Status)) {
            Failure = Status;
            continue;
        }
        Bytes = Data->WnodeHeader.BufferSize;
        Data->WnodeHeader.Linkage = 0;
        if (OutBuffer != NULL && Total <= Room && Room - Total >= Bytes) {
            memcpy((PUCHAR)OutBuffer + Total, Data, Bytes);
            if (Answers != 0)
                ((PWNODE_HEADER)((PUCHAR)OutBuffer + Last))->Linkage = Total - Last;
        }
        Last = Total;
        Total = WmipAlign(Total + Bytes);
        Answers++;
        ExFreePoolWithTag(Data, WMIP_TAG);
    }
    WmipFreeTargets(Targets, Count);
    if (Answers == 0)
        return Failure;
    *InOutBufferSize = Total;
    return OutBuffer == NULL || Total > Room ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}

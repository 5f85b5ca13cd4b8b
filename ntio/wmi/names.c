/* SPDX-License-Identifier: MIT */
/* names.c - what instances of a device may be called, and what they are called. */
#include "ntio/wmi/consumer.h"
#include "ntio/pnp/pnpp.h"

/* A copy in paged pool, which the caller frees. */
static NTSTATUS WmipCopyName(const WCHAR *First, PCUNICODE_STRING Second, PUNICODE_STRING To)
{
    SIZE_T FirstBytes = First != NULL ? NtCrt_wcslen(First) * sizeof(WCHAR) : 0;
    SIZE_T SecondBytes = Second != NULL ? Second->Length : 0;
    SIZE_T Bytes = FirstBytes + SecondBytes;

    if (Bytes + sizeof(WCHAR) > MAXUSHORT)
        return STATUS_INVALID_PARAMETER;
    To->Buffer = ExAllocatePoolWithTag(PagedPool, Bytes + sizeof(WCHAR), WMIP_TAG);
    if (To->Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (FirstBytes != 0)
        memcpy(To->Buffer, First, FirstBytes);
    if (SecondBytes != 0)
        memcpy((PUCHAR)To->Buffer + FirstBytes, Second->Buffer, SecondBytes);
    To->Buffer[Bytes / sizeof(WCHAR)] = 0;
    To->Length = (USHORT)Bytes;
    To->MaximumLength = (USHORT)(Bytes + sizeof(WCHAR));
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoWMISuggestInstanceName(PDEVICE_OBJECT PhysicalDeviceObject,
                                        PUNICODE_STRING SymbolicLinkName, BOOLEAN CombineNames,
                                        PUNICODE_STRING SuggestedInstanceName)
{
    PDEVICE_NODE Node;
    NTSTATUS Status;
    const WCHAR *Description;

    KE_IRQL_AT_MOST(APC_LEVEL);
    if (CombineNames ? PhysicalDeviceObject == NULL || SymbolicLinkName == NULL
                     : (PhysicalDeviceObject == NULL) == (SymbolicLinkName == NULL))
        return STATUS_INVALID_PARAMETER_MIX;
    if (PhysicalDeviceObject == NULL)
        return WmipCopyName(NULL, SymbolicLinkName, SuggestedInstanceName);
    Node = PnpNamedNode(PhysicalDeviceObject);
    if (Node == NULL)
        return STATUS_NO_SUCH_DEVICE;
    Description = Node->Description != NULL ? Node->Description : Node->InstancePath;
    Status = WmipCopyName(Description, SymbolicLinkName, SuggestedInstanceName);
    PnpDereferenceNode(Node);
    return Status;
}

NTSTATUS NTAPI IoWMIDeviceObjectToInstanceName(PVOID DataBlockObject, PDEVICE_OBJECT DeviceObject,
                                               PUNICODE_STRING InstanceName)
{
    PWMIP_OBJECT Object = DataBlockObject;
    PDEVICE_OBJECT Base;
    PWMIP_TARGET Targets;
    NTSTATUS Status;
    ULONG Count, i;

    KE_IRQL_AT_MOST(APC_LEVEL);
    Status = WmipFindTargets(&Object->Guid, &Targets, &Count);
    if (!NT_SUCCESS(Status))
        return Status;
    Base = IoGetDeviceAttachmentBaseRef(DeviceObject);
    Status = STATUS_WMI_INSTANCE_NOT_FOUND;
    for (i = 0; i < Count; i++) {
        const WMIP_BLOCK *Block = Targets[i].Block;

        if (Block->Physical != Base || Block->Names == NULL || Block->InstanceCount == 0)
            continue;
        Status = WmipCopyName(NULL, &Block->Names[0], InstanceName);
        break;
    }
    ObDereferenceObject(Base);
    WmipFreeTargets(Targets, Count);
    return Status;
}

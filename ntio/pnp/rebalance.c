/* SPDX-License-Identifier: MIT */
/*
 * rebalance.c - what a device asks for and gets, and the pauses that give a working device
 * something else: because it needs something else itself, or because another that comes needs what
 * it has.
 *
 * A pause: QUERY_STOP, which may be refused (CANCEL_STOP, and everything stays as it was), STOP,
 * START with the other resources. It is tried only where it will help: for a device that can be
 * satisfied once one other has moved. A device with children is not paused for another's sake.
 */
#include "ntio/pnp/pnpp.h"

NTSTATUS PnpSendStart(PDEVICE_NODE Node)
{
    IO_STACK_LOCATION Stack = {.MinorFunction = IRP_MN_START_DEVICE};

    Stack.Parameters.StartDevice.AllocatedResources = Node->Resources;
    Stack.Parameters.StartDevice.AllocatedResourcesTranslated = Node->ResourcesTranslated;
    return PnpSendIrp(Node->PhysicalDeviceObject, &Stack, NULL);
}

/* Whether the device's drivers agree to a pause; it is stopped then. */
static BOOLEAN PnppPause(PDEVICE_NODE Node)
{
    PDEVICE_OBJECT Pdo = Node->PhysicalDeviceObject;
    NTSTATUS Status = PnpSendSimpleIrp(Pdo, IRP_MN_QUERY_STOP_DEVICE);

    if (!NT_SUCCESS(Status)) {
        (void)PnpSendSimpleIrp(Pdo, IRP_MN_CANCEL_STOP_DEVICE);
        DbgPrint("PnP: %ws can't be stopped (0x%08x); it keeps its resources\n", Node->InstancePath,
                 Status);
        return FALSE;
    }
    (void)PnpSendSimpleIrp(Pdo, IRP_MN_STOP_DEVICE);
    return TRUE;
}

/* The end of a pause. */
static VOID PnppGoOn(PDEVICE_NODE Node)
{
    NTSTATUS Status = PnpSendStart(Node);

    if (!NT_SUCCESS(Status))
        PnpFailDevice(Node, PnpStartProblem(Status), Status);
}

/* Another that works and has what Node needs, and could do with something else; it has moved then.
 */
static NTSTATUS PnppMakeRoom(PDEVICE_NODE Node, const IO_RESOURCE_REQUIREMENTS_LIST *List)
{
    PDEVICE_NODE Other = NULL;
    NTSTATUS Status, OtherStatus;

    while ((Other = PnpNextLeafFirst(PnpRootNode, Other)) != NULL) {
        if (Other == Node || Other->State != PnpStarted || Other->Child != NULL ||
            Other->Resources == NULL || Other->Filtered == NULL)
            continue;
        if (!PnpCouldMove(Node, List, Other, Other->Filtered) || !PnppPause(Other))
            continue;
        PnpReleaseResources(Other);
        Status = PnpAssignResources(Node, List);
        OtherStatus = PnpAssignResources(Other, Other->Filtered);
        if (NT_SUCCESS(OtherStatus))
            PnppGoOn(Other);
        else
            PnpFailDevice(Other, CM_PROB_NORMAL_CONFLICT, OtherStatus);
        return Status;
    }
    return STATUS_CONFLICTING_ADDRESSES;
}

NTSTATUS PnpAssign(PDEVICE_NODE Node)
{
    IO_STACK_LOCATION Stack = {.MinorFunction = IRP_MN_FILTER_RESOURCE_REQUIREMENTS};
    PIO_RESOURCE_REQUIREMENTS_LIST List = NULL;
    ULONG_PTR Information;
    NTSTATUS Status;

    if (Node->Requirements != NULL) {
        List = ExAllocatePoolWithTag(PagedPool, Node->Requirements->ListSize, PNP_TAG);
        if (List == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        memcpy(List, Node->Requirements, Node->Requirements->ListSize);
    }
    Information = (ULONG_PTR)List;
    Stack.Parameters.FilterResourceRequirements.IoResourceRequirementList = List;
    if (NT_SUCCESS(PnpSendIrp(Node->PhysicalDeviceObject, &Stack, &Information)))
        List = (PIO_RESOURCE_REQUIREMENTS_LIST)Information;
    Status = PnpAssignResources(Node, List);
    if (Status == STATUS_CONFLICTING_ADDRESSES)
        Status = PnppMakeRoom(Node, List);
    PnpFree(Node->Filtered);
    Node->Filtered = List; /* for when it has to make room itself */
    return Status;
}

VOID PnpRequirementsChanged(PDEVICE_NODE Node)
{
    IO_STACK_LOCATION Stack = {.MinorFunction = IRP_MN_QUERY_RESOURCE_REQUIREMENTS};
    ULONG_PTR Information = 0;
    NTSTATUS Status;

    if (!PnppPause(Node))
        return;
    PnpReleaseResources(Node);
    if (NT_SUCCESS(PnpSendIrp(Node->PhysicalDeviceObject, &Stack, &Information))) {
        PIO_RESOURCE_REQUIREMENTS_LIST Old;

        KiLock(&PnpTreeLock);
        Old = Node->Requirements;
        Node->Requirements = (PIO_RESOURCE_REQUIREMENTS_LIST)Information;
        KiUnlock(&PnpTreeLock);
        PnpFree(Old);
    }
    Status = PnpAssign(Node);
    if (NT_SUCCESS(Status))
        PnppGoOn(Node);
    else
        PnpFailDevice(Node, CM_PROB_NORMAL_CONFLICT, Status);
}

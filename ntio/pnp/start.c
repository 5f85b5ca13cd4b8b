/* SPDX-License-Identifier: MIT */
/* start.c - START, and what a started device says of its state. */
#include "ntio/pnp/pnpp.h"

ULONG PnpStartProblem(NTSTATUS Status)
{
    switch (Status) {
    case STATUS_PNP_REBOOT_REQUIRED:
        return CM_PROB_NEED_RESTART;
    case STATUS_INSUFFICIENT_RESOURCES:
        return CM_PROB_OUT_OF_MEMORY;
    default:
        return CM_PROB_FAILED_START;
    }
}

/* Asks the device's state and does what follows from it. */
static VOID PnppQueryState(PDEVICE_NODE Node, BOOLEAN JustStarted)
{
    IO_STACK_LOCATION Stack = {.MinorFunction = IRP_MN_QUERY_PNP_DEVICE_STATE};
    ULONG_PTR Information = 0;
    ULONG State;

    if (!NT_SUCCESS(PnpSendIrp(Node->PhysicalDeviceObject, &Stack, &Information)))
        return;
    State = (ULONG)Information;
    KiLock(&PnpTreeLock);
    Node->DeviceState = State;
    KiUnlock(&PnpTreeLock);
    if (State & PNP_DEVICE_REMOVED)
        PnpSurpriseRemove(Node, TRUE, CM_PROB_DEVICE_NOT_THERE, STATUS_NO_SUCH_DEVICE);
    else if ((State & PNP_DEVICE_RESOURCE_REQUIREMENTS_CHANGED) && !JustStarted)
        PnpRequirementsChanged(Node);
    else if (State & PNP_DEVICE_FAILED)
        PnpSurpriseRemove(Node, TRUE, CM_PROB_FAILED_POST_START, STATUS_UNSUCCESSFUL);
    else if (State & PNP_DEVICE_DISABLED)
        PnpSurpriseRemove(Node, TRUE, CM_PROB_HARDWARE_DISABLED, STATUS_UNSUCCESSFUL);
}

static NTSTATUS PnppStart(PDEVICE_NODE Node)
{
    DEVICE_CAPABILITIES Capabilities;
    NTSTATUS Status;

    Status = PnpAssign(Node);
    if (!NT_SUCCESS(Status)) {
        PnpFailDevice(Node, CM_PROB_NORMAL_CONFLICT, Status);
        return Status;
    }
    Status = PnpSendStart(Node);
    if (!NT_SUCCESS(Status)) {
        PnpFailDevice(Node, PnpStartProblem(Status), Status);
        return Status;
    }
    PnpSetProblem(Node, PnpStarted, 0, STATUS_SUCCESS);
    PnpSetStartPending(Node, FALSE);
    /* The function driver may know better what the device can do. */
    if (NT_SUCCESS(PnpQueryCapabilities(Node->PhysicalDeviceObject, &Capabilities))) {
        KiLock(&PnpTreeLock);
        Node->Capabilities = Capabilities;
        KiUnlock(&PnpTreeLock);
    }
    PnppQueryState(Node, TRUE);
    return Node->State == PnpStarted ? STATUS_SUCCESS : Node->ProblemStatus;
}

static NTSTATUS PnppConfigure(PDEVICE_NODE Node)
{
    WCHAR Path[PNP_PATH_CHARACTERS];
    ULONG Flags = 0, ProfileFlags = 0;
    NTSTATUS Status;

    /* A bus driver that deletes the PDO on REMOVE before it has stopped reporting it: nothing can
     * be put on it. */
    if (PnpIsDeleted(Node->PhysicalDeviceObject)) {
        PnpSetProblem(Node, PnpFailed, CM_PROB_DEVICE_NOT_THERE, STATUS_NO_SUCH_DEVICE);
        return STATUS_NO_SUCH_DEVICE;
    }
    if (PnpEnumPath(Node->InstancePath, NULL, Path))
        (void)CmpQueryUlong(Path, L"ConfigFlags", &Flags);
    if (PnpJoin(Path, PNP_PATH_CHARACTERS, PNP_PROFILE_KEY L"\\Enum\\", Node->InstancePath, NULL))
        (void)CmpQueryUlong(Path, L"CSConfigFlags", &ProfileFlags);
    if ((Flags & PNP_CONFIGFLAG_DISABLED) ||
        (ProfileFlags & (PNP_CSCONFIGFLAG_DISABLED | PNP_CSCONFIGFLAG_DO_NOT_START))) {
        PnpSetProblem(Node, PnpInitialized, CM_PROB_DISABLED, STATUS_SUCCESS);
        return STATUS_SUCCESS;
    }
    if (Node->Capabilities.HardwareDisabled) {
        PnpSetProblem(Node, PnpInitialized, CM_PROB_HARDWARE_DISABLED, STATUS_SUCCESS);
        return STATUS_SUCCESS;
    }
    Status = PnpAddDrivers(Node);
    if (!NT_SUCCESS(Status) || Node->State != PnpDriversAdded)
        return Status;
    Status = PnppStart(Node);
    if (NT_SUCCESS(Status)) {
        (void)PnpTellNode(Node, PnpEventStarted, NULL);
        (void)PnpEnumerateBus(Node);
    }
    return Status;
}

NTSTATUS PnpConfigure(PDEVICE_NODE Node)
{
    NTSTATUS Status;

    PnpSetStartPending(Node, TRUE);
    Status = PnppConfigure(Node);
    PnpSetStartPending(Node, FALSE);
    return Status;
}

VOID PnpStateRoutine(PNP_ACTION *Action)
{
    if (Action->Node->State == PnpStarted)
        PnppQueryState(Action->Node, FALSE);
}

VOID NTAPI IoInvalidateDeviceState(PDEVICE_OBJECT PhysicalDeviceObject)
{
    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    if (!PnpIsPdo(PhysicalDeviceObject))
        PnpInvalidPdo(PhysicalDeviceObject);
    (void)PnpQueueDeviceAction(PhysicalDeviceObject, FIELD_OFFSET(DEVICE_NODE, StateAction));
}

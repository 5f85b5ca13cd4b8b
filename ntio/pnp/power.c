/* SPDX-License-Identifier: MIT */
/*
 * power.c - the device tree as the power manager sees it: a list of started stacks and their
 * depths. A transition is an action of the worker, so no device comes or goes meanwhile.
 */
#include "ntio/pnp/pnpp.h"

typedef struct _PNP_POWER_ACTION {
    PNP_ACTION Action;
    SYSTEM_POWER_STATE State;
    BOOLEAN Critical;
    WCHAR *Veto;
    ULONG VetoCharacters;
} PNP_POWER_ACTION;

/* Each with a reference; NULL: no memory (or nothing to list, *Count is 0 then). */
static PPO_DEVICE PnppListStarted(PULONG Count)
{
    PDEVICE_NODE Node;
    PPO_DEVICE Devices;
    ULONG Nodes = 0;

    for (Node = NULL; (Node = PnpNextLeafFirst(PnpRootNode, Node)) != NULL;)
        Nodes++;
    *Count = 0;
    Devices = ExAllocatePoolWithTag(NonPagedPoolNx, Nodes * sizeof(*Devices), PNP_TAG);
    if (Devices == NULL)
        return NULL;
    for (Node = NULL; (Node = PnpNextLeafFirst(PnpRootNode, Node)) != NULL;) {
        if (Node == PnpRootNode || Node->State != PnpStarted)
            continue;
        ObReferenceObject(Node->PhysicalDeviceObject);
        Devices[*Count].Physical = Node->PhysicalDeviceObject;
        Devices[*Count].Depth = PnpDepth(Node);
        ++*Count;
    }
    return Devices;
}

static VOID PnppNameRefused(const PNP_POWER_ACTION *Power, PDEVICE_OBJECT Refused)
{
    PDEVICE_NODE Node = PnpNodeOfDevice(Refused);

    if (Node == NULL)
        return;
    if (Power->Veto != NULL && Power->VetoCharacters != 0)
        (void)PnpJoin(Power->Veto, Power->VetoCharacters,
                      Node->InstancePath != NULL ? Node->InstancePath : L"?", L" (",
                      Node->Service != NULL ? Node->Service : L"no driver",
                      L"): a driver refused query-power", NULL);
    PnpDereferenceNode(Node);
}

static NTSTATUS PnppSetPower(const PNP_POWER_ACTION *Power)
{
    PDEVICE_OBJECT Refused = NULL;
    PPO_DEVICE Devices;
    NTSTATUS Status;
    ULONG Count, i;

    Devices = PnppListStarted(&Count);
    if (Devices == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = PoSetSystemPower(Power->State, Power->Critical, Devices, Count, &Refused);
    if (Refused != NULL) {
        PnppNameRefused(Power, Refused);
        ObDereferenceObject(Refused);
    }
    for (i = 0; i < Count; i++)
        ObDereferenceObject(Devices[i].Physical);
    ExFreePool(Devices);
    return Status;
}

static VOID PnppPowerRoutine(PNP_ACTION *Action)
{
    Action->Status = PnppSetPower(CONTAINING_RECORD(Action, PNP_POWER_ACTION, Action));
}

NTSTATUS PnpSetSystemPower(SYSTEM_POWER_STATE State, BOOLEAN Critical, WCHAR *Veto,
                           ULONG VetoCharacters)
{
    PNP_POWER_ACTION Power = {.Action = {.Run = PnppPowerRoutine},
                              .State = State,
                              .Critical = Critical,
                              .Veto = Veto,
                              .VetoCharacters = VetoCharacters};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (State < PowerSystemWorking || State > PowerSystemShutdown)
        return STATUS_INVALID_PARAMETER;
    return PnpRunAction(&Power.Action);
}

/* Several devices may wake it at once; they are one wake-up. */
static VOID PnppWakeRoutine(PNP_ACTION *Action)
{
    static const PNP_POWER_ACTION Wake = {.State = PowerSystemWorking};

    UNREFERENCED_PARAMETER(Action);
    if (PoQuerySystemPower() != PowerSystemShutdown)
        (void)PnppSetPower(&Wake);
}

static PNP_ACTION PnppWakeAction = {.Run = PnppWakeRoutine};

VOID PnpWakeSystem(VOID)
{
    PnpQueueActionOnce(&PnppWakeAction);
}

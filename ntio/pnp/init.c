/* SPDX-License-Identifier: MIT */
/* init.c - the beginning and the end of pnp. */
#include "ntio/pnp/pnpp.h"

/* io reads it under its lock. */
static VOID PnppSetLastClose(IOP_LAST_CLOSE *Routine)
{
    KiLock(&IopDeviceLock);
    IopLastCloseCallout = Routine;
    KiUnlock(&IopDeviceLock);
}

NTSTATUS PnpInitializeSystem(VOID)
{
    NTSTATUS Status;

    PnpInitializeInterfaces();
    PnpInitializeNotify();
    Status = PnpCreateRoot();
    if (!NT_SUCCESS(Status))
        return Status;
    Status = PnpStartWorker();
    if (!NT_SUCCESS(Status)) {
        PnpDeleteRoot();
        return Status;
    }
    PnppSetLastClose(PnpLastClose);
    atomic_store(&IopIdleDriverCallout, PnpIdleDriver);
    atomic_store(&IopQueryResourcesCallout, PnpQueryResources);
    atomic_store(&PopWakeCallout, PnpWakeSystem);
    return STATUS_SUCCESS;
}

static VOID PnppRemoveAllRoutine(PNP_ACTION *Action)
{
    (void)Action;
    PnpRemoveTree();
}

/*
 * What could not be removed: its handles are still open, and io names them. The nodes stay behind
 * with their devices, so that io sees that the drivers are in use; the next boot knows nothing of
 * them.
 */
static VOID PnppAbandonTree(VOID)
{
    PDEVICE_NODE Node = NULL;

    while ((Node = PnpNextLeafFirst(PnpRootNode, Node)) != PnpRootNode)
        DbgPrint("PnP: %ws is still open at the shutdown; its drivers get no REMOVE\n",
                 Node->InstancePath);
    KiLock(&PnpTreeLock);
    for (Node = PnpRootNode->Child; Node != NULL; Node = Node->Sibling)
        Node->Parent = NULL;
    PnpRootNode->Child = NULL;
    KiUnlock(&PnpTreeLock);
}

VOID PnpShutdownSystem(VOID)
{
    PNP_ACTION Action = {.Run = PnppRemoveAllRoutine};

    if (PnpRootNode == NULL)
        return;
    (void)PnpRunAction(&Action);
    PnpSettle();
    atomic_store(&PopWakeCallout, NULL);
    PnpStopWorker();
    atomic_store(&IopIdleDriverCallout, NULL);
    atomic_store(&IopQueryResourcesCallout, NULL);
    PnppSetLastClose(NULL);
    PnppAbandonTree();
    PnpForgetDrivers();
    PnpForgetNumbers();
    PnpDeleteInterfaces();
    PnpDeleteRoot();
}

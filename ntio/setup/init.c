/* SPDX-License-Identifier: MIT */
/* init.c - setup's beginning and end, and what pnp asks it: a driver for a new device. */
#include "ntio/setup/setupp.h"
#include "ntio.h"

USHORT SetuppLanguage = 0x409;
static _Atomic BOOLEAN SetuppUp;

BOOLEAN SetupIsUp(VOID)
{
    return atomic_load(&SetuppUp);
}

/* On the PnP worker. */
static NTSTATUS SetuppFindDriver(PDEVICE_NODE Node)
{
    SETUP_DRIVER_LIST List;
    BOOLEAN Reboot = FALSE;
    SETUP_LOG *Log;
    char *Narrow;
    ULONG Error;

    if (SetuppRoot(FALSE) == NULL)
        return STATUS_NOT_FOUND; /* nothing was ever published */
    Error = SetupFindDrivers(Node->HardwareIds, Node->CompatibleIds, NULL, NULL, &List);
    if (Error != ERROR_SUCCESS)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (List.Count == 0) {
        SetupFreeDriverList(&List);
        return STATUS_NOT_FOUND;
    }
    Narrow = SetuppNarrow(Node->InstancePath);
    Log = SetuppLogOpen("Device Install (Hardware initiated) - %s", Narrow != NULL ? Narrow : "");
    free(Narrow);
    Error = SetuppInstall(Node->InstancePath, List.Drivers[0], Log, &Reboot);
    SetuppLogClose(Log, Error);
    SetupFreeDriverList(&List);
    /* A package that can't be installed is as good as none; the log says why. */
    return Error == ERROR_SUCCESS ? STATUS_SUCCESS : STATUS_NOT_FOUND;
}

NTSTATUS SetupInitialize(VOID)
{
    PnpFindDriverCallout = SetuppFindDriver;
    atomic_store(&SetuppUp, TRUE);
    return STATUS_SUCCESS;
}

/* After pnp: nobody asks any more. */
VOID SetupShutdown(VOID)
{
    atomic_store(&SetuppUp, FALSE);
    PnpFindDriverCallout = NULL;
    SetuppForgetStore();
    SetuppForgetRoot();
    SetuppLanguage = 0x409;
}

int32_t ntio_set_language(uint16_t language)
{
    if (!SetupIsUp())
        return STATUS_DEVICE_NOT_READY;
    SetuppLanguage = language;
    return STATUS_SUCCESS;
}

/* SPDX-License-Identifier: MIT */
/* update.c - a package for all devices that it fits, and the end of a package on all that have it.
 */
#include "ntio/setup/setupp.h"

typedef struct _SETUPP_PATHS {
    WCHAR **Paths;
    ULONG Count;
    BOOLEAN NoMemory;
} SETUPP_PATHS;

static VOID SetuppCollect(const WCHAR *InstancePath, PVOID Context)
{
    SETUPP_PATHS *List = Context;
    WCHAR **Larger = realloc(List->Paths, (List->Count + 1) * sizeof(*Larger));

    if (Larger != NULL)
        List->Paths = Larger;
    if (Larger == NULL || (Larger[List->Count] = InfDuplicate(InstancePath)) == NULL)
        List->NoMemory = TRUE;
    else
        List->Count++;
}

static BOOLEAN SetuppCollectEach(const WCHAR *InstancePath, PVOID Context)
{
    SetuppCollect(InstancePath, Context);
    return TRUE;
}

static VOID SetuppFreePaths(SETUPP_PATHS *List)
{
    for (ULONG i = 0; i < List->Count; i++)
        free(List->Paths[i]);
    free(List->Paths);
}

ULONG SetupDriversOf(const WCHAR *InstancePath, const char *Path, SETUP_DRIVER_LIST *List)
{
    WCHAR *Hardware = SetuppDeviceValue(InstancePath, L"HardwareID");
    WCHAR *Compatible = SetuppDeviceValue(InstancePath, L"CompatibleIDs");
    ULONG Error = SetupFindDrivers(Hardware, Compatible, Path, NULL, List);

    if (Hardware != NULL)
        ExFreePool(Hardware);
    if (Compatible != NULL)
        ExFreePool(Compatible);
    return Error;
}

static BOOLEAN SetuppIsBetterThanNow(const WCHAR *InstancePath, const SETUP_DRIVER *Driver)
{
    ULONGLONG Version;
    ULONG Date, Rank = SetupCurrentRank(InstancePath, &Date, &Version);

    if (Rank != Driver->Rank)
        return Driver->Rank < Rank;
    if (Date != Driver->Date)
        return Driver->Date > Date;
    return Driver->DriverVer > Version;
}

static ULONG SetuppUpdateOne(const WCHAR *InstancePath, const char *Path, BOOLEAN Force,
                             BOOLEAN Look, SETUP_UPDATE *Result)
{
    SETUP_DRIVER_LIST List;
    BOOLEAN Reboot = FALSE;
    ULONG Error = SetupDriversOf(InstancePath, Path, &List);

    if (Error != ERROR_SUCCESS)
        return Error;
    if (List.Count != 0) {
        Result->Matched++;
        if (Force || SetuppIsBetterThanNow(InstancePath, List.Drivers[0])) {
            Result->Better++;
            if (!Look)
                Error = SetupInstallDevice(InstancePath, List.Drivers[0], &Reboot);
            if (Error == ERROR_SUCCESS && !Look)
                Result->Installed++;
            Result->Reboot |= Reboot;
        }
    }
    SetupFreeDriverList(&List);
    return Error;
}

ULONG SetupUpdateDevices(const WCHAR *HardwareId, const char *InfPath, BOOLEAN Force, BOOLEAN Look,
                         SETUP_UPDATE *Result)
{
    SETUPP_PATHS Devices = {0};
    ULONG Error = ERROR_SUCCESS, One;

    memset(Result, 0, sizeof(*Result));
    PnpSettle(); /* what a bus has just reported counts */
    if (HardwareId != NULL)
        SetupDevicesWithId(HardwareId, SetuppCollect, &Devices);
    else
        SetuppEachDevice(TRUE, SetuppCollectEach, &Devices);
    if (Devices.NoMemory)
        Error = ERROR_NOT_ENOUGH_MEMORY;
    for (ULONG i = 0; i < Devices.Count; i++) {
        One = SetuppUpdateOne(Devices.Paths[i], InfPath, Force, Look, Result);
        if (Error == ERROR_SUCCESS)
            Error = One; /* the first failure is what is told; the others are tried all the same */
    }
    Result->Present = Devices.Count;
    SetuppFreePaths(&Devices);
    return Error;
}

ULONG SetupUninstall(const WCHAR *Name, BOOLEAN DeleteFiles, BOOLEAN *Reboot)
{
    SETUPP_PATHS Devices = {0};
    BOOLEAN One;
    ULONG Error, Result;

    SetupDevicesOf(Name, SetuppCollect, &Devices);
    Error = Devices.NoMemory ? ERROR_NOT_ENOUGH_MEMORY : ERROR_SUCCESS;
    /* First out of the store: what the devices find when they start again is the next best. */
    if (Error == ERROR_SUCCESS)
        Error = SetupUnpublish(Name, TRUE, DeleteFiles);
    for (ULONG i = 0; i < Devices.Count && Error == ERROR_SUCCESS; i++) {
        Result = SetupInstallDevice(Devices.Paths[i], NULL, &One);
        if (Result != ERROR_SUCCESS && Result != ERROR_NO_SUCH_DEVINST)
            Error = Result;
        *Reboot |= One;
    }
    SetuppFreePaths(&Devices);
    return Error;
}

/* SPDX-License-Identifier: MIT */
/*
 * setupdiinst.c - what is done to the devices of a set: registered, removed, changed, restarted.
 *
 * The set is not locked while a device changes: what is needed is copied before, what came of it is
 * written to the element after, if that is still there.
 */
#include "ntio/win32/setupdi.h"

/* What is to be done with which device. */
typedef struct _TARGET {
    HDEVINFO Handle;
    PSP_DEVINFO_DATA Device;
    WCHAR Id[PNP_INSTANCE_CHARACTERS];
    DEVINST DevInst;
    BOOLEAN Created;
    DWORD Flags; /* of the install parameters */
    BOOLEAN HasParams;
    union {
        SP_CLASSINSTALL_HEADER Header;
        SP_PROPCHANGE_PARAMS Change;
        SP_REMOVEDEVICE_PARAMS Remove;
    } Params; /* where HasParams: those for Function */
} TARGET;

static DWORD Look(HDEVINFO Handle, PSP_DEVINFO_DATA Device, DI_FUNCTION Function, TARGET *Target)
{
    SETUPDI_ELEMENT *Element;
    SETUPDI_SET *Set;
    DWORD Error = SetupdiLockElement(Handle, Device, &Set, &Element);

    if (Error != ERROR_SUCCESS)
        return Error;
    memset(Target, 0, sizeof(*Target));
    Target->Handle = Handle;
    Target->Device = Device;
    (void)CfgJoin(Target->Id, PNP_INSTANCE_CHARACTERS, Element->InstanceId, NULL);
    Target->DevInst = Element->DevInst;
    Target->Created = Element->Created;
    Target->Flags = Element->Params.Install.Flags;
    if ((Target->Flags & DI_CLASSINSTALLPARAMS) && Element->Params.Class != NULL &&
        Element->Params.Class->InstallFunction == Function) {
        DWORD Bytes = Element->Params.ClassBytes;

        memcpy(&Target->Params, Element->Params.Class,
               Bytes < sizeof(Target->Params) ? Bytes : sizeof(Target->Params));
        Target->HasParams = TRUE;
    }
    SetupdiUnlock(Set);
    return ERROR_SUCCESS;
}

/* Writes what came of it: flags to set, and (Registered) that the device is one now. */
static VOID Note(const TARGET *Target, DWORD Flags, BOOLEAN Registered)
{
    SETUPDI_ELEMENT *Element;
    SETUPDI_SET *Set;

    if (SetupdiLockElement(Target->Handle, Target->Device, &Set, &Element) != ERROR_SUCCESS)
        return;
    Element->Params.Install.Flags |= Flags;
    if (Registered)
        Element->Created = FALSE;
    SetupdiUnlock(Set);
}

static BOOLEAN IsThere(const TARGET *Target, PNP_FACTS *Facts)
{
    return NT_SUCCESS(PnpGetFacts(Target->Id, Facts));
}

/* ---- registered ---- */

static DWORD Register(HDEVINFO Handle, PSP_DEVINFO_DATA Device)
{
    TARGET Target;
    NTSTATUS Status;
    PNP_FACTS Facts;
    DWORD Error = Look(Handle, Device, DIF_REGISTERDEVICE, &Target);

    if (Error != ERROR_SUCCESS || !Target.Created)
        return Error;
    Status = PnpRegisterRootDevice(Target.Id);
    /* A device whose driver fails is there all the same, with its problem. */
    if (!IsThere(&Target, &Facts))
        return Status == STATUS_INSUFFICIENT_RESOURCES ? ERROR_NOT_ENOUGH_MEMORY
                                                       : ERROR_NO_SUCH_DEVINST;
    Note(&Target, 0, TRUE);
    return ERROR_SUCCESS;
}

BOOL WINAPI SetupDiRegisterDeviceInfo(HDEVINFO Handle, PSP_DEVINFO_DATA Device, DWORD Flags,
                                      PVOID CompareProc, PVOID CompareContext,
                                      PSP_DEVINFO_DATA Duplicate)
{
    UNREFERENCED_PARAMETER(CompareProc);
    UNREFERENCED_PARAMETER(CompareContext);
    UNREFERENCED_PARAMETER(Duplicate);
    return SetupdiAnswer(Flags != 0 ? ERROR_INVALID_FLAGS : Register(Handle, Device));
}

/* ---- removed ---- */

/* What the registry has of it. */
static VOID DeleteKeys(const TARGET *Target, const WCHAR *DriverKey)
{
    PNP_FACTS Facts;

    if (DriverKey[0] != 0)
        (void)CmpDeleteTree(DriverKey);
    if (!IsThere(Target, &Facts)) /* else its bus has reported it again meanwhile */
        (void)CM_Uninstall_DevNode(Target->DevInst, 0);
}

static DWORD Remove(HDEVINFO Handle, PSP_DEVINFO_DATA Device)
{
    WCHAR DriverKey[PNP_PATH_CHARACTERS];
    TARGET Target;
    PNP_REFUSAL Refusal = {0};
    NTSTATUS Status;
    DWORD Error = Look(Handle, Device, DIF_REMOVE, &Target);

    if (Error != ERROR_SUCCESS)
        return Error;
    if (Target.Created)
        return ERROR_DEVINFO_NOT_REGISTERED;
    /* There is one hardware profile: what goes from it goes from all. */
    if (Target.HasParams && Target.Params.Remove.Scope == DI_REMOVEDEVICE_CONFIGSPECIFIC &&
        Target.Params.Remove.HwProfile != 0)
        return ERROR_INVALID_HWPROFILE;
    if (CfgKeyPath(Target.Id, CM_REGISTRY_SOFTWARE, DriverKey) != CR_SUCCESS)
        DriverKey[0] = 0;
    Status = PnpRemoveDeviceEx(Target.Id, &Refusal);
    if (!NT_SUCCESS(Status) && Refusal.Name[0] != 0) {
        /* In use: it goes with the next start of the system. */
        (void)PnpMarkUninstalled(Target.Id);
        Note(&Target, DI_NEEDREBOOT, FALSE);
        return ERROR_SUCCESS;
    }
    if (Status == STATUS_NO_SUCH_DEVICE && !CfgKnown(Target.Id))
        return ERROR_NO_SUCH_DEVINST;
    if (!NT_SUCCESS(Status) && Status != STATUS_NO_SUCH_DEVICE)
        return Status == STATUS_INVALID_PARAMETER ? ERROR_CANT_REMOVE_DEVINST
                                                  : RtlNtStatusToDosErrorNoTeb(Status);
    DeleteKeys(&Target, DriverKey);
    return ERROR_SUCCESS;
}

BOOL WINAPI SetupDiRemoveDevice(HDEVINFO Handle, PSP_DEVINFO_DATA Device)
{
    return SetupdiAnswer(Remove(Handle, Device));
}

/* ---- changed ---- */

/* Sets or clears ConfigFlags' disabled bit without touching the device. */
static DWORD WriteDisabled(const TARGET *Target, BOOLEAN Disabled)
{
    ULONG Type, Bytes, Flags = 0;
    PVOID Data;

    if (CfgReadProperty(Target->Id, CM_DRP_CONFIGFLAGS, &Type, &Data, &Bytes) == CR_SUCCESS) {
        Flags = *(ULONG *)Data;
        CfgFree(Data);
    }
    Flags = Disabled ? Flags | CFG_DISABLED : Flags & ~(ULONG)CFG_DISABLED;
    return SetupdiFromCr(CfgWriteProperty(Target->Id, CM_DRP_CONFIGFLAGS, &Flags, sizeof(Flags)));
}

static DWORD WriteProfile(const TARGET *Target, ULONG Set, ULONG Clear)
{
    return SetupdiFromCr(
        CfgSetProfileFlags(Target->Id, (CfgProfileFlags(Target->Id) & ~Clear) | Set));
}

/* Takes the device down where it is up; what is written of it already holds from its next start on.
 */
static DWORD Down(const TARGET *Target)
{
    PNP_REFUSAL Refusal = {0};
    NTSTATUS Status = PnpDisableDeviceEx(Target->Id, FALSE, &Refusal);

    if (NT_SUCCESS(Status) || Status == STATUS_NO_SUCH_DEVICE)
        return ERROR_SUCCESS;
    if (Refusal.Name[0] == 0)
        return RtlNtStatusToDosErrorNoTeb(Status);
    Note(Target, DI_NEEDREBOOT, FALSE);
    return ERROR_SUCCESS;
}

static DWORD Up(const TARGET *Target)
{
    PNP_FACTS Facts;

    if (!IsThere(Target, &Facts))
        return ERROR_SUCCESS; /* a phantom: what is written counts when it comes */
    return SetupdiFromCr(CM_Enable_DevNode(Target->DevInst, 0));
}

static DWORD Restart(const TARGET *Target)
{
    PNP_REFUSAL Refusal = {0};
    PNP_FACTS Facts;
    NTSTATUS Status;

    if (!IsThere(Target, &Facts) || Facts.Problem == CM_PROB_DISABLED)
        return ERROR_SUCCESS;
    Status = PnpRestartDeviceEx(Target->Id, &Refusal);
    if (Refusal.Name[0] != 0 && !NT_SUCCESS(Status))
        Note(Target, DI_NEEDREBOOT, FALSE);
    /* A driver that fails now is the device's problem, and stands in its status. */
    return Status == STATUS_INVALID_PARAMETER   ? ERROR_INVALID_DATA
           : Status == STATUS_POSSIBLE_DEADLOCK ? ERROR_POSSIBLE_DEADLOCK
                                                : ERROR_SUCCESS;
}

static DWORD Disable(const TARGET *Target, BOOLEAN Global)
{
    PNP_FACTS Facts;
    DWORD Error;

    if (IsThere(Target, &Facts) &&
        (Facts.IsRoot || (Facts.DeviceState & PNP_DEVICE_NOT_DISABLEABLE)))
        return ERROR_NOT_DISABLEABLE;
    Error = Global ? WriteDisabled(Target, TRUE) : WriteProfile(Target, CFG_CS_DISABLED, 0);
    return Error == ERROR_SUCCESS ? Down(Target) : Error;
}

static DWORD Change(HDEVINFO Handle, PSP_DEVINFO_DATA Device)
{
    TARGET Target;
    BOOLEAN Global;
    DWORD Error = Look(Handle, Device, DIF_PROPERTYCHANGE, &Target);

    if (Error != ERROR_SUCCESS)
        return Error;
    if (!Target.HasParams)
        return ERROR_NO_CLASSINSTALL_PARAMS;
    Global = Target.Params.Change.Scope == DICS_FLAG_GLOBAL;
    if (!Global && Target.Params.Change.HwProfile != 0)
        return ERROR_INVALID_HWPROFILE;
    if (!CfgKnown(Target.Id))
        return ERROR_NO_SUCH_DEVINST;
    switch (Target.Params.Change.StateChange) {
    case DICS_ENABLE:
        Error = Global ? WriteDisabled(&Target, FALSE) : WriteProfile(&Target, 0, CFG_CS_DISABLED);
        return Error == ERROR_SUCCESS ? Up(&Target) : Error;
    case DICS_DISABLE:
        return Disable(&Target, Global);
    case DICS_START:
        Error = WriteProfile(&Target, 0, CFG_CS_DO_NOT_START);
        return Error == ERROR_SUCCESS ? Up(&Target) : Error;
    case DICS_STOP:
        Error = WriteProfile(&Target, CFG_CS_DO_NOT_START, 0);
        return Error == ERROR_SUCCESS ? Down(&Target) : Error;
    default:
        return Restart(&Target);
    }
}

BOOL WINAPI SetupDiChangeState(HDEVINFO Handle, PSP_DEVINFO_DATA Device)
{
    return SetupdiAnswer(Change(Handle, Device));
}

BOOL WINAPI SetupDiRestartDevices(HDEVINFO Handle, PSP_DEVINFO_DATA Device)
{
    SP_DEVINFO_DATA Each = {.cbSize = sizeof(Each)};
    DWORD Error = ERROR_SUCCESS, i;
    TARGET Target;

    for (i = 0; Error == ERROR_SUCCESS; i++) {
        if (Device == NULL && !SetupDiEnumDeviceInfo(Handle, i, &Each)) {
            Error = GetLastError();
            if (Error == ERROR_NO_MORE_ITEMS)
                Error = ERROR_SUCCESS;
            break;
        }
        Error = Look(Handle, Device != NULL ? Device : &Each, 0, &Target);
        if (Error == ERROR_SUCCESS)
            Error = Restart(&Target);
        if (Device != NULL)
            break;
    }
    return SetupdiAnswer(Error);
}

/* ---- the class installer's default ---- */

BOOL WINAPI SetupDiCallClassInstaller(DI_FUNCTION Function, HDEVINFO Handle,
                                      PSP_DEVINFO_DATA Device)
{
    SETUPDI_PARAMS *Params;
    SETUPDI_SET *Set;
    DWORD Flags, Error = SetupdiLockParams(Handle, Device, &Set, &Params);

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    Flags = Params->Install.Flags;
    SetupdiUnlock(Set);
    if (Flags & DI_NODI_DEFAULTACTION)
        return SetupdiAnswer(ERROR_DI_DO_DEFAULT);
    switch (Function) {
    case DIF_REGISTERDEVICE:
        return SetupdiAnswer(Register(Handle, Device));
    case DIF_REMOVE:
        return SetupdiAnswer(Remove(Handle, Device));
    case DIF_PROPERTYCHANGE:
        return SetupdiAnswer(Change(Handle, Device));
    case DIF_SELECTBESTCOMPATDRV:
    case DIF_INSTALLDEVICEFILES:
    case DIF_INSTALLDEVICE:
        return SetupdiAnswer(SetupDrvClassInstaller(Function, Handle, Device));
    default:
        return SetupdiAnswer(ERROR_DI_DO_DEFAULT);
    }
}

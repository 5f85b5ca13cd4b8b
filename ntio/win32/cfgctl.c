/* SPDX-License-Identifier: MIT */
/* cfgctl.c - what is done to devices: made, disabled, taken down, started, asked again. */
#include "ntio/win32/cfgmgr.h"

/* What a removal that was refused is answered with. */
static CONFIGRET Refused(NTSTATUS Status, const PNP_REFUSAL *Refusal)
{
    if (!NT_SUCCESS(Status) && Refusal->Name[0] != 0)
        return Refusal->Type == PNP_VetoNonDisableable ? CR_NOT_DISABLEABLE : CR_REMOVE_VETOED;
    if (Status == STATUS_INVALID_PARAMETER)
        return CR_INVALID_DEVNODE; /* the root */
    return CfgFromStatus(Status);
}

/* ---- made ---- */

/* From the key that is there, or with a key of its own. */
static CONFIGRET CreateNamed(const WCHAR *Id, ULONG Flags)
{
    WCHAR Path[PNP_PATH_CHARACTERS];
    PNP_FACTS Facts;
    NTSTATUS Status;

    if (!CfgGoodInstanceId(Id) || NtCrt__wcsnicmp(Id, L"ROOT\\", 5) != 0 ||
        !PnpEnumPath(Id, NULL, Path))
        return CR_INVALID_DEVICE_ID;
    if (NT_SUCCESS(PnpGetFacts(Id, &Facts)))
        return CR_ALREADY_SUCH_DEVNODE;
    if (Flags & CM_CREATE_DEVNODE_PHANTOM) {
        if (CmpKeyExists(Path))
            return CR_ALREADY_SUCH_DEVNODE;
        return CfgFromStatus(CmpSetUlong(Path, L"Phantom", 1));
    }
    if (!CmpKeyExists(Path) && !NT_SUCCESS(CmpCreateKey(Path)))
        return CR_OUT_OF_MEMORY;
    Status = PnpRegisterRootDevice(Id);
    /* A device whose driver fails is there all the same, with its problem. */
    return NT_SUCCESS(PnpGetFacts(Id, &Facts)) ? CR_SUCCESS : CfgFromStatus(Status);
}

CONFIGRET WINAPI CM_Create_DevNodeW(PDEVINST DevInst, DEVINSTID_W DeviceId, DEVINST Parent,
                                    ULONG Flags)
{
    WCHAR Id[PNP_INSTANCE_CHARACTERS];
    PNP_FACTS Facts;
    NTSTATUS Status;
    CONFIGRET Code;

    if (DevInst == NULL || DeviceId == NULL)
        return CR_INVALID_POINTER;
    *DevInst = 0;
    Code = CfgDevice(Parent, Flags, CM_CREATE_DEVNODE_BITS, Id);
    if (Code != CR_SUCCESS)
        return Code;
    if (!NT_SUCCESS(PnpGetFacts(Id, &Facts)) || !Facts.IsRoot)
        return CR_INVALID_DEVNODE; /* devices of a bus are the bus driver's to make */
    if (Flags & CM_CREATE_DEVNODE_GENERATE_ID) {
        Status = PnpCreatePhantom(DeviceId, Id);
        if (Status == STATUS_INVALID_PARAMETER)
            return CR_INVALID_DEVICE_ID;
        Code = CfgFromStatus(Status);
        if (Code == CR_SUCCESS && !(Flags & CM_CREATE_DEVNODE_PHANTOM))
            Code = CreateNamed(Id, Flags);
    } else {
        if (!CfgJoin(Id, PNP_INSTANCE_CHARACTERS, DeviceId, NULL))
            return CR_INVALID_DEVICE_ID;
        Code = CreateNamed(Id, Flags);
    }
    if (Code != CR_SUCCESS)
        return Code;
    *DevInst = PnpDeviceNumber(Id);
    return *DevInst != 0 ? CR_SUCCESS : CR_OUT_OF_MEMORY;
}

CONFIGRET WINAPI CM_Create_DevNodeA(PDEVINST DevInst, DEVINSTID_A DeviceId, DEVINST Parent,
                                    ULONG Flags)
{
    CONFIGRET Code;
    WCHAR *Wide;

    if (DeviceId == NULL)
        return CR_INVALID_POINTER;
    Wide = CfgWide(DeviceId, strlen(DeviceId), NULL);
    if (Wide == NULL)
        return CR_OUT_OF_MEMORY;
    Code = CM_Create_DevNodeW(DevInst, Wide, Parent, Flags);
    CfgFree(Wide);
    return Code;
}

CONFIGRET WINAPI CM_Uninstall_DevNode(DEVNODE Phantom, ULONG Flags)
{
    WCHAR Id[PNP_INSTANCE_CHARACTERS], Path[PNP_PATH_CHARACTERS];
    PNP_FACTS Facts;
    CONFIGRET Code = CfgDevice(Phantom, Flags, 0, Id);

    if (Code != CR_SUCCESS)
        return Code;
    if (NT_SUCCESS(PnpGetFacts(Id, &Facts)))
        return CR_INVALID_DEVNODE;
    if (!CfgKnown(Id))
        return CR_NO_SUCH_DEVNODE;
    if (CfgKeyPath(Id, CM_REGISTRY_SOFTWARE, Path) == CR_SUCCESS)
        (void)CmpDeleteTree(Path);
    if (CfgJoin(Path, PNP_PATH_CHARACTERS, CFG_PROFILE_KEY L"\\Enum\\", Id, NULL))
        (void)CmpDeleteTree(Path);
    return PnpEnumPath(Id, NULL, Path) ? CfgFromStatus(CmpDeleteTree(Path)) : CR_INVALID_DEVICE_ID;
}

/* ---- off and on ---- */

CONFIGRET WINAPI CM_Disable_DevNode(DEVINST DevInst, ULONG Flags)
{
    WCHAR Id[PNP_INSTANCE_CHARACTERS];
    PNP_REFUSAL Refusal;
    CONFIGRET Code = CfgDevice(DevInst, Flags, CM_DISABLE_BITS | CM_DISABLE_PERSIST, Id);

    if (Code != CR_SUCCESS)
        return Code;
    return Refused(PnpDisableDeviceEx(Id, (Flags & CM_DISABLE_PERSIST) != 0, &Refusal), &Refusal);
}

CONFIGRET WINAPI CM_Enable_DevNode(DEVINST DevInst, ULONG Flags)
{
    WCHAR Id[PNP_INSTANCE_CHARACTERS];
    PNP_FACTS Facts;
    NTSTATUS Status;
    CONFIGRET Code = CfgDevice(DevInst, Flags, 0, Id);

    if (Code != CR_SUCCESS)
        return Code;
    Status = PnpEnableDevice(Id);
    /* Enabled, but its driver fails: that is the device's problem, and stands in its status. */
    if (!NT_SUCCESS(Status) && NT_SUCCESS(PnpGetFacts(Id, &Facts)) &&
        Facts.Problem != CM_PROB_DISABLED)
        return CR_SUCCESS;
    return CfgFromStatus(Status);
}

/* ---- down ---- */

typedef NTSTATUS TAKE_DOWN(const WCHAR *InstanceId, PNP_REFUSAL *Refusal);

static NTSTATUS RemoveAndComeBack(const WCHAR *InstanceId, PNP_REFUSAL *Refusal)
{
    return PnpRemoveSubtree(InstanceId, FALSE, Refusal);
}

static NTSTATUS RemoveForGood(const WCHAR *InstanceId, PNP_REFUSAL *Refusal)
{
    return PnpRemoveSubtree(InstanceId, TRUE, Refusal);
}

static CONFIGRET TakeDown(DEVINST DevInst, TAKE_DOWN *Routine, PPNP_VETO_TYPE VetoType,
                          PNP_REFUSAL *Refusal)
{
    WCHAR Id[PNP_INSTANCE_CHARACTERS];
    CONFIGRET Code = CfgDevice(DevInst, 0, 0, Id);

    memset(Refusal, 0, sizeof(*Refusal));
    if (Code == CR_SUCCESS)
        Code = Refused(Routine(Id, Refusal), Refusal);
    if (Code == CR_NOT_DISABLEABLE)
        Code = CR_REMOVE_VETOED; /* the type says which */
    if (VetoType != NULL)
        *VetoType = Code == CR_REMOVE_VETOED ? Refusal->Type : PNP_VetoTypeUnknown;
    return Code;
}

/* What fits of the name, terminated. */
static VOID NameW(const PNP_REFUSAL *Refusal, LPWSTR Name, ULONG Length)
{
    if (Name != NULL && Length != 0)
        (void)CfgJoin(Name, Length, Refusal->Name, NULL);
}

static VOID NameA(const PNP_REFUSAL *Refusal, LPSTR Name, ULONG Length)
{
    ULONG Bytes;
    CHAR *Narrow;

    if (Name == NULL || Length == 0)
        return;
    Name[0] = 0;
    Narrow = CfgNarrow(Refusal->Name, NtCrt_wcslen(Refusal->Name), &Bytes);
    if (Narrow == NULL)
        return;
    if (Bytes > Length - 1)
        Bytes = Length - 1;
    memcpy(Name, Narrow, Bytes);
    Name[Bytes] = 0;
    CfgFree(Narrow);
}

CONFIGRET WINAPI CM_Query_And_Remove_SubTreeW(DEVINST Ancestor, PPNP_VETO_TYPE VetoType,
                                              LPWSTR VetoName, ULONG Length, ULONG Flags)
{
    PNP_REFUSAL Refusal;
    CONFIGRET Code;

    if (Flags & ~CM_REMOVE_BITS)
        return CR_INVALID_FLAG;
    Code = TakeDown(Ancestor, Flags & CM_REMOVE_NO_RESTART ? RemoveForGood : RemoveAndComeBack,
                    VetoType, &Refusal);
    NameW(&Refusal, VetoName, Length);
    return Code;
}

CONFIGRET WINAPI CM_Query_And_Remove_SubTreeA(DEVINST Ancestor, PPNP_VETO_TYPE VetoType,
                                              LPSTR VetoName, ULONG Length, ULONG Flags)
{
    PNP_REFUSAL Refusal;
    CONFIGRET Code;

    if (Flags & ~CM_REMOVE_BITS)
        return CR_INVALID_FLAG;
    Code = TakeDown(Ancestor, Flags & CM_REMOVE_NO_RESTART ? RemoveForGood : RemoveAndComeBack,
                    VetoType, &Refusal);
    NameA(&Refusal, VetoName, Length);
    return Code;
}

/* Whether it is a device that can be ejected or removed. */
static CONFIGRET MayEject(DEVINST DevInst, ULONG Flags)
{
    WCHAR Id[PNP_INSTANCE_CHARACTERS];
    PNP_FACTS Facts;
    CONFIGRET Code = CfgDevice(DevInst, Flags, 0, Id);

    if (Code != CR_SUCCESS)
        return Code;
    if (!NT_SUCCESS(PnpGetFacts(Id, &Facts)))
        return CR_NO_SUCH_DEVNODE;
    return !Facts.IsRoot && (Facts.Capabilities.Removable || Facts.Capabilities.EjectSupported)
               ? CR_SUCCESS
               : CR_INVALID_DEVNODE;
}

CONFIGRET WINAPI CM_Request_Device_EjectW(DEVINST DevInst, PPNP_VETO_TYPE VetoType, LPWSTR VetoName,
                                          ULONG Length, ULONG Flags)
{
    PNP_REFUSAL Refusal;
    CONFIGRET Code = MayEject(DevInst, Flags);

    if (Code != CR_SUCCESS)
        return Code;
    Code = TakeDown(DevInst, PnpEjectDevice, VetoType, &Refusal);
    NameW(&Refusal, VetoName, Length);
    return Code;
}

CONFIGRET WINAPI CM_Request_Device_EjectA(DEVINST DevInst, PPNP_VETO_TYPE VetoType, LPSTR VetoName,
                                          ULONG Length, ULONG Flags)
{
    PNP_REFUSAL Refusal;
    CONFIGRET Code = MayEject(DevInst, Flags);

    if (Code != CR_SUCCESS)
        return Code;
    Code = TakeDown(DevInst, PnpEjectDevice, VetoType, &Refusal);
    NameA(&Refusal, VetoName, Length);
    return Code;
}

/* ---- up ---- */

CONFIGRET WINAPI CM_Reenumerate_DevNode(DEVINST DevInst, ULONG Flags)
{
    WCHAR Id[PNP_INSTANCE_CHARACTERS], Child[PNP_INSTANCE_CHARACTERS];
    PDEVICE_NODE Node;
    PNP_FACTS Facts;
    NTSTATUS Status;
    CONFIGRET Code = CfgDevice(DevInst, Flags, CM_REENUMERATE_BITS, Id);

    if (Code != CR_SUCCESS)
        return Code;
    if ((Flags & CM_REENUMERATE_SYNCHRONOUS) && (Flags & CM_REENUMERATE_ASYNCHRONOUS))
        return CR_INVALID_FLAG;
    if (!NT_SUCCESS(PnpGetFacts(Id, &Facts)))
        return CR_NO_SUCH_DEVNODE;
    if (Flags & CM_REENUMERATE_ASYNCHRONOUS) {
        Node = PnpFindNode(Id);
        if (Node == NULL)
            return CR_NO_SUCH_DEVNODE;
        IoInvalidateDeviceRelations(Node->PhysicalDeviceObject, BusRelations);
        PnpDereferenceNode(Node);
        return CR_SUCCESS;
    }
    Status = PnpEnumerateDevice(Id);
    if (Status == STATUS_INVALID_DEVICE_STATE)
        Status = STATUS_SUCCESS; /* one that is not started has no children to ask for */
    if (NT_SUCCESS(Status) && (Flags & CM_REENUMERATE_RETRY_INSTALLATION)) {
        for (Status = PnpGetRelative(Id, PnpFirstChildOf, Child); NT_SUCCESS(Status);
             Status = PnpGetRelative(Child, PnpNextSiblingOf, Child)) {
            if (NT_SUCCESS(PnpGetFacts(Child, &Facts)) && Facts.State == PnpNoDriver)
                (void)PnpStartDevice(Child);
        }
        Status = STATUS_SUCCESS;
    }
    return CfgFromStatus(Status);
}

CONFIGRET WINAPI CM_Setup_DevNode(DEVINST DevInst, ULONG Flags)
{
    WCHAR Id[PNP_INSTANCE_CHARACTERS];
    PNP_REFUSAL Refusal = {0};
    PNP_FACTS Facts;
    NTSTATUS Status;
    CONFIGRET Code = CfgDevice(DevInst, 0, 0, Id);

    if (Code != CR_SUCCESS)
        return Code;
    switch (Flags) {
    case CM_SETUP_DEVNODE_READY:
        Status = PnpStartDevice(Id);
        /* What its driver fails with stands in its status. */
        if (!NT_SUCCESS(Status) && NT_SUCCESS(PnpGetFacts(Id, &Facts)))
            return CR_SUCCESS;
        return CfgFromStatus(Status);
    case CM_SETUP_PROP_CHANGE:
    case CM_SETUP_DEVNODE_RESET:
        Status = PnpRestartDeviceEx(Id, &Refusal);
        if (!NT_SUCCESS(Status) && Refusal.Type == PNP_VetoTypeUnknown &&
            NT_SUCCESS(PnpGetFacts(Id, &Facts)) && !Facts.IsRoot)
            return CR_SUCCESS;
        return Refused(Status, &Refusal);
    default:
        return CR_INVALID_FLAG;
    }
}

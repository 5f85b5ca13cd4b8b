/* SPDX-License-Identifier: MIT */
/* cfgdev.c - which devices there are: numbers, instance IDs, the tree, lists. */
#include "ntio/win32/cfgmgr.h"

CONFIGRET CfgFromStatus(NTSTATUS Status)
{
    switch (Status) {
    case STATUS_INSUFFICIENT_RESOURCES:
    case STATUS_NO_MEMORY:
        return CR_OUT_OF_MEMORY;
    case STATUS_NO_SUCH_DEVICE:
    case STATUS_NO_MORE_ENTRIES:
        return CR_NO_SUCH_DEVNODE;
    case STATUS_OBJECT_NAME_NOT_FOUND:
        return CR_NO_SUCH_VALUE;
    case STATUS_OBJECT_NAME_COLLISION:
        return CR_ALREADY_SUCH_DEVNODE;
    case STATUS_NAME_TOO_LONG:
        return CR_INVALID_DEVICE_ID;
    case STATUS_BUFFER_TOO_SMALL:
        return CR_BUFFER_SMALL;
    case STATUS_ACCESS_DENIED:
        return CR_ACCESS_DENIED;
    default:
        return NT_SUCCESS(Status) ? CR_SUCCESS : CR_FAILURE;
    }
}

DWORD WINAPI CM_MapCrToWin32Err(CONFIGRET CmReturnCode, DWORD DefaultErr)
{
    switch (CmReturnCode) {
    case CR_SUCCESS:
        return ERROR_SUCCESS;
    case CR_OUT_OF_MEMORY:
        return ERROR_NOT_ENOUGH_MEMORY;
    case CR_INVALID_POINTER:
        return ERROR_INVALID_USER_BUFFER;
    case CR_INVALID_FLAG:
        return ERROR_INVALID_FLAGS;
    case CR_INVALID_DEVNODE:
    case CR_INVALID_DEVICE_ID:
    case CR_INVALID_MACHINENAME:
    case CR_INVALID_PROPERTY:
    case CR_INVALID_REFERENCE_STRING:
        return ERROR_INVALID_DATA;
    case CR_NO_SUCH_DEVNODE:
    case CR_NO_SUCH_VALUE:
    case CR_NO_SUCH_DEVICE_INTERFACE:
        return ERROR_NOT_FOUND;
    case CR_ALREADY_SUCH_DEVNODE:
        return ERROR_ALREADY_EXISTS;
    case CR_BUFFER_SMALL:
        return ERROR_INSUFFICIENT_BUFFER;
    case CR_NO_REGISTRY_HANDLE:
        return ERROR_INVALID_HANDLE;
    case CR_REGISTRY_ERROR:
        return ERROR_REGISTRY_CORRUPT;
    case CR_NO_SUCH_REGISTRY_KEY:
        return ERROR_FILE_NOT_FOUND;
    case CR_REMOTE_COMM_FAILURE:
    case CR_MACHINE_UNAVAILABLE:
    case CR_NO_CM_SERVICES:
        return ERROR_SERVICE_NOT_ACTIVE;
    case CR_ACCESS_DENIED:
        return ERROR_ACCESS_DENIED;
    case CR_CALL_NOT_IMPLEMENTED:
        return ERROR_CALL_NOT_IMPLEMENTED;
    default:
        return DefaultErr;
    }
}

CONFIGRET CfgDevice(DEVINST DevInst, ULONG Flags, ULONG Known, WCHAR Path[PNP_INSTANCE_CHARACTERS])
{
    if (Flags & ~Known)
        return CR_INVALID_FLAG;
    return PnpNumberedDevice(DevInst, Path) ? CR_SUCCESS : CR_INVALID_DEVNODE;
}

BOOLEAN CfgGoodInstanceId(const WCHAR *Id)
{
    ULONG Slashes = 0;
    const WCHAR *At;

    for (At = Id; *At != 0; At++) {
        if (*At <= L' ' || *At > 0x7e || *At == L',')
            return FALSE;
        if (*At == L'\\' && (++Slashes > 2 || At == Id || At[1] == L'\\' || At[1] == 0))
            return FALSE;
    }
    return Slashes == 2 && At - Id < MAX_DEVICE_ID_LEN;
}

BOOLEAN CfgKnown(const WCHAR *InstanceId)
{
    WCHAR Path[PNP_PATH_CHARACTERS];

    return PnpEnumPath(InstanceId, NULL, Path) && CmpKeyExists(Path);
}

/* Hands out the number of a path. */
static CONFIGRET Give(const WCHAR *Path, PDEVINST DevInst)
{
    *DevInst = PnpDeviceNumber(Path);
    return *DevInst != 0 ? CR_SUCCESS : CR_OUT_OF_MEMORY;
}

/* ---- one ---- */

CONFIGRET WINAPI CM_Locate_DevNodeW(PDEVINST DevInst, DEVINSTID_W DeviceId, ULONG Flags)
{
    static const WCHAR Root[] = L"HTREE\\ROOT\\0";
    const WCHAR *Id = DeviceId == NULL || DeviceId[0] == 0 ? Root : DeviceId;
    PNP_FACTS Facts;

    if (DevInst == NULL)
        return CR_INVALID_POINTER;
    *DevInst = 0;
    if (Flags & ~CM_LOCATE_DEVNODE_BITS)
        return CR_INVALID_FLAG;
    if (!CfgGoodInstanceId(Id))
        return CR_INVALID_DEVICE_ID;
    if (!NT_SUCCESS(PnpGetFacts(Id, &Facts)) &&
        (!(Flags & CM_LOCATE_DEVNODE_PHANTOM) || !CfgKnown(Id)))
        return CR_NO_SUCH_DEVNODE;
    return Give(Id, DevInst);
}

CONFIGRET WINAPI CM_Locate_DevNodeA(PDEVINST DevInst, DEVINSTID_A DeviceId, ULONG Flags)
{
    WCHAR *Wide = NULL;
    CONFIGRET Result;

    if (DeviceId != NULL) {
        Wide = CfgWide(DeviceId, strlen(DeviceId), NULL);
        if (Wide == NULL)
            return CR_OUT_OF_MEMORY;
    }
    Result = CM_Locate_DevNodeW(DevInst, Wide, Flags);
    CfgFree(Wide);
    return Result;
}

static CONFIGRET Relative(PDEVINST Result, DEVINST DevInst, PNP_RELATIVE Which, ULONG Flags)
{
    WCHAR Path[PNP_INSTANCE_CHARACTERS], Found[PNP_INSTANCE_CHARACTERS];
    CONFIGRET Code;

    if (Result == NULL)
        return CR_INVALID_POINTER;
    *Result = 0;
    Code = CfgDevice(DevInst, Flags, 0, Path);
    if (Code == CR_SUCCESS)
        Code = CfgFromStatus(PnpGetRelative(Path, Which, Found));
    return Code == CR_SUCCESS ? Give(Found, Result) : Code;
}

CONFIGRET WINAPI CM_Get_Parent(PDEVINST Parent, DEVINST DevInst, ULONG Flags)
{
    return Relative(Parent, DevInst, PnpParentOf, Flags);
}

CONFIGRET WINAPI CM_Get_Child(PDEVINST Child, DEVINST DevInst, ULONG Flags)
{
    return Relative(Child, DevInst, PnpFirstChildOf, Flags);
}

CONFIGRET WINAPI CM_Get_Sibling(PDEVINST Sibling, DEVINST DevInst, ULONG Flags)
{
    return Relative(Sibling, DevInst, PnpNextSiblingOf, Flags);
}

CONFIGRET WINAPI CM_Get_Device_ID_Size(PULONG Length, DEVINST DevInst, ULONG Flags)
{
    WCHAR Path[PNP_INSTANCE_CHARACTERS];
    CONFIGRET Code;

    if (Length == NULL)
        return CR_INVALID_POINTER;
    Code = CfgDevice(DevInst, Flags, 0, Path);
    *Length = Code == CR_SUCCESS ? (ULONG)NtCrt_wcslen(Path) : 0;
    return Code;
}

CONFIGRET WINAPI CM_Get_Device_IDW(DEVINST DevInst, PWSTR Buffer, ULONG Length, ULONG Flags)
{
    WCHAR Path[PNP_INSTANCE_CHARACTERS];
    CONFIGRET Code;
    SIZE_T Need;

    if (Buffer == NULL)
        return CR_INVALID_POINTER;
    Code = CfgDevice(DevInst, Flags, 0, Path);
    if (Code != CR_SUCCESS)
        return Code;
    Need = NtCrt_wcslen(Path) + 1;
    memcpy(Buffer, Path, (Need < Length ? Need : Length) * sizeof(WCHAR));
    return Need <= Length ? CR_SUCCESS : CR_BUFFER_SMALL;
}

/* Instance IDs are ASCII. */
CONFIGRET WINAPI CM_Get_Device_IDA(DEVINST DevInst, PSTR Buffer, ULONG Length, ULONG Flags)
{
    WCHAR Path[PNP_INSTANCE_CHARACTERS];
    CONFIGRET Code;
    ULONG i;

    if (Buffer == NULL)
        return CR_INVALID_POINTER;
    Code = CfgDevice(DevInst, Flags, 0, Path);
    if (Code != CR_SUCCESS)
        return Code;
    for (i = 0; i < Length; i++) {
        Buffer[i] = (CHAR)Path[i];
        if (Path[i] == 0)
            return CR_SUCCESS;
    }
    return CR_BUFFER_SMALL;
}

CONFIGRET WINAPI CM_Get_DevNode_Status(PULONG Status, PULONG ProblemNumber, DEVINST DevInst,
                                       ULONG Flags)
{
    WCHAR Path[PNP_INSTANCE_CHARACTERS];
    PNP_FACTS Facts;
    CONFIGRET Code;
    ULONG Bits = DN_NT_ENUMERATOR | DN_NT_DRIVER | DN_ENUM_LOADED;

    if (Status == NULL || ProblemNumber == NULL)
        return CR_INVALID_POINTER;
    *Status = *ProblemNumber = 0;
    Code = CfgDevice(DevInst, Flags, 0, Path);
    if (Code == CR_SUCCESS)
        Code = CfgFromStatus(PnpGetFacts(Path, &Facts));
    if (Code != CR_SUCCESS)
        return Code;
    if (Facts.IsRoot || Facts.RootEnumerated)
        Bits |= DN_ROOT_ENUMERATED;
    if (Facts.HasStack || Facts.IsRoot)
        Bits |= DN_DRIVER_LOADED;
    if (Facts.State == PnpStarted || Facts.State == PnpQueryRemoved)
        Bits |= DN_STARTED;
    if (Facts.State == PnpQueryRemoved)
        Bits |= DN_QUERY_REMOVE_PENDING;
    if (!Facts.IsRoot && !(Facts.DeviceState & PNP_DEVICE_NOT_DISABLEABLE))
        Bits |= DN_DISABLEABLE;
    if (Facts.Capabilities.Removable)
        Bits |= DN_REMOVABLE;
    if (Facts.Capabilities.SilentInstall)
        Bits |= DN_SILENT_INSTALL;
    if ((Facts.DeviceState & PNP_DEVICE_DONT_DISPLAY_IN_UI) || Facts.Capabilities.NoDisplayInUI)
        Bits |= DN_NO_SHOW_IN_DM;
    if (Facts.Uninstalled)
        Bits |= DN_WILL_BE_REMOVED;
    if (Facts.Problem == CM_PROB_NEED_RESTART)
        Bits |= DN_NEED_RESTART;
    if (Facts.Problem != 0)
        Bits |= DN_HAS_PROBLEM;
    *Status = Bits;
    *ProblemNumber = Facts.Problem;
    return CR_SUCCESS;
}

/* ---- lists ---- */

typedef struct _ID_LIST {
    WCHAR *Text;
    SIZE_T Used, Room; /* characters */
    BOOLEAN Failed;
} ID_LIST;

static VOID Append(ID_LIST *List, const WCHAR *Id)
{
    SIZE_T Characters = NtCrt_wcslen(Id) + 1;

    if (List->Used + Characters + 1 > List->Room) {
        SIZE_T Room = List->Room * 2 + Characters + 1024;
        WCHAR *Larger = ExAllocatePoolWithTag(PagedPool, Room * sizeof(WCHAR), TAG_CFG);

        if (Larger == NULL) {
            List->Failed = TRUE;
            return;
        }
        if (List->Used != 0)
            memcpy(Larger, List->Text, List->Used * sizeof(WCHAR));
        CfgFree(List->Text);
        List->Text = Larger;
        List->Room = Room;
    }
    memcpy(List->Text + List->Used, Id, Characters * sizeof(WCHAR));
    List->Used += Characters;
    List->Text[List->Used] = 0;
}

/* All subkeys of Enum\Device\*: Path is Enum's, Prefix what stands behind it. */
static VOID AppendBelow(ID_LIST *List, const WCHAR *Prefix, ULONG Level, BOOLEAN Present)
{
    WCHAR Path[PNP_PATH_CHARACTERS], Next[PNP_INSTANCE_CHARACTERS], *Name;
    PNP_FACTS Facts;
    ULONG i;

    if (!CfgJoin(Path, PNP_PATH_CHARACTERS, CFG_CONTROL_SET L"\\Enum", Level != 0 ? L"\\" : L"",
                 Prefix, NULL))
        return;
    for (i = 0; NT_SUCCESS(CmpEnumerateSubkey(Path, i, &Name)); i++) {
        BOOLEAN Fits =
            CfgJoin(Next, PNP_INSTANCE_CHARACTERS, Prefix, Level != 0 ? L"\\" : L"", Name, NULL);

        ExFreePool(Name);
        if (!Fits)
            continue;
        if (Level < 2)
            AppendBelow(List, Next, Level + 1, Present);
        else if (!Present || NT_SUCCESS(PnpGetFacts(Next, &Facts)))
            Append(List, Next);
    }
}

WCHAR *CfgAllDevices(BOOLEAN Present)
{
    ID_LIST List = {0};

    AppendBelow(&List, L"", 0, Present);
    if (!List.Failed && List.Text == NULL) {
        List.Text = ExAllocatePoolWithTag(PagedPool, 2 * sizeof(WCHAR), TAG_CFG);
        if (List.Text != NULL)
            List.Text[0] = List.Text[1] = 0;
    }
    if (!List.Failed)
        return List.Text;
    CfgFree(List.Text);
    return NULL;
}

/* Does the device's value agree with the filter? */
static BOOLEAN HasValue(const WCHAR *Id, ULONG Property, const WCHAR *Filter)
{
    ULONG Type, Bytes;
    BOOLEAN Is = FALSE;
    PVOID Data;

    if (CfgReadProperty(Id, Property, &Type, &Data, &Bytes) == CR_SUCCESS) {
        Is = CfgSame(Data, Filter);
        CfgFree(Data);
    }
    return Is;
}

static BOOLEAN Wanted(const WCHAR *Id, const WCHAR *Filter, ULONG Flags)
{
    SIZE_T Length;

    if (Flags & CM_GETIDLIST_FILTER_SERVICE)
        return HasValue(Id, CM_DRP_SERVICE, Filter);
    if (Flags & CM_GETIDLIST_FILTER_CLASS)
        return HasValue(Id, CM_DRP_CLASSGUID, Filter);
    if (!(Flags & CM_GETIDLIST_FILTER_ENUMERATOR))
        return TRUE;
    Length = NtCrt_wcslen(Filter);
    return NtCrt__wcsnicmp(Id, Filter, Length) == 0 && (Id[Length] == L'\\' || Id[Length] == 0);
}

static CONFIGRET RelationList(const WCHAR *Filter, ULONG Flags, WCHAR **List)
{
    DEVICE_RELATION_TYPE Type = Flags & CM_GETIDLIST_FILTER_EJECTRELATIONS     ? EjectionRelations
                                : Flags & CM_GETIDLIST_FILTER_REMOVALRELATIONS ? RemovalRelations
                                : Flags & CM_GETIDLIST_FILTER_POWERRELATIONS   ? PowerRelations
                                                                               : BusRelations;

    return CfgFromStatus(PnpGetRelations(Filter, Type, List));
}

#define RELATIONS                                                                                  \
    (CM_GETIDLIST_FILTER_EJECTRELATIONS | CM_GETIDLIST_FILTER_REMOVALRELATIONS |                   \
     CM_GETIDLIST_FILTER_POWERRELATIONS | CM_GETIDLIST_FILTER_BUSRELATIONS)

static CONFIGRET MakeList(const WCHAR *Filter, ULONG Flags, WCHAR **Result)
{
    ULONG Kind = Flags & (RELATIONS | CM_GETIDLIST_FILTER_ENUMERATOR | CM_GETIDLIST_FILTER_SERVICE |
                          CM_GETIDLIST_FILTER_CLASS);
    WCHAR *All, *From, *To;

    *Result = NULL;
    if ((Flags & ~(ULONG)(Kind | CM_GETIDLIST_FILTER_PRESENT | CM_GETIDLIST_DONOTGENERATE)) ||
        (Kind & (Kind - 1)))
        return CR_INVALID_FLAG; /* unknown, or more than one filter */
    if (Kind != 0 && Filter == NULL)
        return CR_INVALID_POINTER;
    if (Kind & RELATIONS)
        return RelationList(Filter, Flags, Result);
    All = CfgAllDevices((Flags & CM_GETIDLIST_FILTER_PRESENT) != 0);
    if (All == NULL)
        return CR_OUT_OF_MEMORY;
    for (From = To = All; *From != 0;) {
        SIZE_T Characters = NtCrt_wcslen(From) + 1;

        if (Wanted(From, Filter, Flags)) {
            memmove(To, From, Characters * sizeof(WCHAR));
            To += Characters;
        }
        From += Characters;
    }
    *To = 0;
    *Result = All;
    return CR_SUCCESS;
}

CONFIGRET WINAPI CM_Get_Device_ID_List_SizeW(PULONG Length, PCWSTR Filter, ULONG Flags)
{
    CONFIGRET Code;
    WCHAR *List;

    if (Length == NULL)
        return CR_INVALID_POINTER;
    *Length = 0;
    Code = MakeList(Filter, Flags, &List);
    if (Code == CR_SUCCESS)
        *Length = (ULONG)CfgMultiCharacters(List);
    CfgFree(List);
    return Code;
}

CONFIGRET WINAPI CM_Get_Device_ID_ListW(PCWSTR Filter, PWCHAR Buffer, ULONG Length, ULONG Flags)
{
    CONFIGRET Code;
    SIZE_T Need;
    WCHAR *List;

    if (Buffer == NULL || Length == 0)
        return CR_INVALID_POINTER;
    Code = MakeList(Filter, Flags, &List);
    if (Code == CR_SUCCESS) {
        Need = CfgMultiCharacters(List);
        if (Need > Length)
            Code = CR_BUFFER_SMALL;
        else if (List[0] == 0)
            Buffer[0] = Buffer[1] = 0;
        else
            memcpy(Buffer, List, Need * sizeof(WCHAR));
    }
    CfgFree(List);
    return Code;
}

/* Instance IDs are ASCII: as many bytes as characters. */
CONFIGRET WINAPI CM_Get_Device_ID_List_SizeA(PULONG Length, PCSTR Filter, ULONG Flags)
{
    WCHAR *Wide = NULL;
    CONFIGRET Code;

    if (Filter != NULL && (Wide = CfgWide(Filter, strlen(Filter), NULL)) == NULL)
        return CR_OUT_OF_MEMORY;
    Code = CM_Get_Device_ID_List_SizeW(Length, Wide, Flags);
    CfgFree(Wide);
    return Code;
}

CONFIGRET WINAPI CM_Get_Device_ID_ListA(PCSTR Filter, PCHAR Buffer, ULONG Length, ULONG Flags)
{
    WCHAR *Wide = NULL, *List;
    CONFIGRET Code;
    SIZE_T Need, i;

    if (Buffer == NULL || Length == 0)
        return CR_INVALID_POINTER;
    if (Filter != NULL && (Wide = CfgWide(Filter, strlen(Filter), NULL)) == NULL)
        return CR_OUT_OF_MEMORY;
    Code = MakeList(Wide, Flags, &List);
    if (Code == CR_SUCCESS) {
        Need = CfgMultiCharacters(List);
        if (Need > Length)
            Code = CR_BUFFER_SMALL;
        for (i = 0; i < Need && Code == CR_SUCCESS; i++)
            Buffer[i] = List[0] != 0 ? (CHAR)List[i] : 0;
    }
    CfgFree(List);
    CfgFree(Wide);
    return Code;
}

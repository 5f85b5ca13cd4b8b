/* SPDX-License-Identifier: MIT */
/*
 * cfgkeyed.c - properties by key (DEVPKEY_*).
 *
 * One family of keys are the numbered properties under another name; some tell of the tree; the
 * rest is what somebody set. The system's own can't be set. Source: MS docs, "System-defined device
 * properties".
 */
#include <initguid.h>
#include "ntio/win32/cfgmgr.h"
#include "devpkey.h"

static BOOLEAN SameKey(const DEVPROPKEY *A, const DEVPROPKEY *B)
{
    return memcmp(A, B, sizeof(*A)) == 0;
}

static BOOLEAN SameFamily(const DEVPROPKEY *A, const DEVPROPKEY *B)
{
    return memcmp(&A->fmtid, &B->fmtid, sizeof(GUID)) == 0;
}

static CONFIGRET Copy(const VOID *From, SIZE_T Count, PVOID *Data, ULONG *Bytes)
{
    *Data = ExAllocatePoolWithTag(PagedPool, Count + 2 * sizeof(WCHAR), TAG_CFG);
    if (*Data == NULL)
        return CR_OUT_OF_MEMORY;
    if (Count != 0)
        memcpy(*Data, From, Count);
    memset((PUCHAR)*Data + Count, 0, 2 * sizeof(WCHAR));
    *Bytes = (ULONG)Count;
    return CR_SUCCESS;
}

static CONFIGRET CopyText(const WCHAR *Text, DEVPROPTYPE *Type, PVOID *Data, ULONG *Bytes)
{
    *Type = DEVPROP_TYPE_STRING;
    return Copy(Text, (NtCrt_wcslen(Text) + 1) * sizeof(WCHAR), Data, Bytes);
}

static CONFIGRET CopyUlong(ULONG Value, DEVPROPTYPE *Type, PVOID *Data, ULONG *Bytes)
{
    *Type = DEVPROP_TYPE_UINT32;
    return Copy(&Value, sizeof(Value), Data, Bytes);
}

static CONFIGRET CopyBoolean(BOOLEAN Value, DEVPROPTYPE *Type, PVOID *Data, ULONG *Bytes)
{
    DEVPROP_BOOLEAN Is = Value ? DEVPROP_TRUE : DEVPROP_FALSE;

    *Type = DEVPROP_TYPE_BOOLEAN;
    return Copy(&Is, sizeof(Is), Data, Bytes);
}

/* ---- the numbered ones ---- */

/* The registry's type to the property's; GUIDs are texts there. */
static CONFIGRET Retype(ULONG Property, ULONG RegType, DEVPROPTYPE *Type, PVOID *Data, ULONG *Bytes)
{
    GUID Guid;

    if (Property == CM_DRP_CLASSGUID || Property == CM_DRP_BASE_CONTAINERID) {
        BOOLEAN Good = CfgParseGuid(*Data, &Guid);

        CfgFree(*Data);
        *Data = NULL;
        *Type = DEVPROP_TYPE_GUID;
        return Good ? Copy(&Guid, sizeof(Guid), Data, Bytes) : CR_NO_SUCH_VALUE;
    }
    if (Property == CM_DRP_BUSTYPEGUID)
        *Type = DEVPROP_TYPE_GUID;
    else if (Property == CM_DRP_SECURITY)
        *Type = DEVPROP_TYPE_SECURITY_DESCRIPTOR;
    else if (Property == CM_DRP_SECURITY_SDS)
        *Type = DEVPROP_TYPE_SECURITY_DESCRIPTOR_STRING;
    else if (RegType == REG_SZ)
        *Type = DEVPROP_TYPE_STRING;
    else if (RegType == REG_MULTI_SZ)
        *Type = DEVPROP_TYPE_STRING_LIST;
    else if (RegType == REG_DWORD)
        *Type = DEVPROP_TYPE_UINT32;
    else
        *Type = DEVPROP_TYPE_BINARY;
    return CR_SUCCESS;
}

static CONFIGRET ReadNumbered(const WCHAR *Id, ULONG Property, DEVPROPTYPE *Type, PVOID *Data,
                              ULONG *Bytes)
{
    ULONG RegType;
    CONFIGRET Code = CfgReadProperty(Id, Property, &RegType, Data, Bytes);

    return Code == CR_SUCCESS ? Retype(Property, RegType, Type, Data, Bytes) : Code;
}

/* ---- the tree ---- */

static CONFIGRET ReadList(CONFIGRET Code, WCHAR *List, DEVPROPTYPE *Type, PVOID *Data, ULONG *Bytes)
{
    if (Code == CR_SUCCESS && List[0] == 0)
        Code = CR_NO_SUCH_VALUE;
    if (Code == CR_SUCCESS) {
        *Type = DEVPROP_TYPE_STRING_LIST;
        Code = Copy(List, CfgMultiCharacters(List) * sizeof(WCHAR), Data, Bytes);
    }
    CfgFree(List);
    return Code;
}

/* Children of Id without Except; both may be on their way out meanwhile. */
static CONFIGRET ReadChildren(const WCHAR *Id, const WCHAR *Except, DEVPROPTYPE *Type, PVOID *Data,
                              ULONG *Bytes)
{
    WCHAR At[PNP_INSTANCE_CHARACTERS], *List = NULL, *Larger;
    SIZE_T Used = 0, Room = 0, Characters;
    NTSTATUS Status;

    for (Status = PnpGetRelative(Id, PnpFirstChildOf, At); NT_SUCCESS(Status);
         Status = PnpGetRelative(At, PnpNextSiblingOf, At)) {
        if (CfgSame(At, Except))
            continue;
        Characters = NtCrt_wcslen(At) + 1;
        if (Used + Characters + 1 > Room) {
            Room = Room * 2 + PNP_INSTANCE_CHARACTERS * 4;
            Larger = ExAllocatePoolWithTag(PagedPool, Room * sizeof(WCHAR), TAG_CFG);
            if (Larger == NULL) {
                CfgFree(List);
                return CR_OUT_OF_MEMORY;
            }
            if (Used != 0)
                memcpy(Larger, List, Used * sizeof(WCHAR));
            CfgFree(List);
            List = Larger;
        }
        memcpy(List + Used, At, Characters * sizeof(WCHAR));
        Used += Characters;
        List[Used] = 0;
    }
    return List == NULL ? CR_NO_SUCH_VALUE : ReadList(CR_SUCCESS, List, Type, Data, Bytes);
}

static CONFIGRET ReadRelations(const WCHAR *Id, DEVICE_RELATION_TYPE Relation, DEVPROPTYPE *Type,
                               PVOID *Data, ULONG *Bytes)
{
    WCHAR *List;
    CONFIGRET Code = CfgFromStatus(PnpGetRelations(Id, Relation, &List));

    return ReadList(Code == CR_NO_SUCH_DEVNODE ? CR_NO_SUCH_VALUE : Code, List, Type, Data, Bytes);
}

static CONFIGRET ReadStatus(const WCHAR *Id, const DEVPROPKEY *Key, DEVPROPTYPE *Type, PVOID *Data,
                            ULONG *Bytes)
{
    WCHAR Parent[PNP_INSTANCE_CHARACTERS];
    ULONG Status, Problem;
    PNP_FACTS Facts;

    if (!NT_SUCCESS(PnpGetFacts(Id, &Facts)))
        return CR_NO_SUCH_VALUE;
    if (SameKey(Key, &DEVPKEY_Device_DevNodeStatus) || SameKey(Key, &DEVPKEY_Device_ProblemCode)) {
        if (CM_Get_DevNode_Status(&Status, &Problem, PnpDeviceNumber(Id), 0) != CR_SUCCESS)
            return CR_NO_SUCH_VALUE;
        return CopyUlong(SameKey(Key, &DEVPKEY_Device_ProblemCode) ? Problem : Status, Type, Data,
                         Bytes);
    }
    if (SameKey(Key, &DEVPKEY_Device_ProblemStatus)) {
        *Type = DEVPROP_TYPE_NTSTATUS;
        return Copy(&Facts.ProblemStatus, sizeof(NTSTATUS), Data, Bytes);
    }
    if (SameKey(Key, &DEVPKEY_Device_EjectionRelations))
        return ReadRelations(Id, EjectionRelations, Type, Data, Bytes);
    if (SameKey(Key, &DEVPKEY_Device_RemovalRelations))
        return ReadRelations(Id, RemovalRelations, Type, Data, Bytes);
    if (SameKey(Key, &DEVPKEY_Device_PowerRelations))
        return ReadRelations(Id, PowerRelations, Type, Data, Bytes);
    if (SameKey(Key, &DEVPKEY_Device_BusRelations))
        return ReadRelations(Id, BusRelations, Type, Data, Bytes);
    if (SameKey(Key, &DEVPKEY_Device_Children))
        return ReadChildren(Id, NULL, Type, Data, Bytes);
    if (!NT_SUCCESS(PnpGetRelative(Id, PnpParentOf, Parent)))
        return CR_NO_SUCH_VALUE;
    if (SameKey(Key, &DEVPKEY_Device_Parent))
        return CopyText(Parent, Type, Data, Bytes);
    if (SameKey(Key, &DEVPKEY_Device_Siblings))
        return ReadChildren(Parent, Id, Type, Data, Bytes);
    return CR_NO_SUCH_VALUE;
}

/* The driver's software key: what an installation wrote of the driver. */
static CONFIGRET ReadDriver(const WCHAR *Id, const DEVPROPKEY *Key, DEVPROPTYPE *Type, PVOID *Data,
                            ULONG *Bytes)
{
    static const WCHAR *const Names[] = {
        [3] = L"DriverVersion", [4] = L"DriverDesc",    [5] = L"InfPath",
        [6] = L"InfSection",    [7] = L"InfSectionExt", [8] = L"MatchingDeviceId",
        [9] = L"ProviderName"};
    WCHAR Path[PNP_PATH_CHARACTERS];
    ULONG RegType;
    CONFIGRET Code;

    if (CfgKeyPath(Id, CM_REGISTRY_SOFTWARE, Path) != CR_SUCCESS)
        return CR_NO_SUCH_VALUE;
    if (Key->pid == DEVPKEY_Device_DriverDate.pid) {
        *Type = DEVPROP_TYPE_FILETIME;
        Code = CfgFromStatus(CmpQueryValue(Path, L"DriverDateData", &RegType, Data, Bytes));
        if (Code == CR_SUCCESS && *Bytes != sizeof(FILETIME)) {
            CfgFree(*Data);
            Code = CR_NO_SUCH_VALUE;
        }
        return Code;
    }
    if (Key->pid >= RTL_NUMBER_OF(Names) || Names[Key->pid] == NULL)
        return CR_NO_SUCH_VALUE;
    *Type = DEVPROP_TYPE_STRING;
    Code = CfgFromStatus(CmpQueryValue(Path, Names[Key->pid], &RegType, Data, Bytes));
    if (Code == CR_SUCCESS && RegType != REG_SZ) {
        CfgFree(*Data);
        Code = CR_NO_SUCH_VALUE;
    }
    return Code;
}

/* ---- all ---- */

/* The system's: nobody sets it but through what it stands for. */
static BOOLEAN IsSystemKey(const DEVPROPKEY *Key)
{
    return SameFamily(Key, &DEVPKEY_Device_DeviceDesc) ||
           SameFamily(Key, &DEVPKEY_Device_DevNodeStatus) ||
           SameFamily(Key, &DEVPKEY_Device_DriverDesc) ||
           SameKey(Key, &DEVPKEY_Device_InstanceId) || SameKey(Key, &DEVPKEY_NAME) ||
           SameKey(Key, &DEVPKEY_Device_ContainerId) || SameKey(Key, &DEVPKEY_Device_IsPresent) ||
           SameKey(Key, &DEVPKEY_Device_HasProblem);
}

static CONFIGRET ReadSystem(const WCHAR *Id, const DEVPROPKEY *Key, DEVPROPTYPE *Type, PVOID *Data,
                            ULONG *Bytes)
{
    BOOLEAN Present;
    PNP_FACTS Facts;
    CONFIGRET Code;

    if (SameFamily(Key, &DEVPKEY_Device_DeviceDesc))
        return Key->pid >= 2 && Key->pid - 1 <= CM_DRP_MAX
                   ? ReadNumbered(Id, Key->pid - 1, Type, Data, Bytes)
                   : CR_NO_SUCH_VALUE;
    if (SameFamily(Key, &DEVPKEY_Device_DevNodeStatus))
        return ReadStatus(Id, Key, Type, Data, Bytes);
    if (SameFamily(Key, &DEVPKEY_Device_DriverDesc))
        return ReadDriver(Id, Key, Type, Data, Bytes);
    if (SameKey(Key, &DEVPKEY_Device_InstanceId))
        return CopyText(Id, Type, Data, Bytes);
    if (SameKey(Key, &DEVPKEY_Device_ContainerId))
        return ReadNumbered(Id, CM_DRP_BASE_CONTAINERID, Type, Data, Bytes);
    if (SameKey(Key, &DEVPKEY_NAME)) {
        Code = ReadNumbered(Id, CM_DRP_FRIENDLYNAME, Type, Data, Bytes);
        return Code == CR_NO_SUCH_VALUE ? ReadNumbered(Id, CM_DRP_DEVICEDESC, Type, Data, Bytes)
                                        : Code;
    }
    Present = NT_SUCCESS(PnpGetFacts(Id, &Facts));
    if (SameKey(Key, &DEVPKEY_Device_IsPresent))
        return CopyBoolean(Present, Type, Data, Bytes);
    return Present ? CopyBoolean(Facts.Problem != 0, Type, Data, Bytes) : CR_NO_SUCH_VALUE;
}

CONFIGRET CfgReadKeyed(const WCHAR *InstanceId, const DEVPROPKEY *Key, DEVPROPTYPE *Type,
                       PVOID *Data, ULONG *Bytes)
{
    CONFIGRET Code;

    *Data = NULL;
    *Bytes = 0;
    *Type = DEVPROP_TYPE_EMPTY;
    Code = IsSystemKey(Key)
               ? ReadSystem(InstanceId, Key, Type, Data, Bytes)
               : CfgFromStatus(PnpGetKeyedProperty(InstanceId, Key, 0, Type, Data, Bytes));
    if (Code != CR_SUCCESS)
        *Type = DEVPROP_TYPE_EMPTY;
    return Code;
}

CONFIGRET WINAPI CM_Get_DevNode_PropertyW(DEVINST DevInst, const DEVPROPKEY *PropertyKey,
                                          DEVPROPTYPE *PropertyType, PBYTE Buffer,
                                          PULONG BufferSize, ULONG Flags)
{
    WCHAR Id[PNP_INSTANCE_CHARACTERS];
    CONFIGRET Code;
    ULONG Bytes;
    PVOID Data;

    if (PropertyKey == NULL || PropertyType == NULL || BufferSize == NULL ||
        (Buffer == NULL && *BufferSize != 0))
        return CR_INVALID_POINTER;
    Code = CfgDevice(DevInst, Flags, 0, Id);
    if (Code == CR_SUCCESS)
        Code = CfgReadKeyed(Id, PropertyKey, PropertyType, &Data, &Bytes);
    if (Code != CR_SUCCESS) {
        *BufferSize = 0;
        return Code;
    }
    Code = CfgGive(Data, Bytes, Buffer, BufferSize);
    CfgFree(Data);
    return Code;
}

CONFIGRET WINAPI CM_Set_DevNode_PropertyW(DEVINST DevInst, const DEVPROPKEY *PropertyKey,
                                          DEVPROPTYPE PropertyType, const BYTE *Buffer,
                                          ULONG BufferSize, ULONG Flags)
{
    WCHAR Id[PNP_INSTANCE_CHARACTERS];
    NTSTATUS Status;
    CONFIGRET Code;

    if (PropertyKey == NULL || (Buffer == NULL && BufferSize != 0))
        return CR_INVALID_POINTER;
    Code = CfgDevice(DevInst, Flags, 0, Id);
    if (Code != CR_SUCCESS)
        return Code;
    if ((PropertyType == DEVPROP_TYPE_EMPTY) != (BufferSize == 0) &&
        PropertyType != DEVPROP_TYPE_NULL)
        return CR_INVALID_DATA;
    if (SameFamily(PropertyKey, &DEVPKEY_Device_DeviceDesc) && PropertyKey->pid >= 2) {
        /* Those that have a number are set as such; a GUID is a text there, and not set here. */
        if (PropertyType != DEVPROP_TYPE_EMPTY && PropertyType != DEVPROP_TYPE_STRING &&
            PropertyType != DEVPROP_TYPE_STRING_LIST && PropertyType != DEVPROP_TYPE_UINT32)
            return CR_INVALID_PROPERTY;
        return CfgWriteProperty(Id, PropertyKey->pid - 1, Buffer, BufferSize);
    }
    if (IsSystemKey(PropertyKey) || PropertyKey->pid < DEVPROPID_FIRST_USABLE)
        return CR_INVALID_PROPERTY;
    if (!CfgKnown(Id))
        return CR_NO_SUCH_DEVNODE;
    Status = PnpSetKeyedProperty(Id, PropertyKey, 0, PropertyType, Buffer, BufferSize);
    if (Status == STATUS_OBJECT_NAME_NOT_FOUND || Status == STATUS_OBJECT_PATH_NOT_FOUND)
        return CR_NO_SUCH_VALUE; /* taken away, and not there */
    return CfgFromStatus(Status);
}

/* ---- which there are ---- */

typedef struct _KEY_LIST {
    DEVPROPKEY *Keys;
    ULONG Room, Count;
} KEY_LIST;

static VOID Add(KEY_LIST *List, const DEVPROPKEY *Key)
{
    if (List->Count < List->Room)
        List->Keys[List->Count] = *Key;
    List->Count++;
}

/* Adds Key where the device has it. */
static VOID TryKey(KEY_LIST *List, const WCHAR *Id, const DEVPROPKEY *Key)
{
    DEVPROPTYPE Type;
    ULONG Bytes;
    PVOID Data;

    if (CfgReadKeyed(Id, Key, &Type, &Data, &Bytes) == CR_SUCCESS) {
        CfgFree(Data);
        Add(List, Key);
    }
}

/* Those that were set: Enum\...\Properties\{fmtid}\pid. */
static VOID AddSet(KEY_LIST *List, const WCHAR *Id)
{
    WCHAR Path[PNP_PATH_CHARACTERS], Below[PNP_PATH_CHARACTERS], *Family, *Number;
    DEVPROPKEY Key;
    ULONG i, j;

    if (!PnpEnumPath(Id, L"Properties", Path))
        return;
    for (i = 0; NT_SUCCESS(CmpEnumerateSubkey(Path, i, &Family)); i++) {
        if (CfgParseGuid(Family, &Key.fmtid) &&
            CfgJoin(Below, PNP_PATH_CHARACTERS, Path, L"\\", Family, NULL)) {
            for (j = 0; NT_SUCCESS(CmpEnumerateSubkey(Below, j, &Number)); j++) {
                Key.pid = 0;
                for (WCHAR *At = Number; *At != 0; At++)
                    Key.pid = Key.pid * 16 + (*At <= L'9' ? *At - L'0' : (*At | 32) - L'a' + 10);
                ExFreePool(Number);
                TryKey(List, Id, &Key);
            }
        }
        ExFreePool(Family);
    }
}

CONFIGRET WINAPI CM_Get_DevNode_Property_Keys(DEVINST DevInst, DEVPROPKEY *Keys, PULONG Count,
                                              ULONG Flags)
{
    static const DEVPROPKEY *const Others[] = {
        &DEVPKEY_NAME,
        &DEVPKEY_Device_InstanceId,
        &DEVPKEY_Device_DevNodeStatus,
        &DEVPKEY_Device_ProblemCode,
        &DEVPKEY_Device_ProblemStatus,
        &DEVPKEY_Device_Parent,
        &DEVPKEY_Device_Children,
        &DEVPKEY_Device_Siblings,
        &DEVPKEY_Device_ContainerId,
        &DEVPKEY_Device_IsPresent,
        &DEVPKEY_Device_HasProblem,
        &DEVPKEY_Device_DriverDate,
        &DEVPKEY_Device_DriverVersion,
        &DEVPKEY_Device_DriverDesc,
        &DEVPKEY_Device_DriverInfPath,
        &DEVPKEY_Device_DriverInfSection,
        &DEVPKEY_Device_DriverInfSectionExt,
        &DEVPKEY_Device_MatchingDeviceId,
        &DEVPKEY_Device_DriverProvider,
    };
    WCHAR Id[PNP_INSTANCE_CHARACTERS];
    KEY_LIST List;
    DEVPROPKEY Key;
    CONFIGRET Code;
    ULONG i;

    if (Count == NULL || (Keys == NULL && *Count != 0))
        return CR_INVALID_POINTER;
    Code = CfgDevice(DevInst, Flags, 0, Id);
    if (Code != CR_SUCCESS)
        return Code;
    List = (KEY_LIST){Keys, *Count, 0};
    Key.fmtid = DEVPKEY_Device_DeviceDesc.fmtid;
    for (i = CM_DRP_MIN; i <= CM_DRP_MAX; i++) {
        Key.pid = i + 1;
        TryKey(&List, Id, &Key);
    }
    for (i = 0; i < RTL_NUMBER_OF(Others); i++)
        TryKey(&List, Id, Others[i]);
    AddSet(&List, Id);
    *Count = List.Count;
    return List.Count <= List.Room ? CR_SUCCESS : CR_BUFFER_SMALL;
}

/* ---- of interfaces ---- */

CONFIGRET CfgReadInterfaceKeyed(const WCHAR *Name, const DEVPROPKEY *Key, DEVPROPTYPE *Type,
                                PVOID *Data, ULONG *Bytes)
{
    WCHAR Kernel[PNP_PATH_CHARACTERS];
    PNP_INTERFACE_FACTS *List;
    CONFIGRET Code;
    ULONG Count;

    *Data = NULL;
    *Bytes = 0;
    *Type = DEVPROP_TYPE_EMPTY;
    if (!CfgJoin(Kernel, PNP_PATH_CHARACTERS, Name, NULL) || NtCrt_wcslen(Kernel) < 4)
        return CR_NO_SUCH_DEVICE_INTERFACE;
    Kernel[1] = L'?'; /* programs say \\?\ where drivers say \??\ */
    if (!NT_SUCCESS(PnpListInterfaces(NULL, NULL, Kernel, &List, &Count)))
        return CR_OUT_OF_MEMORY;
    if (Count == 0) {
        Code = CR_NO_SUCH_DEVICE_INTERFACE;
    } else if (SameKey(Key, &DEVPKEY_DeviceInterface_ClassGuid)) {
        *Type = DEVPROP_TYPE_GUID;
        Code = Copy(&List->Class, sizeof(GUID), Data, Bytes);
    } else if (SameKey(Key, &DEVPKEY_DeviceInterface_Enabled)) {
        Code = CopyBoolean(List->Enabled, Type, Data, Bytes);
    } else if (SameKey(Key, &DEVPKEY_DeviceInterface_ReferenceString)) {
        Code = List->Reference != NULL ? CopyText(List->Reference, Type, Data, Bytes)
                                       : CR_NO_SUCH_VALUE;
    } else if (SameKey(Key, &DEVPKEY_Device_InstanceId)) {
        Code = CopyText(List->InstancePath, Type, Data, Bytes);
    } else {
        Code = CR_NO_SUCH_VALUE;
    }
    CfgFree(List);
    return Code;
}

CONFIGRET WINAPI CM_Get_Device_Interface_PropertyW(LPCWSTR Interface, const DEVPROPKEY *PropertyKey,
                                                   DEVPROPTYPE *PropertyType, PBYTE Buffer,
                                                   PULONG BufferSize, ULONG Flags)
{
    CONFIGRET Code;
    ULONG Bytes;
    PVOID Data;

    if (Interface == NULL || PropertyKey == NULL || PropertyType == NULL || BufferSize == NULL ||
        (Buffer == NULL && *BufferSize != 0))
        return CR_INVALID_POINTER;
    if (Flags != 0)
        return CR_INVALID_FLAG;
    Code = CfgReadInterfaceKeyed(Interface, PropertyKey, PropertyType, &Data, &Bytes);
    if (Code != CR_SUCCESS) {
        *BufferSize = 0;
        return Code;
    }
    Code = CfgGive(Data, Bytes, Buffer, BufferSize);
    CfgFree(Data);
    return Code;
}

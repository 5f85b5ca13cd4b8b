/* SPDX-License-Identifier: MIT */
/* setupdi.c - device information sets: made, looked up, their elements, their end. */
#include "ntio/win32/setupdi.h"
#include "ntio/win32/join.h"

const GUID SetupdiNone;
static KI_LOCK SetupdiListLock;
static LIST_ENTRY SetupdiSets = {&SetupdiSets, &SetupdiSets};

BOOL SetupdiAnswer(DWORD Error)
{
    SetLastError(Error);
    return Error == ERROR_SUCCESS;
}

DWORD SetupdiFromCr(CONFIGRET Code)
{
    switch (Code) {
    case CR_NO_SUCH_DEVNODE:
    case CR_INVALID_DEVNODE:
        return ERROR_NO_SUCH_DEVINST;
    case CR_INVALID_PROPERTY:
        return ERROR_INVALID_REG_PROPERTY;
    case CR_NO_SUCH_VALUE:
    case CR_INVALID_DATA:
        return ERROR_INVALID_DATA;
    case CR_INVALID_DEVICE_ID:
        return ERROR_INVALID_DEVINST_NAME;
    case CR_ALREADY_SUCH_DEVNODE:
        return ERROR_DEVINST_ALREADY_EXISTS;
    case CR_NO_SUCH_REGISTRY_KEY:
        return ERROR_KEY_DOES_NOT_EXIST;
    case CR_NOT_DISABLEABLE:
        return ERROR_NOT_DISABLEABLE;
    case CR_NO_MORE_HW_PROFILES:
        return ERROR_INVALID_HWPROFILE;
    case CR_NO_SUCH_DEVICE_INTERFACE:
        return ERROR_NO_SUCH_DEVICE_INTERFACE;
    default:
        return CM_MapCrToWin32Err(Code, ERROR_INVALID_DATA);
    }
}

/* ---- memory ---- */

static VOID FreeParams(SETUPDI_PARAMS *Params)
{
    if (Params->Class != NULL)
        ExFreePoolWithTag(Params->Class, TAG_SETUPDI);
    SetupDrvFreeSlot(&Params->Drivers);
}

VOID SetupdiFreeElement(SETUPDI_ELEMENT *Element)
{
    while (!IsListEmpty(&Element->Interfaces))
        ExFreePoolWithTag(
            CONTAINING_RECORD(RemoveHeadList(&Element->Interfaces), SETUPDI_INTERFACE, Link),
            TAG_SETUPDI);
    /* What was made and never registered leaves nothing behind. */
    if (Element->Created)
        (void)CM_Uninstall_DevNode(Element->DevInst, 0);
    FreeParams(&Element->Params);
    ExFreePoolWithTag(Element, TAG_SETUPDI);
}

static VOID Release(SETUPDI_SET *Set)
{
    LONG Left;

    KiLock(&SetupdiListLock);
    Left = --Set->References;
    KiUnlock(&SetupdiListLock);
    if (Left != 0)
        return;
    while (!IsListEmpty(&Set->Elements))
        SetupdiFreeElement(
            CONTAINING_RECORD(RemoveHeadList(&Set->Elements), SETUPDI_ELEMENT, Link));
    FreeParams(&Set->Params);
    ExFreePoolWithTag(Set, TAG_SETUPDI);
}

/* ---- sets ---- */

/* One of this process, off the list, its reference the caller's; Handle NULL: the first of Process,
 * or (NULL) of all. */
static SETUPDI_SET *Take(HDEVINFO Handle, PEPROCESS Process)
{
    SETUPDI_SET *Found = NULL;

    KiLock(&SetupdiListLock);
    for (PLIST_ENTRY Link = SetupdiSets.Flink; Link != &SetupdiSets && Found == NULL;
         Link = Link->Flink) {
        SETUPDI_SET *Set = CONTAINING_RECORD(Link, SETUPDI_SET, Link);

        if ((Handle == NULL || Handle == Set) && (Process == NULL || Process == Set->Process))
            Found = Set;
    }
    if (Found != NULL)
        RemoveEntryList(&Found->Link);
    KiUnlock(&SetupdiListLock);
    return Found;
}

DWORD SetupdiLock(HDEVINFO Handle, SETUPDI_SET **Result)
{
    PEPROCESS Process = PsGetCurrentProcess();

    *Result = NULL;
    KiLock(&SetupdiListLock);
    for (PLIST_ENTRY Link = SetupdiSets.Flink; Link != &SetupdiSets && *Result == NULL;
         Link = Link->Flink) {
        SETUPDI_SET *Set = CONTAINING_RECORD(Link, SETUPDI_SET, Link);

        if (Set == Handle && Set->Process == Process) {
            Set->References++;
            *Result = Set;
        }
    }
    KiUnlock(&SetupdiListLock);
    if (*Result == NULL)
        return ERROR_INVALID_HANDLE;
    KeAcquireGuardedMutex(&(*Result)->Mutex);
    return ERROR_SUCCESS;
}

VOID SetupdiUnlock(SETUPDI_SET *Set)
{
    KeReleaseGuardedMutex(&Set->Mutex);
    Release(Set);
}

DWORD SetupdiCreateSet(const GUID *Class, HDEVINFO *Handle)
{
    SETUPDI_SET *Set = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Set), TAG_SETUPDI);

    if (Set == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    memset(Set, 0, sizeof(*Set));
    Set->References = 1;
    Set->Process = PsGetCurrentProcess();
    KeInitializeGuardedMutex(&Set->Mutex);
    InitializeListHead(&Set->Elements);
    Set->Params.Install.cbSize = sizeof(Set->Params.Install);
    if (Class != NULL) {
        Set->HasClass = TRUE;
        Set->Class = *Class;
    }
    KiLock(&SetupdiListLock);
    InsertTailList(&SetupdiSets, &Set->Link);
    KiUnlock(&SetupdiListLock);
    *Handle = Set;
    return ERROR_SUCCESS;
}

HDEVINFO WINAPI SetupDiCreateDeviceInfoList(const GUID *Class, HWND Parent)
{
    HDEVINFO Handle = INVALID_HANDLE_VALUE;

    UNREFERENCED_PARAMETER(Parent);
    (void)SetupdiAnswer(SetupdiCreateSet(Class, &Handle));
    return Handle;
}

BOOL WINAPI SetupDiDestroyDeviceInfoList(HDEVINFO Handle)
{
    SETUPDI_SET *Set = Handle == NULL || Handle == INVALID_HANDLE_VALUE
                           ? NULL
                           : Take(Handle, PsGetCurrentProcess());

    if (Set == NULL)
        return SetupdiAnswer(ERROR_INVALID_HANDLE);
    Release(Set);
    return SetupdiAnswer(ERROR_SUCCESS);
}

VOID Win32EndProgram(PEPROCESS Process)
{
    SETUPDI_SET *Set;

    CfgEndNotifications(Process); /* first: a callback may use a set */
    while ((Set = Take(NULL, Process)) != NULL)
        Release(Set);
}

BOOL WINAPI SetupDiGetDeviceInfoListClass(HDEVINFO Handle, LPGUID Class)
{
    SETUPDI_SET *Set;
    DWORD Error = SetupdiLock(Handle, &Set);

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    if (Class == NULL)
        Error = ERROR_INVALID_PARAMETER;
    else if (!Set->HasClass)
        Error = ERROR_NO_ASSOCIATED_CLASS;
    else
        *Class = Set->Class;
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiGetDeviceInfoListDetailW(HDEVINFO Handle, PSP_DEVINFO_LIST_DETAIL_DATA_W Detail)
{
    SETUPDI_SET *Set;
    DWORD Error = SetupdiLock(Handle, &Set);

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    if (Detail == NULL || Detail->cbSize != sizeof(*Detail)) {
        Error = ERROR_INVALID_PARAMETER;
    } else {
        Detail->ClassGuid = Set->Class;
        Detail->RemoteMachineHandle = NULL;
        Detail->RemoteMachineName[0] = 0;
    }
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiGetDeviceInfoListDetailA(HDEVINFO Handle, PSP_DEVINFO_LIST_DETAIL_DATA_A Detail)
{
    SP_DEVINFO_LIST_DETAIL_DATA_W Wide = {.cbSize = sizeof(Wide)};

    if (Detail != NULL && Detail->cbSize != sizeof(*Detail))
        Wide.cbSize = 0;
    if (!SetupDiGetDeviceInfoListDetailW(Handle, Detail != NULL ? &Wide : NULL))
        return FALSE;
    Detail->ClassGuid = Wide.ClassGuid;
    Detail->RemoteMachineHandle = NULL;
    Detail->RemoteMachineName[0] = 0;
    return TRUE;
}

/* ---- elements ---- */

DWORD SetupdiFind(SETUPDI_SET *Set, const SP_DEVINFO_DATA *Device, SETUPDI_ELEMENT **Element)
{
    *Element = NULL;
    if (Device == NULL || Device->cbSize != sizeof(*Device))
        return ERROR_INVALID_PARAMETER;
    for (PLIST_ENTRY Link = Set->Elements.Flink; Link != &Set->Elements; Link = Link->Flink) {
        SETUPDI_ELEMENT *At = CONTAINING_RECORD(Link, SETUPDI_ELEMENT, Link);

        if ((ULONG_PTR)At == Device->Reserved && At->DevInst == Device->DevInst) {
            *Element = At;
            return ERROR_SUCCESS;
        }
    }
    return ERROR_INVALID_PARAMETER;
}

DWORD SetupdiLockElement(HDEVINFO Handle, const SP_DEVINFO_DATA *Device, SETUPDI_SET **Set,
                         SETUPDI_ELEMENT **Element)
{
    DWORD Error = SetupdiLock(Handle, Set);

    if (Error != ERROR_SUCCESS)
        return Error;
    Error = SetupdiFind(*Set, Device, Element);
    if (Error != ERROR_SUCCESS)
        SetupdiUnlock(*Set);
    return Error;
}

DWORD SetupdiLockParams(HDEVINFO Handle, const SP_DEVINFO_DATA *Device, SETUPDI_SET **Set,
                        SETUPDI_PARAMS **Params)
{
    SETUPDI_ELEMENT *Element;
    DWORD Error;

    if (Device == NULL) {
        Error = SetupdiLock(Handle, Set);
        if (Error == ERROR_SUCCESS)
            *Params = &(*Set)->Params;
        return Error;
    }
    Error = SetupdiLockElement(Handle, Device, Set, &Element);
    if (Error == ERROR_SUCCESS)
        *Params = &Element->Params;
    return Error;
}

VOID SetupdiReadClass(const WCHAR *InstanceId, GUID *Class)
{
    ULONG Type, Bytes;
    PVOID Data;

    *Class = SetupdiNone;
    if (CfgReadProperty(InstanceId, CM_DRP_CLASSGUID, &Type, &Data, &Bytes) != CR_SUCCESS)
        return;
    if (!CfgParseGuid(Data, Class))
        *Class = SetupdiNone;
    CfgFree(Data);
}

DWORD SetupdiAdd(SETUPDI_SET *Set, const WCHAR *InstanceId, SETUPDI_ELEMENT **Result)
{
    SETUPDI_ELEMENT *Element;

    for (PLIST_ENTRY Link = Set->Elements.Flink; Link != &Set->Elements; Link = Link->Flink) {
        *Result = CONTAINING_RECORD(Link, SETUPDI_ELEMENT, Link);
        if (CfgSame((*Result)->InstanceId, InstanceId))
            return ERROR_SUCCESS;
    }
    *Result = NULL;
    Element = ExAllocatePoolWithTag(PagedPool, sizeof(*Element), TAG_SETUPDI);
    if (Element == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    memset(Element, 0, sizeof(*Element));
    InitializeListHead(&Element->Interfaces);
    Element->Params.Install.cbSize = sizeof(Element->Params.Install);
    Element->DevInst = PnpDeviceNumber(InstanceId);
    if (Element->DevInst == 0 ||
        !CfgJoin(Element->InstanceId, PNP_INSTANCE_CHARACTERS, InstanceId, NULL)) {
        ExFreePoolWithTag(Element, TAG_SETUPDI);
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    SetupdiReadClass(InstanceId, &Element->Class);
    InsertTailList(&Set->Elements, &Element->Link);
    *Result = Element;
    return ERROR_SUCCESS;
}

DWORD SetupdiDescribe(const SETUPDI_ELEMENT *Element, PSP_DEVINFO_DATA Device)
{
    if (Device->cbSize != sizeof(*Device))
        return ERROR_INVALID_USER_BUFFER;
    Device->ClassGuid = Element->Class;
    Device->DevInst = Element->DevInst;
    Device->Reserved = (ULONG_PTR)Element;
    return ERROR_SUCCESS;
}

BOOL WINAPI SetupDiEnumDeviceInfo(HDEVINFO Handle, DWORD Index, PSP_DEVINFO_DATA Device)
{
    SETUPDI_SET *Set;
    PLIST_ENTRY Link;
    DWORD Error;

    if (Device == NULL)
        return SetupdiAnswer(ERROR_INVALID_PARAMETER);
    Error = SetupdiLock(Handle, &Set);
    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    for (Link = Set->Elements.Flink; Link != &Set->Elements && Index != 0; Link = Link->Flink)
        Index--;
    if (Device->cbSize != sizeof(*Device))
        Error = ERROR_INVALID_USER_BUFFER;
    else if (Link == &Set->Elements)
        Error = ERROR_NO_MORE_ITEMS;
    else
        Error = SetupdiDescribe(CONTAINING_RECORD(Link, SETUPDI_ELEMENT, Link), Device);
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiDeleteDeviceInfo(HDEVINFO Handle, PSP_DEVINFO_DATA Device)
{
    SETUPDI_ELEMENT *Element;
    SETUPDI_SET *Set;
    DWORD Error = SetupdiLockElement(Handle, Device, &Set, &Element);

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    RemoveEntryList(&Element->Link);
    SetupdiFreeElement(Element);
    SetupdiUnlock(Set);
    return SetupdiAnswer(ERROR_SUCCESS);
}

/* ---- giving ---- */

DWORD SetupdiGiveData(const VOID *Data, DWORD Bytes, PVOID Buffer, DWORD Size, PDWORD RequiredSize)
{
    if (RequiredSize != NULL)
        *RequiredSize = Bytes;
    if (Size < Bytes)
        return ERROR_INSUFFICIENT_BUFFER;
    if (Bytes != 0)
        memcpy(Buffer, Data, Bytes);
    return ERROR_SUCCESS;
}

DWORD SetupdiGiveText(const WCHAR *Text, PWSTR Buffer, DWORD Size, PDWORD RequiredSize)
{
    DWORD Characters = (DWORD)NtCrt_wcslen(Text) + 1;

    if (Buffer == NULL && Size != 0)
        return ERROR_INVALID_PARAMETER;
    if (RequiredSize != NULL)
        *RequiredSize = Characters;
    if (Size < Characters)
        return ERROR_INSUFFICIENT_BUFFER;
    memcpy(Buffer, Text, Characters * sizeof(WCHAR));
    return ERROR_SUCCESS;
}

DWORD SetupdiGiveNarrow(const WCHAR *Text, PSTR Buffer, DWORD Size, PDWORD RequiredSize)
{
    DWORD Error;
    ULONG Bytes;
    CHAR *Narrow;

    if (Buffer == NULL && Size != 0)
        return ERROR_INVALID_PARAMETER;
    Narrow = CfgNarrow(Text, NtCrt_wcslen(Text), &Bytes);
    if (Narrow == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    Error = SetupdiGiveData(Narrow, Bytes + 1, Buffer, Size, RequiredSize);
    CfgFree(Narrow);
    return Error;
}

BOOL WINAPI SetupDiGetDeviceInstanceIdW(HDEVINFO Handle, PSP_DEVINFO_DATA Device, PWSTR Id,
                                        DWORD Size, PDWORD RequiredSize)
{
    SETUPDI_ELEMENT *Element;
    SETUPDI_SET *Set;
    DWORD Error = SetupdiLockElement(Handle, Device, &Set, &Element);

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    Error = SetupdiGiveText(Element->InstanceId, Id, Size, RequiredSize);
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiGetDeviceInstanceIdA(HDEVINFO Handle, PSP_DEVINFO_DATA Device, PSTR Id,
                                        DWORD Size, PDWORD RequiredSize)
{
    SETUPDI_ELEMENT *Element;
    SETUPDI_SET *Set;
    DWORD Error = SetupdiLockElement(Handle, Device, &Set, &Element);

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    Error = SetupdiGiveNarrow(Element->InstanceId, Id, Size, RequiredSize);
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

/* ---- for the driver lists ---- */

DWORD SetupDipLockTarget(HDEVINFO Handle, PSP_DEVINFO_DATA Device, SETUP_DRIVER_TARGET *Target)
{
    SETUPDI_ELEMENT *Element = NULL;
    SETUPDI_PARAMS *Params;
    SETUPDI_SET *Set;
    DWORD Error = SetupdiLockParams(Handle, Device, &Set, &Params);

    if (Error != ERROR_SUCCESS)
        return Error;
    if (Device != NULL)
        (void)SetupdiFind(Set, Device, &Element);
    Target->Slot = &Params->Drivers;
    Target->Params = &Params->Install;
    Target->InstancePath = Element != NULL ? Element->InstanceId : NULL;
    Target->Class = Element != NULL ? Element->Class : Set->Class;
    return ERROR_SUCCESS;
}

VOID SetupDipUnlockTarget(HDEVINFO Handle)
{
    SetupdiUnlock(Handle); /* it was locked, so it is a set still */
}

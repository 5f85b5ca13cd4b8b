/* SPDX-License-Identifier: MIT */
/* setupdiface.c - interfaces in device information sets. */
#include "ntio/win32/setupdi.h"

WCHAR *SetupdiDefaultInterface(const GUID *Class)
{
    WCHAR Path[PNP_PATH_CHARACTERS], Text[CFG_GUID_CHARACTERS], *Name;

    CfgGuidText(Class, Text);
    if (!CfgJoin(Path, PNP_PATH_CHARACTERS, CFG_DEVICE_CLASSES_KEY L"\\", Text, NULL) ||
        !NT_SUCCESS(CmpQueryString(Path, L"Default", &Name)))
        return NULL;
    if (NtCrt_wcslen(Name) > 4)
        return Name;
    CfgFree(Name);
    return NULL;
}

static DWORD FlagsOf(const PNP_INTERFACE_FACTS *Facts)
{
    WCHAR *Default = SetupdiDefaultInterface(&Facts->Class);
    DWORD Flags = Facts->Enabled ? SPINT_ACTIVE : 0;

    if (Default != NULL && CfgSame(Default + 4, Facts->Name + 4))
        Flags |= SPINT_DEFAULT;
    CfgFree(Default);
    return Flags;
}

DWORD SetupdiAddInterface(SETUPDI_SET *Set, const PNP_INTERFACE_FACTS *Facts,
                          SETUPDI_INTERFACE **Result)
{
    SIZE_T Bytes = (NtCrt_wcslen(Facts->Name) + 1) * sizeof(WCHAR);
    SETUPDI_INTERFACE *Interface;
    SETUPDI_ELEMENT *Element;
    DWORD Error = SetupdiAdd(Set, Facts->InstancePath, &Element);

    if (Error != ERROR_SUCCESS)
        return Error;
    for (PLIST_ENTRY Link = Element->Interfaces.Flink; Link != &Element->Interfaces;
         Link = Link->Flink) {
        *Result = CONTAINING_RECORD(Link, SETUPDI_INTERFACE, Link);
        if (CfgSame((*Result)->Name + 4, Facts->Name + 4)) {
            (*Result)->Flags = FlagsOf(Facts);
            return ERROR_SUCCESS;
        }
    }
    Interface = ExAllocatePoolWithTag(PagedPool, FIELD_OFFSET(SETUPDI_INTERFACE, Name) + Bytes,
                                      TAG_SETUPDI);
    if (Interface == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    Interface->Element = Element;
    Interface->Class = Facts->Class;
    Interface->Flags = FlagsOf(Facts);
    memcpy(Interface->Name, Facts->Name, Bytes);
    Interface->Name[1] = L'\\'; /* programs say \\?\ where drivers say \??\ */
    InsertTailList(&Element->Interfaces, &Interface->Link);
    *Result = Interface;
    return ERROR_SUCCESS;
}

static DWORD Describe(const SETUPDI_INTERFACE *Interface, PSP_DEVICE_INTERFACE_DATA Data)
{
    if (Data->cbSize != sizeof(*Data))
        return ERROR_INVALID_USER_BUFFER;
    Data->InterfaceClassGuid = Interface->Class;
    Data->Flags = Interface->Flags;
    Data->Reserved = (ULONG_PTR)Interface;
    return ERROR_SUCCESS;
}

/* The interface behind From; NULL: the first. */
static SETUPDI_INTERFACE *Next(SETUPDI_SET *Set, SETUPDI_INTERFACE *From)
{
    PLIST_ENTRY Element;

    if (From != NULL && From->Link.Flink != &From->Element->Interfaces)
        return CONTAINING_RECORD(From->Link.Flink, SETUPDI_INTERFACE, Link);
    for (Element = From != NULL ? From->Element->Link.Flink : Set->Elements.Flink;
         Element != &Set->Elements; Element = Element->Flink) {
        SETUPDI_ELEMENT *At = CONTAINING_RECORD(Element, SETUPDI_ELEMENT, Link);

        if (!IsListEmpty(&At->Interfaces))
            return CONTAINING_RECORD(At->Interfaces.Flink, SETUPDI_INTERFACE, Link);
    }
    return NULL;
}

DWORD SetupdiFindInterface(SETUPDI_SET *Set, const SP_DEVICE_INTERFACE_DATA *Data,
                           SETUPDI_INTERFACE **Interface)
{
    *Interface = NULL;
    if (Data == NULL || Data->cbSize != sizeof(*Data))
        return ERROR_INVALID_PARAMETER;
    while ((*Interface = Next(Set, *Interface)) != NULL) {
        if ((ULONG_PTR)*Interface == Data->Reserved)
            return ERROR_SUCCESS;
    }
    return ERROR_INVALID_PARAMETER;
}

BOOL WINAPI SetupDiEnumDeviceInterfaces(HDEVINFO Handle, PSP_DEVINFO_DATA Device, const GUID *Class,
                                        DWORD Index, PSP_DEVICE_INTERFACE_DATA Data)
{
    SETUPDI_INTERFACE *Interface = NULL;
    SETUPDI_ELEMENT *Element = NULL;
    SETUPDI_SET *Set;
    DWORD Error;

    if (Data == NULL || Class == NULL)
        return SetupdiAnswer(ERROR_INVALID_PARAMETER);
    Error = SetupdiLock(Handle, &Set);
    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    if (Data->cbSize != sizeof(*Data))
        Error = ERROR_INVALID_USER_BUFFER;
    else if (Device != NULL)
        Error = SetupdiFind(Set, Device, &Element);
    if (Error == ERROR_SUCCESS) {
        Error = ERROR_NO_MORE_ITEMS;
        while ((Interface = Next(Set, Interface)) != NULL) {
            if ((Element != NULL && Interface->Element != Element) ||
                !IsEqualGUID(&Interface->Class, Class) || Index-- != 0)
                continue;
            Error = Describe(Interface, Data);
            break;
        }
    }
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

/* The checks that both forms share. Least: the structure with one character. */
static DWORD CheckDetail(PVOID Detail, DWORD DetailSize, DWORD Size, DWORD Least, DWORD Offset,
                         const SP_DEVINFO_DATA *Device)
{
    if (Detail == NULL ? Size != 0 : DetailSize != Least || Size < Offset)
        return ERROR_INVALID_USER_BUFFER;
    if (Device != NULL && Device->cbSize != sizeof(*Device))
        return ERROR_INVALID_USER_BUFFER;
    return ERROR_SUCCESS;
}

BOOL WINAPI SetupDiGetDeviceInterfaceDetailW(HDEVINFO Handle, PSP_DEVICE_INTERFACE_DATA Data,
                                             PSP_DEVICE_INTERFACE_DETAIL_DATA_W Detail, DWORD Size,
                                             PDWORD RequiredSize, PSP_DEVINFO_DATA Device)
{
    const DWORD Offset = FIELD_OFFSET(SP_DEVICE_INTERFACE_DETAIL_DATA_W, DevicePath);
    SETUPDI_INTERFACE *Interface;
    SETUPDI_SET *Set;
    DWORD Error = SetupdiLock(Handle, &Set), Bytes;

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    Error = SetupdiFindInterface(Set, Data, &Interface);
    if (Error == ERROR_SUCCESS)
        Error = CheckDetail(Detail, Detail != NULL ? Detail->cbSize : 0, Size, sizeof(*Detail),
                            Offset + sizeof(WCHAR), Device);
    if (Error == ERROR_SUCCESS) {
        Bytes = (DWORD)((NtCrt_wcslen(Interface->Name) + 1) * sizeof(WCHAR));
        Error = SetupdiGiveData(Interface->Name, Bytes, Detail != NULL ? Detail->DevicePath : NULL,
                                Size > Offset ? Size - Offset : 0, NULL);
        if (RequiredSize != NULL)
            *RequiredSize = Offset + Bytes;
        if (Device != NULL)
            (void)SetupdiDescribe(Interface->Element, Device);
    }
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiGetDeviceInterfaceDetailA(HDEVINFO Handle, PSP_DEVICE_INTERFACE_DATA Data,
                                             PSP_DEVICE_INTERFACE_DETAIL_DATA_A Detail, DWORD Size,
                                             PDWORD RequiredSize, PSP_DEVINFO_DATA Device)
{
    const DWORD Offset = FIELD_OFFSET(SP_DEVICE_INTERFACE_DETAIL_DATA_A, DevicePath);
    SETUPDI_INTERFACE *Interface;
    SETUPDI_SET *Set;
    DWORD Error = SetupdiLock(Handle, &Set), Need = 0;

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    Error = SetupdiFindInterface(Set, Data, &Interface);
    if (Error == ERROR_SUCCESS)
        Error = CheckDetail(Detail, Detail != NULL ? Detail->cbSize : 0, Size, sizeof(*Detail),
                            Offset + sizeof(CHAR), Device);
    if (Error == ERROR_SUCCESS) {
        Error = SetupdiGiveNarrow(Interface->Name, Detail != NULL ? Detail->DevicePath : NULL,
                                  Size > Offset ? Size - Offset : 0, &Need);
        if (RequiredSize != NULL)
            *RequiredSize = Offset + Need;
        if (Device != NULL)
            (void)SetupdiDescribe(Interface->Element, Device);
    }
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

/* Adds one by its name. */
static DWORD Open(SETUPDI_SET *Set, const WCHAR *Name, SETUPDI_INTERFACE **Interface)
{
    WCHAR Kernel[PNP_PATH_CHARACTERS];
    PNP_INTERFACE_FACTS *List;
    DWORD Error;
    ULONG Count;

    if (!CfgJoin(Kernel, PNP_PATH_CHARACTERS, Name, NULL) || NtCrt_wcslen(Kernel) < 5)
        return ERROR_NO_SUCH_DEVICE_INTERFACE;
    Kernel[1] = L'?';
    if (!NT_SUCCESS(PnpListInterfaces(NULL, NULL, Kernel, &List, &Count)))
        return ERROR_NOT_ENOUGH_MEMORY;
    Error = Count == 0 ? ERROR_NO_SUCH_DEVICE_INTERFACE : SetupdiAddInterface(Set, List, Interface);
    CfgFree(List);
    return Error;
}

BOOL WINAPI SetupDiOpenDeviceInterfaceW(HDEVINFO Handle, PCWSTR DevicePath, DWORD Flags,
                                        PSP_DEVICE_INTERFACE_DATA Data)
{
    SETUPDI_INTERFACE *Interface;
    SETUPDI_SET *Set;
    DWORD Error;

    if (DevicePath == NULL)
        return SetupdiAnswer(ERROR_INVALID_PARAMETER);
    if (Flags & ~(DWORD)DIODI_NO_ADD)
        return SetupdiAnswer(ERROR_INVALID_FLAGS);
    Error = SetupdiLock(Handle, &Set);
    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    if (Data != NULL && Data->cbSize != sizeof(*Data))
        Error = ERROR_INVALID_USER_BUFFER;
    if (Error == ERROR_SUCCESS && (Flags & DIODI_NO_ADD)) {
        Error = ERROR_NO_SUCH_DEVICE_INTERFACE;
        for (Interface = Next(Set, NULL); Interface != NULL; Interface = Next(Set, Interface)) {
            if (CfgSame(Interface->Name, DevicePath)) {
                Error = ERROR_SUCCESS;
                break;
            }
        }
    } else if (Error == ERROR_SUCCESS) {
        Error = Open(Set, DevicePath, &Interface);
    }
    if (Error == ERROR_SUCCESS && Data != NULL)
        Error = Describe(Interface, Data);
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiOpenDeviceInterfaceA(HDEVINFO Handle, PCSTR DevicePath, DWORD Flags,
                                        PSP_DEVICE_INTERFACE_DATA Data)
{
    WCHAR *Wide;
    BOOL Done;

    if (DevicePath == NULL)
        return SetupdiAnswer(ERROR_INVALID_PARAMETER);
    Wide = CfgWide(DevicePath, strlen(DevicePath), NULL);
    if (Wide == NULL)
        return SetupdiAnswer(ERROR_NOT_ENOUGH_MEMORY);
    Done = SetupDiOpenDeviceInterfaceW(Handle, Wide, Flags, Data);
    CfgFree(Wide);
    return Done;
}

BOOL WINAPI SetupDiDeleteDeviceInterfaceData(HDEVINFO Handle, PSP_DEVICE_INTERFACE_DATA Data)
{
    SETUPDI_INTERFACE *Interface;
    SETUPDI_SET *Set;
    DWORD Error = SetupdiLock(Handle, &Set);

    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    Error = SetupdiFindInterface(Set, Data, &Interface);
    if (Error == ERROR_SUCCESS) {
        RemoveEntryList(&Interface->Link);
        ExFreePoolWithTag(Interface, TAG_SETUPDI);
    }
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

BOOL WINAPI SetupDiGetDeviceInterfaceAlias(HDEVINFO Handle, PSP_DEVICE_INTERFACE_DATA Data,
                                           const GUID *AliasClass, PSP_DEVICE_INTERFACE_DATA Alias)
{
    SETUPDI_INTERFACE *Interface, *Found = NULL;
    PNP_INTERFACE_FACTS *Own = NULL, *List = NULL;
    WCHAR Kernel[PNP_PATH_CHARACTERS];
    SETUPDI_SET *Set;
    DWORD Error;
    ULONG OwnCount = 0, Count = 0, i;

    if (AliasClass == NULL || Alias == NULL)
        return SetupdiAnswer(ERROR_INVALID_PARAMETER);
    Error = SetupdiLock(Handle, &Set);
    if (Error != ERROR_SUCCESS)
        return SetupdiAnswer(Error);
    Error = SetupdiFindInterface(Set, Data, &Interface);
    if (Error == ERROR_SUCCESS && Alias->cbSize != sizeof(*Alias))
        Error = ERROR_INVALID_USER_BUFFER;
    if (Error == ERROR_SUCCESS) {
        (void)CfgJoin(Kernel, PNP_PATH_CHARACTERS, Interface->Name, NULL);
        Kernel[1] = L'?';
        if (!NT_SUCCESS(PnpListInterfaces(NULL, NULL, Kernel, &Own, &OwnCount)) ||
            !NT_SUCCESS(
                PnpListInterfaces(AliasClass, Interface->Element->InstanceId, NULL, &List, &Count)))
            Error = ERROR_NOT_ENOUGH_MEMORY;
        for (i = 0; i < Count && OwnCount != 0 && Error == ERROR_SUCCESS && Found == NULL; i++) {
            if (Own->Reference == NULL ? List[i].Reference == NULL
                                       : CfgSame(Own->Reference, List[i].Reference))
                Error = SetupdiAddInterface(Set, &List[i], &Found);
        }
        if (Error == ERROR_SUCCESS && Found == NULL)
            Error = ERROR_NO_SUCH_DEVICE_INTERFACE;
        if (Error == ERROR_SUCCESS)
            Error = Describe(Found, Alias);
        CfgFree(Own);
        CfgFree(List);
    }
    SetupdiUnlock(Set);
    return SetupdiAnswer(Error);
}

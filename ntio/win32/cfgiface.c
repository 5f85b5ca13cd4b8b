/* SPDX-License-Identifier: MIT */
/* cfgiface.c - lists of interfaces, by the names that CreateFile takes. */
#include "ntio/win32/cfgmgr.h"

/* Names of a class, double terminated. */
static CONFIGRET MakeList(LPGUID Class, const WCHAR *DeviceId, ULONG Flags, WCHAR **Result)
{
    PNP_INTERFACE_FACTS *Facts;
    SIZE_T Characters = 2;
    WCHAR *List, *To;
    ULONG Count, i;

    *Result = NULL;
    if (Class == NULL)
        return CR_INVALID_POINTER;
    if (Flags & ~CM_GET_DEVICE_INTERFACE_LIST_BITS)
        return CR_INVALID_FLAG;
    if (DeviceId != NULL && DeviceId[0] == 0)
        DeviceId = NULL;
    if (DeviceId != NULL && !CfgGoodInstanceId(DeviceId))
        return CR_INVALID_DEVICE_ID;
    if (!NT_SUCCESS(PnpListInterfaces(Class, DeviceId, NULL, &Facts, &Count)))
        return CR_OUT_OF_MEMORY;
    for (i = 0; i < Count; i++)
        Characters += NtCrt_wcslen(Facts[i].Name) + 1;
    List = To = ExAllocatePoolWithTag(PagedPool, Characters * sizeof(WCHAR), TAG_CFG);
    for (i = 0; i < Count && List != NULL; i++) {
        if (!Facts[i].Enabled && !(Flags & CM_GET_DEVICE_INTERFACE_LIST_ALL_DEVICES))
            continue;
        NtCrt_wcscpy(To, Facts[i].Name);
        To[1] = L'\\'; /* programs say \\?\ where drivers say \??\ */
        To += NtCrt_wcslen(To) + 1;
    }
    if (List != NULL)
        To[0] = To[To == List ? 1 : 0] = 0;
    CfgFree(Facts);
    *Result = List;
    return List != NULL ? CR_SUCCESS : CR_OUT_OF_MEMORY;
}

CONFIGRET WINAPI CM_Get_Device_Interface_List_SizeW(PULONG Length, LPGUID InterfaceClass,
                                                    DEVINSTID_W DeviceId, ULONG Flags)
{
    CONFIGRET Code;
    WCHAR *List;

    if (Length == NULL)
        return CR_INVALID_POINTER;
    *Length = 0;
    Code = MakeList(InterfaceClass, DeviceId, Flags, &List);
    /* Of an empty list as Windows has it: one zero. */
    if (Code == CR_SUCCESS)
        *Length = List[0] == 0 ? 1 : (ULONG)CfgMultiCharacters(List);
    CfgFree(List);
    return Code;
}

CONFIGRET WINAPI CM_Get_Device_Interface_ListW(LPGUID InterfaceClass, DEVINSTID_W DeviceId,
                                               PWCHAR Buffer, ULONG Length, ULONG Flags)
{
    CONFIGRET Code;
    SIZE_T Need;
    WCHAR *List;

    if (Buffer == NULL || Length == 0)
        return CR_INVALID_POINTER;
    Code = MakeList(InterfaceClass, DeviceId, Flags, &List);
    if (Code == CR_SUCCESS) {
        Need = List[0] == 0 ? 1 : CfgMultiCharacters(List);
        if (Need > Length)
            Code = CR_BUFFER_SMALL;
        else
            memcpy(Buffer, List, Need * sizeof(WCHAR));
    }
    CfgFree(List);
    return Code;
}

/* ---- the A forms ---- */

static CONFIGRET MakeNarrow(LPGUID Class, DEVINSTID_A DeviceId, ULONG Flags, CHAR **Narrow,
                            ULONG *Bytes)
{
    WCHAR *Wide = NULL, *List;
    CONFIGRET Code;

    *Narrow = NULL;
    if (DeviceId != NULL && (Wide = CfgWide(DeviceId, strlen(DeviceId), NULL)) == NULL)
        return CR_OUT_OF_MEMORY;
    Code = MakeList(Class, Wide, Flags, &List);
    if (Code == CR_SUCCESS) {
        *Narrow = CfgNarrow(List, List[0] == 0 ? 1 : CfgMultiCharacters(List), Bytes);
        Code = *Narrow != NULL ? CR_SUCCESS : CR_OUT_OF_MEMORY;
    }
    CfgFree(List);
    CfgFree(Wide);
    return Code;
}

CONFIGRET WINAPI CM_Get_Device_Interface_List_SizeA(PULONG Length, LPGUID InterfaceClass,
                                                    DEVINSTID_A DeviceId, ULONG Flags)
{
    CONFIGRET Code;
    ULONG Bytes;
    CHAR *Narrow;

    if (Length == NULL)
        return CR_INVALID_POINTER;
    *Length = 0;
    Code = MakeNarrow(InterfaceClass, DeviceId, Flags, &Narrow, &Bytes);
    if (Code == CR_SUCCESS)
        *Length = Bytes;
    CfgFree(Narrow);
    return Code;
}

CONFIGRET WINAPI CM_Get_Device_Interface_ListA(LPGUID InterfaceClass, DEVINSTID_A DeviceId,
                                               PCHAR Buffer, ULONG Length, ULONG Flags)
{
    CONFIGRET Code;
    ULONG Bytes;
    CHAR *Narrow;

    if (Buffer == NULL || Length == 0)
        return CR_INVALID_POINTER;
    Code = MakeNarrow(InterfaceClass, DeviceId, Flags, &Narrow, &Bytes);
    if (Code == CR_SUCCESS && Bytes > Length)
        Code = CR_BUFFER_SMALL;
    if (Code == CR_SUCCESS)
        memcpy(Buffer, Narrow, Bytes);
    CfgFree(Narrow);
    return Code;
}

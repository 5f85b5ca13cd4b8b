/* SPDX-License-Identifier: MIT */
/* devices.c - devices as setup looks for them: by ID, by package, and what drives them now. */
#include "ntio/setup/setupp.h"

static const WCHAR SetuppEnum[] = SETUPP_CONTROL_SET L"\\Enum";

/* Enum\Enumerator\Device\Instance: three levels. Each returns FALSE to end. */
static BOOLEAN SetuppWalk(const WCHAR *Key, const WCHAR *Name, ULONG Level,
                          SETUPP_DEVICE_ROUTINE *Each, PVOID Context)
{
    BOOLEAN More = TRUE;
    WCHAR *Sub;

    for (ULONG i = 0; More && NT_SUCCESS(CmpEnumerateSubkey(Key, i, &Sub)); i++) {
        WCHAR *Below = SetuppJoin(Key, L"\\", Sub, NULL);
        WCHAR *Path = SetuppJoin(Name, Level != 0 ? L"\\" : L"", Sub, NULL);

        ExFreePool(Sub);
        if (Below != NULL && Path != NULL)
            More = Level == 2 ? Each(Path, Context)
                              : SetuppWalk(Below, Path, Level + 1, Each, Context);
        free(Below);
        free(Path);
    }
    return More;
}

typedef struct _SETUPP_PRESENT {
    SETUPP_DEVICE_ROUTINE *Each;
    PVOID Context;
} SETUPP_PRESENT;

static BOOLEAN SetuppIfPresent(const WCHAR *InstancePath, PVOID Context)
{
    SETUPP_PRESENT *Present = Context;
    PDEVICE_NODE Node = PnpFindNode(InstancePath);

    if (Node == NULL)
        return TRUE;
    PnpDereferenceNode(Node);
    return Present->Each(InstancePath, Present->Context);
}

VOID SetuppEachDevice(BOOLEAN Present, SETUPP_DEVICE_ROUTINE *Each, PVOID Context)
{
    SETUPP_PRESENT Filter = {Each, Context};

    (void)SetuppWalk(SetuppEnum, L"", 0, Present ? SetuppIfPresent : Each,
                     Present ? (PVOID)&Filter : Context);
}

WCHAR *SetuppDeviceValue(const WCHAR *InstancePath, const WCHAR *Name)
{
    WCHAR *Key = SetuppJoin(SETUPP_ENUM_KEY, InstancePath, NULL), *Value = NULL;

    if (Key == NULL || !NT_SUCCESS(CmpQueryString(Key, Name, &Value)))
        Value = NULL;
    free(Key);
    return Value;
}

WCHAR *SetuppDriverKey(const WCHAR *InstancePath)
{
    WCHAR *Driver = SetuppDeviceValue(InstancePath, L"Driver"), *Key = NULL;

    if (Driver != NULL) {
        Key = SetuppJoin(SETUPP_CLASS_KEY, Driver, NULL);
        ExFreePool(Driver);
    }
    return Key;
}

typedef struct _SETUPP_MATCH {
    const WCHAR *Text;
    SETUP_DEVICE_ROUTINE *Each;
    PVOID Context;
} SETUPP_MATCH;

static BOOLEAN SetuppHasPackage(const WCHAR *InstancePath, PVOID Context)
{
    SETUPP_MATCH *Match = Context;
    WCHAR *Key = SetuppDriverKey(InstancePath), *Name = NULL;

    if (Key != NULL && NT_SUCCESS(CmpQueryString(Key, L"InfPath", &Name))) {
        if (InfSame(Name, Match->Text))
            Match->Each(InstancePath, Match->Context);
        ExFreePool(Name);
    }
    free(Key);
    return TRUE;
}

VOID SetupDevicesOf(const WCHAR *Name, SETUP_DEVICE_ROUTINE *Each, PVOID Context)
{
    SETUPP_MATCH Match = {Name, Each, Context};

    SetuppEachDevice(FALSE, SetuppHasPackage, &Match);
}

static BOOLEAN SetuppListHas(const WCHAR *List, const WCHAR *Text)
{
    for (; List != NULL && *List != 0; List += NtCrt_wcslen(List) + 1) {
        if (InfSame(List, Text))
            return TRUE;
    }
    return FALSE;
}

static BOOLEAN SetuppHasId(const WCHAR *InstancePath, PVOID Context)
{
    SETUPP_MATCH *Match = Context;
    WCHAR *Hardware = SetuppDeviceValue(InstancePath, L"HardwareID");
    WCHAR *Compatible = SetuppDeviceValue(InstancePath, L"CompatibleIDs");

    if (SetuppListHas(Hardware, Match->Text) || SetuppListHas(Compatible, Match->Text))
        Match->Each(InstancePath, Match->Context);
    if (Hardware != NULL)
        ExFreePool(Hardware);
    if (Compatible != NULL)
        ExFreePool(Compatible);
    return TRUE;
}

VOID SetupDevicesWithId(const WCHAR *Id, SETUP_DEVICE_ROUTINE *Each, PVOID Context)
{
    SETUPP_MATCH Match = {Id, Each, Context};

    SetuppEachDevice(TRUE, SetuppHasId, &Match);
}

ULONG SetupCurrentRank(const WCHAR *InstancePath, ULONG *Date, ULONGLONG *DriverVer)
{
    WCHAR *Key = SetuppDriverKey(InstancePath), *Service;
    ULONG Rank = INF_NO_RANK, Type, Bytes;
    PVOID Data;

    if (Date != NULL)
        *Date = 0;
    if (DriverVer != NULL)
        *DriverVer = 0;
    if (Key != NULL && NT_SUCCESS(CmpQueryUlong(Key, SETUPP_RANK, &Rank))) {
        if (Date != NULL)
            (void)CmpQueryUlong(Key, SETUPP_DATE, Date);
        if (DriverVer != NULL &&
            NT_SUCCESS(CmpQueryValue(Key, SETUPP_VERSION, &Type, &Data, &Bytes))) {
            if (Bytes == sizeof(*DriverVer))
                memcpy(DriverVer, Data, sizeof(*DriverVer));
            ExFreePool(Data);
        }
        free(Key);
        return Rank;
    }
    free(Key);
    Service = SetuppDeviceValue(InstancePath, L"Service");
    if (Service != NULL) {
        if (Service[0] != 0)
            Rank = SETUPP_INBOX_RANK;
        ExFreePool(Service);
    }
    return Rank;
}

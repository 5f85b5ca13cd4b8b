/* SPDX-License-Identifier: MIT */
/*
 * install.c - a driver on a device: files, services, the class, the driver's and the device's keys,
 * in the order of SetupDiInstallDevice; then the device starts again.
 *
 * Sources: MS docs, "INF DDInstall section" and the pages beside it, "SetupDiInstallDevice",
 * "Registry trees and keys for devices and drivers".
 */
#include "ntio/setup/setupp.h"

#define SETUPP_CONFIGFLAG_REINSTALL     0x00000020
#define SETUPP_CONFIGFLAG_FAILEDINSTALL 0x00000040

typedef struct _SETUPP_INSTALL {
    SETUP_RUN Run;
    const WCHAR *InstancePath;
    const SETUP_DRIVER *Driver;
    WCHAR *EnumKey, *ParameterKey, *ClassKey, *DriverName, *DriverKey;
    WCHAR Guid[SETUPP_GUID];
} SETUPP_INSTALL;

/* ---- classes ---- */

/* A class that is not there yet comes with the package: its key, its name, ClassInstall32. */
static ULONG SetuppInstallClass(SETUPP_INSTALL *Install)
{
    SETUP_RUN Run = {.Inf = Install->Run.Inf,
                     .Log = Install->Run.Log,
                     .Hkr = Install->ClassKey,
                     .OemName = Install->Run.OemName,
                     .Do = SETUP_RUN_FILES | SETUP_RUN_REGISTRY};
    ULONG Error = ERROR_SUCCESS;
    WCHAR *Section;

    if (CmpKeyExists(Install->ClassKey)) {
        WCHAR *Name = NULL;

        if (NT_SUCCESS(CmpQueryString(Install->ClassKey, L"Class", &Name))) {
            ExFreePool(Name);
            return ERROR_SUCCESS;
        }
    }
    SetuppLog(Run.Log, "dvi", "Installing class '%s' %s",
              SetuppLogText(Run.Log, Install->Driver->ClassName),
              SetuppLogText(Run.Log, Install->Guid));
    Error = SetuppError(CmpSetString(Install->ClassKey, L"Class", Install->Driver->ClassName));
    Section = InfActualSection(Run.Inf->Parts[0].File, L"ClassInstall32", &InfThisSystem);
    if (Error == ERROR_SUCCESS && Section != NULL)
        Error = SetuppRunSection(&Run, Section);
    free(Section);
    SetuppFreeRun(&Run);
    return Error;
}

/* ---- the driver's key: Class\{guid}\NNNN ---- */

static ULONG SetuppMakeDriverKey(SETUPP_INSTALL *Install)
{
    WCHAR *Old = SetuppDeviceValue(Install->InstancePath, L"Driver"), Number[8];
    SIZE_T Guid = NtCrt_wcslen(Install->Guid);
    BOOLEAN Same = FALSE;

    if (Old != NULL) {
        WCHAR *Key = SetuppJoin(SETUPP_CLASS_KEY, Old, NULL);

        if (Key != NULL)
            (void)CmpDeleteTree(Key); /* what an older driver kept there is none of the new one's */
        free(Key);
        Same = NtCrt_wcslen(Old) > Guid && Old[Guid] == L'\\' &&
               NtCrt__wcsnicmp(Old, Install->Guid, Guid) == 0;
        if (Same)
            Install->DriverName = InfDuplicate(Old);
        ExFreePool(Old);
    }
    for (ULONG i = 0; !Same && i < 10000 && Install->DriverName == NULL; i++) {
        WCHAR *Key;

        NtCrt__snwprintf(Number, RTL_NUMBER_OF(Number), L"%04u", i);
        Key = SetuppJoin(Install->ClassKey, L"\\", Number, NULL);
        if (Key == NULL)
            return ERROR_NOT_ENOUGH_MEMORY;
        if (!CmpKeyExists(Key))
            Install->DriverName = SetuppJoin(Install->Guid, L"\\", Number, NULL);
        free(Key);
    }
    if (Install->DriverName != NULL)
        Install->DriverKey = SetuppJoin(SETUPP_CLASS_KEY, Install->DriverName, NULL);
    if (Install->DriverKey == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    return SetuppError(CmpCreateKey(Install->DriverKey));
}

/* Days since 1601 in units of 100 ns. */
static ULONGLONG SetuppFileTime(ULONG Date)
{
    TIME_FIELDS Fields = {.Year = (CSHORT)(Date >> 16),
                          .Month = (CSHORT)(Date >> 8 & 0xff),
                          .Day = (CSHORT)(Date & 0xff)};
    LARGE_INTEGER Time = {0};

    (void)RtlTimeFieldsToTime(&Fields, &Time);
    return (ULONGLONG)Time.QuadPart;
}

static ULONG SetuppDescribeDriver(const SETUPP_INSTALL *Install)
{
    const SETUP_DRIVER *Driver = Install->Driver;
    const WCHAR *Key = Install->DriverKey;
    const WCHAR *Ext = Driver->ActualSection + NtCrt_wcslen(Driver->Section);
    ULONGLONG Time = SetuppFileTime(Driver->Date);
    WCHAR Text[64];
    NTSTATUS Status = CmpSetString(Key, L"DriverDesc", Driver->Description);

    if (NT_SUCCESS(Status) && Driver->Provider[0] != 0)
        Status = CmpSetString(Key, L"ProviderName", Driver->Provider);
    if (NT_SUCCESS(Status) && Driver->Date != 0) {
        NtCrt__snwprintf(Text, RTL_NUMBER_OF(Text), L"%u-%u-%u", Driver->Date >> 8 & 0xff,
                         Driver->Date & 0xff, Driver->Date >> 16);
        Status = CmpSetString(Key, L"DriverDate", Text);
        if (NT_SUCCESS(Status))
            Status = CmpSetValue(Key, L"DriverDateData", REG_BINARY, &Time, sizeof(Time));
    }
    if (NT_SUCCESS(Status) && Driver->DriverVer != 0) {
        NtCrt__snwprintf(
            Text, RTL_NUMBER_OF(Text), L"%u.%u.%u.%u", (ULONG)(Driver->DriverVer >> 48),
            (ULONG)(Driver->DriverVer >> 32) & 0xffff, (ULONG)(Driver->DriverVer >> 16) & 0xffff,
            (ULONG)Driver->DriverVer & 0xffff);
        Status = CmpSetString(Key, L"DriverVersion", Text);
    }
    if (NT_SUCCESS(Status))
        Status = CmpSetString(Key, L"InfPath", Install->Run.OemName);
    if (NT_SUCCESS(Status))
        Status = CmpSetString(Key, L"InfSection", Driver->Section);
    if (NT_SUCCESS(Status) && *Ext != 0)
        Status = CmpSetString(Key, L"InfSectionExt", Ext);
    if (NT_SUCCESS(Status) && Driver->MatchedId != NULL)
        Status = CmpSetString(Key, L"MatchingDeviceId", Driver->MatchedId);
    /* Windows keeps these among the properties of the device. */
    if (NT_SUCCESS(Status))
        Status = CmpSetUlong(Key, SETUPP_RANK, Driver->Rank);
    if (NT_SUCCESS(Status))
        Status = CmpSetUlong(Key, SETUPP_DATE, Driver->Date);
    if (NT_SUCCESS(Status))
        Status = CmpSetValue(Key, SETUPP_VERSION, REG_BINARY, &Driver->DriverVer,
                             sizeof(Driver->DriverVer));
    return SetuppError(Status);
}

/* ---- the device's key ---- */

/* "@oem3.inf,%token%;text": shown in the language of who looks, with the text for want of it. */
static ULONG SetuppSetLocalised(const SETUPP_INSTALL *Install, const WCHAR *Name,
                                const WCHAR *Token, const WCHAR *Text)
{
    WCHAR *Value = Token == NULL
                       ? InfDuplicate(Text)
                       : SetuppJoin(L"@", Install->Run.OemName, L",", Token, L";", Text, NULL);
    ULONG Error = Value == NULL ? ERROR_NOT_ENOUGH_MEMORY
                                : SetuppError(CmpSetString(Install->EnumKey, Name, Value));

    free(Value);
    return Error;
}

static VOID SetuppClearFlags(const WCHAR *EnumKey)
{
    ULONG Flags = 0;

    (void)CmpQueryUlong(EnumKey, L"ConfigFlags", &Flags);
    Flags &= ~(SETUPP_CONFIGFLAG_REINSTALL | SETUPP_CONFIGFLAG_FAILEDINSTALL);
    (void)CmpSetUlong(EnumKey, L"ConfigFlags", Flags);
}

static ULONG SetuppDescribeDevice(const SETUPP_INSTALL *Install)
{
    const SETUP_DRIVER *Driver = Install->Driver;
    ULONG Error;

    if (Install->Run.Service != NULL)
        Error = SetuppError(CmpSetString(Install->EnumKey, L"Service", Install->Run.Service));
    else
        Error = SetuppError(CmpDeleteValue(Install->EnumKey, L"Service"));
    if (Error == ERROR_FILE_NOT_FOUND)
        Error = ERROR_SUCCESS; /* there was none */
    if (Error == ERROR_SUCCESS)
        Error = SetuppError(CmpSetString(Install->EnumKey, L"ClassGUID", Install->Guid));
    if (Error == ERROR_SUCCESS)
        Error = SetuppError(CmpSetString(Install->EnumKey, L"Class", Driver->ClassName));
    if (Error == ERROR_SUCCESS)
        Error = SetuppError(CmpSetString(Install->EnumKey, L"Driver", Install->DriverName));
    if (Error == ERROR_SUCCESS)
        Error = SetuppSetLocalised(Install, L"DeviceDesc", Driver->DescriptionToken,
                                   Driver->Description);
    if (Error == ERROR_SUCCESS)
        Error =
            SetuppSetLocalised(Install, L"Mfg", Driver->ManufacturerToken, Driver->Manufacturer);
    if (Error == ERROR_SUCCESS)
        SetuppClearFlags(Install->EnumKey);
    return Error;
}

/* ---- sections ---- */

/* Runs <section><Suffix> with its own HKR, where there is one. */
static ULONG SetuppRunSuffix(SETUPP_INSTALL *Install, const WCHAR *Suffix, const WCHAR *Hkr,
                             const WCHAR *DeviceKey, ULONG Do)
{
    WCHAR *Section = SetuppJoin(Install->Driver->ActualSection, Suffix, NULL);
    ULONG Error;

    if (Section == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    Install->Run.Hkr = Hkr;
    Install->Run.DeviceKey = DeviceKey;
    Install->Run.Do = Do;
    Error = SetuppRunSection(&Install->Run, Section);
    Install->Run.DeviceKey = NULL;
    free(Section);
    return Error == ERROR_SECTION_NOT_FOUND ? ERROR_SUCCESS : Error;
}

static VOID SetuppLogLeftOut(const SETUPP_INSTALL *Install)
{
    static const WCHAR *const Suffixes[] = {L".CoInstallers", L".Wmi",        L".LogConfigOverride",
                                            L".FactDef",      L".Components", L".Software",
                                            L".Events",       L".Filters"};

    for (ULONG i = 0; i < RTL_NUMBER_OF(Suffixes); i++) {
        WCHAR *Section = SetuppJoin(Install->Driver->ActualSection, Suffixes[i], NULL);

        if (Section != NULL && InfFindSection(Install->Run.Inf->Parts[0].File, Section) != NULL)
            SetuppLog(Install->Run.Log, "dvi", "! [%s] is left out",
                      SetuppLogText(Install->Run.Log, Section));
        free(Section);
    }
}

static ULONG SetuppInstallSections(SETUPP_INSTALL *Install)
{
    SETUP_LOG *Log = Install->Run.Log;
    ULONG Error;

    (void)CmpDeleteValue(Install->EnumKey, L"UpperFilters");
    (void)CmpDeleteValue(Install->EnumKey, L"LowerFilters");
    Error = SetuppRunSuffix(Install, L"", Install->DriverKey, NULL,
                            SETUP_RUN_FILES | SETUP_RUN_REGISTRY);
    if (Error == ERROR_SUCCESS) {
        SetuppLog(Log, "dvi", "Install DEVICE: hardware registry");
        Error = SetuppRunSuffix(Install, L".HW", Install->ParameterKey, Install->EnumKey,
                                SETUP_RUN_REGISTRY);
    }
    if (Error == ERROR_SUCCESS) {
        SetuppLog(Log, "dvi", "Install DEVICE: services");
        Error = SetuppRunSuffix(Install, L".Services", NULL, NULL, SETUP_RUN_SERVICES);
    }
    if (Error == ERROR_SUCCESS)
        Error = SetuppRunSuffix(Install, L".Interfaces", NULL, NULL, SETUP_RUN_INTERFACES);
    SetuppLogLeftOut(Install);
    if (Error == ERROR_SUCCESS && Install->Run.Service == NULL && !Install->Run.NullDriver) {
        SetuppLog(Log, "dvi", "!!! No service is associated with the device");
        Error = ERROR_NO_ASSOCIATED_SERVICE;
    }
    return Error;
}

/* Under SetuppInstallLock. */
static ULONG SetuppInstallDriver(SETUPP_INSTALL *Install)
{
    SETUP_LOG *Log = Install->Run.Log;
    const SETUP_DRIVER *Driver = Install->Driver;
    ULONG Error;

    SetuppGuidText(&Driver->ClassGuid, Install->Guid);
    Install->EnumKey = SetuppJoin(SETUPP_ENUM_KEY, Install->InstancePath, NULL);
    Install->ParameterKey =
        SetuppJoin(SETUPP_ENUM_KEY, Install->InstancePath, L"\\Device Parameters", NULL);
    Install->ClassKey = SetuppJoin(SETUPP_CLASS_KEY, Install->Guid, NULL);
    if (Install->EnumKey == NULL || Install->ParameterKey == NULL || Install->ClassKey == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    if (!CmpKeyExists(Install->EnumKey))
        return ERROR_NO_SUCH_DEVINST;
    SetuppLog(Log, "dvi", "Device Instance Id: %s", SetuppLogText(Log, Install->InstancePath));
    SetuppLog(Log, "dvi", "HardwareID - %s", SetuppLogText(Log, Driver->MatchedId));
    SetuppLog(Log, "dvi", "InfName - %s", Driver->InfPath);
    SetuppLog(Log, "dvi", "DevDesc - %s", SetuppLogText(Log, Driver->Description));
    SetuppLog(Log, "dvi", "Section - %s", SetuppLogText(Log, Driver->ActualSection));
    SetuppLog(Log, "dvi", "Rank - 0x%08x", (unsigned)Driver->Rank);
    SetuppLog(Log, "dvi", "Signer Score - Not digitally signed");
    SetuppLog(Log, "dvi", "DrvDate - %02u/%02u/%04u", (unsigned)(Driver->Date >> 8 & 0xff),
              (unsigned)(Driver->Date & 0xff), (unsigned)(Driver->Date >> 16));
    Error = SetuppInstallClass(Install);
    if (Error == ERROR_SUCCESS)
        Error = SetuppMakeDriverKey(Install);
    if (Error == ERROR_SUCCESS)
        Error = SetuppInstallSections(Install);
    if (Error == ERROR_SUCCESS)
        Error = SetuppDescribeDriver(Install);
    if (Error == ERROR_SUCCESS)
        Error = SetuppDescribeDevice(Install);
    if (Error != ERROR_SUCCESS && Install->DriverKey != NULL) {
        (void)CmpDeleteTree(Install->DriverKey);
        (void)CmpDeleteValue(Install->EnumKey, L"Driver");
    }
    return Error;
}

static VOID SetuppFreeInstall(SETUPP_INSTALL *Install)
{
    SetuppFreeRun(&Install->Run);
    free(Install->EnumKey);
    free(Install->ParameterKey);
    free(Install->ClassKey);
    free(Install->DriverName);
    free(Install->DriverKey);
}

ULONG SetuppInstall(const WCHAR *InstancePath, const SETUP_DRIVER *Driver, SETUP_LOG *Log,
                    BOOLEAN *Reboot)
{
    SETUPP_INSTALL Install = {.InstancePath = InstancePath, .Driver = Driver};
    WCHAR *Oem = SetuppPublishedName(Driver->InfPath);
    PDEVICE_NODE Node = PnpFindNode(InstancePath);
    SETUP_INF *Inf = NULL;
    ULONG Line, Error = Oem == NULL ? ERROR_DRIVER_STORE_ADD_FAILED : ERROR_SUCCESS;

    if (Error == ERROR_SUCCESS)
        Error = SetupOpenInf(Driver->InfPath, &Inf, &Line);
    if (Error == ERROR_SUCCESS) {
        Install.Run.Inf = Inf;
        Install.Run.Log = Log;
        Install.Run.OemName = Oem;
        Install.Run.Pdo = Node != NULL ? Node->PhysicalDeviceObject : NULL;
        KiLock(&SetuppInstallLock);
        Error = SetuppInstallDriver(&Install);
        KiUnlock(&SetuppInstallLock);
        SetuppStopServices(&Install.Run);
        if (Install.Run.Reboot)
            *Reboot = TRUE;
    }
    if (Error != ERROR_SUCCESS)
        SetuppLog(Log, "dvi", "!!! Device install failed: error 0x%x", (unsigned)Error);
    SetuppFreeInstall(&Install);
    SetupCloseInf(Inf);
    if (Node != NULL)
        PnpDereferenceNode(Node);
    free(Oem);
    return Error;
}

/* The device as it was before anybody installed anything: no class, no driver, no service. */
static ULONG SetuppInstallNothing(const WCHAR *InstancePath, SETUP_LOG *Log)
{
    static const WCHAR *const Values[] = {L"Service",      L"ClassGUID",   L"Class",
                                          L"Driver",       L"Mfg",         L"DeviceDesc",
                                          L"UpperFilters", L"LowerFilters"};
    WCHAR *EnumKey = SetuppJoin(SETUPP_ENUM_KEY, InstancePath, NULL), *DriverKey;
    ULONG Error = EnumKey == NULL ? ERROR_NOT_ENOUGH_MEMORY : ERROR_SUCCESS;

    if (Error == ERROR_SUCCESS && !CmpKeyExists(EnumKey))
        Error = ERROR_NO_SUCH_DEVINST;
    if (Error == ERROR_SUCCESS) {
        KiLock(&SetuppInstallLock);
        DriverKey = SetuppDriverKey(InstancePath);
        if (DriverKey != NULL)
            (void)CmpDeleteTree(DriverKey);
        free(DriverKey);
        for (ULONG i = 0; i < RTL_NUMBER_OF(Values); i++)
            (void)CmpDeleteValue(EnumKey, Values[i]);
        SetuppClearFlags(EnumKey);
        KiUnlock(&SetuppInstallLock);
        SetuppLog(Log, "dvi", "No driver: the device is of class Unknown now");
    }
    free(EnumKey);
    return Error;
}

/* Restarts the device with what the registry says now. */
static VOID SetuppRestart(const WCHAR *InstancePath, SETUP_LOG *Log, BOOLEAN *Reboot)
{
    PNP_FACTS Facts;
    NTSTATUS Status;

    SetuppLog(Log, "dvi", "Restarting device %s", SetuppLogText(Log, InstancePath));
    SetuppLogFlush(Log);
    Status = PnpRestartDevice(InstancePath);
    if (Status == STATUS_NO_SUCH_DEVICE) {
        SetuppLog(Log, "dvi", "The device is not there; its driver comes when it is");
        return;
    }
    if (!NT_SUCCESS(PnpGetFacts(InstancePath, &Facts))) {
        SetuppLog(Log, "dvi", "The device has gone meanwhile");
        return;
    }
    if (!NT_SUCCESS(Status) && Facts.State == PnpStarted) { /* it refused to go, and goes on */
        SetuppLog(Log, "dvi", "! The device is in use (status 0x%08x): a restart is needed",
                  (unsigned)Status);
        *Reboot = TRUE;
    } else if (Facts.Problem != 0) {
        SetuppLog(Log, "dvi", "! Device has problem: 0x%02x, status 0x%08x",
                  (unsigned)Facts.Problem, (unsigned)Status);
    } else {
        SetuppLog(Log, "dvi", "Device started");
    }
}

ULONG SetupInstallDevice(const WCHAR *InstancePath, SETUP_DRIVER *Driver, BOOLEAN *Reboot)
{
    SETUP_DRIVER Published;
    BOOLEAN Existed, Needed = FALSE;
    WCHAR *Name = NULL;
    char *Narrow, *Path = NULL;
    SETUP_LOG *Log;
    ULONG Error = ERROR_SUCCESS;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Driver != NULL && (Name = SetuppPublishedName(Driver->InfPath)) == NULL) {
        Error = SetupPublish(Driver->InfPath, &Name, &Existed);
        if (Error != ERROR_SUCCESS)
            return Error;
        Path = SetupPublishedPath(Name);
        if (Path == NULL) {
            free(Name);
            return ERROR_DRIVER_STORE_ADD_FAILED;
        }
        Published = *Driver;
        Published.InfPath = Path;
        Driver = &Published;
    }
    Narrow = SetuppNarrow(InstancePath);
    Log = SetuppLogOpen("Device Install - %s", Narrow != NULL ? Narrow : "");
    free(Narrow);
    Error = Driver != NULL ? SetuppInstall(InstancePath, Driver, Log, &Needed)
                           : SetuppInstallNothing(InstancePath, Log);
    if (Error == ERROR_SUCCESS)
        SetuppRestart(InstancePath, Log, &Needed);
    SetuppLogClose(Log, Error);
    if (Reboot != NULL)
        *Reboot = Needed;
    free(Path);
    free(Name);
    return Error;
}

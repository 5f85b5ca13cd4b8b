/* SPDX-License-Identifier: MIT */
/*
 * setupapi.h - setup of devices: sets of devices and interfaces, what is known of them, what is
 * done to them.
 *
 * A device information set (HDEVINFO) is a list that does not change by itself: a device that comes
 * or goes later is not in it or still is. SP_DEVINFO_DATA and SP_DEVICE_INTERFACE_DATA name an
 * element of it and are good as long as the set. Sets may be used by several threads; each call
 * sees and leaves a whole set. Every routine answers FALSE (INVALID_HANDLE_VALUE where it gives a
 * handle) with its reason in GetLastError: ERROR_INVALID_HANDLE, it is no set;
 * ERROR_INVALID_PARAMETER, something that must be there is NULL, or what names an element is of
 * another set or has a wrong cbSize; ERROR_INVALID_USER_BUFFER, cbSize of what is to be filled in
 * is wrong, or a buffer is NULL with a size; ERROR_INSUFFICIENT_BUFFER with what is needed in
 * RequiredSize (which may be NULL); ERROR_NO_SUCH_DEVINST, the device has gone. Sizes of texts are
 * in characters, those of properties in bytes, both with zeros. A texts are UTF-8. Source: MS docs,
 * setupapi.h.
 *
 * setupapi_inf.h has the routines of .inf files. Not here: wizards, property pages, icons, other
 * machines (MachineName must be NULL: ERROR_INVALID_MACHINENAME), co-installers.
 */
#ifndef NTIO_WIN32_SETUPAPI_H
#define NTIO_WIN32_SETUPAPI_H

#include "windows.h"
#include "cfgmgr32.h"
#include "devpropdef.h"
#include "setupapi_err.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef WINSETUPAPI
#define WINSETUPAPI WINBASEAPI
#endif

typedef PVOID HDEVINFO;
typedef PVOID HSPFILEQ;
typedef UINT DI_FUNCTION;
typedef UINT(WINAPI *PSP_FILE_CALLBACK_A)(PVOID Context, UINT Notification, UINT_PTR Param1,
                                          UINT_PTR Param2);
typedef UINT(WINAPI *PSP_FILE_CALLBACK_W)(PVOID Context, UINT Notification, UINT_PTR Param1,
                                          UINT_PTR Param2);
#ifdef UNICODE
typedef PSP_FILE_CALLBACK_W PSP_FILE_CALLBACK;
#else
typedef PSP_FILE_CALLBACK_A PSP_FILE_CALLBACK;
#endif

/* ---- SetupDiGetClassDevs ---- */
#define DIGCF_DEFAULT         0x00000001
#define DIGCF_PRESENT         0x00000002
#define DIGCF_ALLCLASSES      0x00000004
#define DIGCF_PROFILE         0x00000008
#define DIGCF_DEVICEINTERFACE 0x00000010
#define DIGCF_INTERFACEDEVICE DIGCF_DEVICEINTERFACE

/* ---- flags of other routines ---- */
#define DICD_GENERATE_ID       0x00000001
#define DICD_INHERIT_CLASSDRVS 0x00000002
#define DIOD_INHERIT_CLASSDRVS 0x00000002
#define DIOD_CANCEL_REMOVE     0x00000004
#define DIODI_NO_ADD           0x00000001
#define SPRDI_FIND_DUPS        0x00000001
#define DIBCI_NOINSTALLCLASS   0x00000001
#define DIBCI_NODISPLAYCLASS   0x00000002
#define DIOCR_INSTALLER        0x00000001
#define DIOCR_INTERFACE        0x00000002
#define DIREG_DEV              0x00000001
#define DIREG_DRV              0x00000002
#define DIREG_BOTH             0x00000004

/* ---- SP_DEVICE_INTERFACE_DATA ---- */
#define SPINT_ACTIVE  0x00000001
#define SPINT_DEFAULT 0x00000002
#define SPINT_REMOVED 0x00000004

/* ---- DIF codes ---- */
#define DIF_SELECTDEVICE                   0x00000001
#define DIF_INSTALLDEVICE                  0x00000002
#define DIF_ASSIGNRESOURCES                0x00000003
#define DIF_PROPERTIES                     0x00000004
#define DIF_REMOVE                         0x00000005
#define DIF_FIRSTTIMESETUP                 0x00000006
#define DIF_FOUNDDEVICE                    0x00000007
#define DIF_SELECTCLASSDRIVERS             0x00000008
#define DIF_VALIDATECLASSDRIVERS           0x00000009
#define DIF_INSTALLCLASSDRIVERS            0x0000000A
#define DIF_CALCDISKSPACE                  0x0000000B
#define DIF_DESTROYPRIVATEDATA             0x0000000C
#define DIF_VALIDATEDRIVER                 0x0000000D
#define DIF_DETECT                         0x0000000F
#define DIF_INSTALLWIZARD                  0x00000010
#define DIF_DESTROYWIZARDDATA              0x00000011
#define DIF_PROPERTYCHANGE                 0x00000012
#define DIF_ENABLECLASS                    0x00000013
#define DIF_DETECTVERIFY                   0x00000014
#define DIF_INSTALLDEVICEFILES             0x00000015
#define DIF_UNREMOVE                       0x00000016
#define DIF_SELECTBESTCOMPATDRV            0x00000017
#define DIF_ALLOW_INSTALL                  0x00000018
#define DIF_REGISTERDEVICE                 0x00000019
#define DIF_NEWDEVICEWIZARD_PRESELECT      0x0000001A
#define DIF_NEWDEVICEWIZARD_SELECT         0x0000001B
#define DIF_NEWDEVICEWIZARD_PREANALYZE     0x0000001C
#define DIF_NEWDEVICEWIZARD_POSTANALYZE    0x0000001D
#define DIF_NEWDEVICEWIZARD_FINISHINSTALL  0x0000001E
#define DIF_UNUSED1                        0x0000001F
#define DIF_INSTALLINTERFACES              0x00000020
#define DIF_DETECTCANCEL                   0x00000021
#define DIF_REGISTER_COINSTALLERS          0x00000022
#define DIF_ADDPROPERTYPAGE_ADVANCED       0x00000023
#define DIF_ADDPROPERTYPAGE_BASIC          0x00000024
#define DIF_RESERVED1                      0x00000025
#define DIF_TROUBLESHOOTER                 0x00000026
#define DIF_POWERMESSAGEWAKE               0x00000027
#define DIF_ADDREMOTEPROPERTYPAGE_ADVANCED 0x00000028
#define DIF_UPDATEDRIVER_UI                0x00000029
#define DIF_RESERVED2                      0x00000030
#define DIF_MOVEDEVICE                     0x0000000E

/* ---- SP_PROPCHANGE_PARAMS ---- */
#define DICS_ENABLE              0x00000001
#define DICS_DISABLE             0x00000002
#define DICS_PROPCHANGE          0x00000003
#define DICS_START               0x00000004
#define DICS_STOP                0x00000005
#define DICS_FLAG_GLOBAL         0x00000001
#define DICS_FLAG_CONFIGSPECIFIC 0x00000002
#define DICS_FLAG_CONFIGGENERAL  0x00000004

/* ---- SP_REMOVEDEVICE_PARAMS ---- */
#define DI_REMOVEDEVICE_GLOBAL           0x00000001
#define DI_REMOVEDEVICE_CONFIGSPECIFIC   0x00000002
#define DI_UNREMOVEDEVICE_CONFIGSPECIFIC 0x00000002

/* ---- SP_DEVINSTALL_PARAMS ---- */
#define DI_SHOWOEM             0x00000001
#define DI_SHOWCOMPAT          0x00000002
#define DI_SHOWCLASS           0x00000004
#define DI_SHOWALL             0x00000007
#define DI_NOVCP               0x00000008
#define DI_DIDCOMPAT           0x00000010
#define DI_DIDCLASS            0x00000020
#define DI_AUTOASSIGNRES       0x00000040
#define DI_NEEDRESTART         0x00000080
#define DI_NEEDREBOOT          0x00000100
#define DI_NOBROWSE            0x00000200
#define DI_MULTMFGS            0x00000400
#define DI_DISABLED            0x00000800
#define DI_GENERALPAGE_ADDED   0x00001000
#define DI_RESOURCEPAGE_ADDED  0x00002000
#define DI_PROPERTIES_CHANGE   0x00004000
#define DI_INF_IS_SORTED       0x00008000
#define DI_ENUMSINGLEINF       0x00010000
#define DI_DONOTCALLCONFIGMG   0x00020000
#define DI_INSTALLDISABLED     0x00040000
#define DI_COMPAT_FROM_CLASS   0x00080000
#define DI_CLASSINSTALLPARAMS  0x00100000
#define DI_NODI_DEFAULTACTION  0x00200000
#define DI_QUIETINSTALL        0x00800000
#define DI_NOFILECOPY          0x01000000
#define DI_FORCECOPY           0x02000000
#define DI_DRIVERPAGE_ADDED    0x04000000
#define DI_USECI_SELECTSTRINGS 0x08000000
#define DI_OVERRIDE_INFFLAGS   0x10000000
#define DI_PROPS_NOCHANGEUSAGE 0x20000000
#define DI_NOSELECTICONS       0x40000000
#define DI_NOWRITE_IDS         0x80000000

/* ---- its FlagsEx ---- */
#define DI_FLAGSEX_USEOLDINFSEARCH          0x00000001
#define DI_FLAGSEX_RESERVED2                0x00000002
#define DI_FLAGSEX_CI_FAILED                0x00000004
#define DI_FLAGSEX_DIDINFOLIST              0x00000010
#define DI_FLAGSEX_DIDCOMPATINFO            0x00000020
#define DI_FLAGSEX_FILTERCLASSES            0x00000040
#define DI_FLAGSEX_SETFAILEDINSTALL         0x00000080
#define DI_FLAGSEX_DEVICECHANGE             0x00000100
#define DI_FLAGSEX_ALWAYSWRITEIDS           0x00000200
#define DI_FLAGSEX_PROPCHANGE_PENDING       0x00000400
#define DI_FLAGSEX_ALLOWEXCLUDEDDRVS        0x00000800
#define DI_FLAGSEX_NOUIONQUERYREMOVE        0x00001000
#define DI_FLAGSEX_USECLASSFORCOMPAT        0x00002000
#define DI_FLAGSEX_RESERVED3                0x00004000
#define DI_FLAGSEX_NO_DRVREG_MODIFY         0x00008000
#define DI_FLAGSEX_IN_SYSTEM_SETUP          0x00010000
#define DI_FLAGSEX_INET_DRIVER              0x00020000
#define DI_FLAGSEX_APPENDDRIVERLIST         0x00040000
#define DI_FLAGSEX_PREINSTALLBACKUP         0x00080000
#define DI_FLAGSEX_BACKUPONREPLACE          0x00100000
#define DI_FLAGSEX_DRIVERLIST_FROM_URL      0x00200000
#define DI_FLAGSEX_RESERVED1                0x00400000
#define DI_FLAGSEX_EXCLUDE_OLD_INET_DRIVERS 0x00800000
#define DI_FLAGSEX_POWERPAGE_ADDED          0x01000000
#define DI_FLAGSEX_FILTERSIMILARDRIVERS     0x02000000
#define DI_FLAGSEX_INSTALLEDDRIVER          0x04000000
#define DI_FLAGSEX_NO_CLASSLIST_NODE_MERGE  0x08000000
#define DI_FLAGSEX_ALTPLATFORM_DRVSEARCH    0x10000000
#define DI_FLAGSEX_RESTART_DEVICE_ONLY      0x20000000

/* ---- properties of devices ---- */
#define SPDRP_DEVICEDESC                  (0x00000000)
#define SPDRP_HARDWAREID                  (0x00000001)
#define SPDRP_COMPATIBLEIDS               (0x00000002)
#define SPDRP_UNUSED0                     (0x00000003)
#define SPDRP_SERVICE                     (0x00000004)
#define SPDRP_UNUSED1                     (0x00000005)
#define SPDRP_UNUSED2                     (0x00000006)
#define SPDRP_CLASS                       (0x00000007)
#define SPDRP_CLASSGUID                   (0x00000008)
#define SPDRP_DRIVER                      (0x00000009)
#define SPDRP_CONFIGFLAGS                 (0x0000000A)
#define SPDRP_MFG                         (0x0000000B)
#define SPDRP_FRIENDLYNAME                (0x0000000C)
#define SPDRP_LOCATION_INFORMATION        (0x0000000D)
#define SPDRP_PHYSICAL_DEVICE_OBJECT_NAME (0x0000000E)
#define SPDRP_CAPABILITIES                (0x0000000F)
#define SPDRP_UI_NUMBER                   (0x00000010)
#define SPDRP_UPPERFILTERS                (0x00000011)
#define SPDRP_LOWERFILTERS                (0x00000012)
#define SPDRP_BUSTYPEGUID                 (0x00000013)
#define SPDRP_LEGACYBUSTYPE               (0x00000014)
#define SPDRP_BUSNUMBER                   (0x00000015)
#define SPDRP_ENUMERATOR_NAME             (0x00000016)
#define SPDRP_SECURITY                    (0x00000017)
#define SPDRP_SECURITY_SDS                (0x00000018)
#define SPDRP_DEVTYPE                     (0x00000019)
#define SPDRP_EXCLUSIVE                   (0x0000001A)
#define SPDRP_CHARACTERISTICS             (0x0000001B)
#define SPDRP_ADDRESS                     (0x0000001C)
#define SPDRP_UI_NUMBER_DESC_FORMAT       (0x0000001D)
#define SPDRP_DEVICE_POWER_DATA           (0x0000001E)
#define SPDRP_REMOVAL_POLICY              (0x0000001F)
#define SPDRP_REMOVAL_POLICY_HW_DEFAULT   (0x00000020)
#define SPDRP_REMOVAL_POLICY_OVERRIDE     (0x00000021)
#define SPDRP_INSTALL_STATE               (0x00000022)
#define SPDRP_LOCATION_PATHS              (0x00000023)
#define SPDRP_BASE_CONTAINERID            (0x00000024)
#define SPDRP_MAXIMUM_PROPERTY            (0x00000025)

/* ---- properties of classes ---- */
#define SPCRP_UPPERFILTERS     (0x00000011)
#define SPCRP_LOWERFILTERS     (0x00000012)
#define SPCRP_SECURITY         (0x00000017)
#define SPCRP_SECURITY_SDS     (0x00000018)
#define SPCRP_DEVTYPE          (0x00000019)
#define SPCRP_EXCLUSIVE        (0x0000001A)
#define SPCRP_CHARACTERISTICS  (0x0000001B)
#define SPCRP_MAXIMUM_PROPERTY (0x0000001C)

#define SP_MAX_MACHINENAME_LENGTH (MAX_PATH + 3)

/* ---- structures ---- */

typedef struct _SP_DEVINFO_DATA {
    DWORD cbSize;
    GUID ClassGuid;
    DWORD DevInst;
    ULONG_PTR Reserved;
} SP_DEVINFO_DATA, *PSP_DEVINFO_DATA;

typedef struct _SP_DEVICE_INTERFACE_DATA {
    DWORD cbSize;
    GUID InterfaceClassGuid;
    DWORD Flags; /* SPINT_* */
    ULONG_PTR Reserved;
} SP_DEVICE_INTERFACE_DATA, *PSP_DEVICE_INTERFACE_DATA;

/* cbSize is that of the structure with one character, whatever the buffer's size. */
typedef struct _SP_DEVICE_INTERFACE_DETAIL_DATA_A {
    DWORD cbSize;
    CHAR DevicePath[ANYSIZE_ARRAY];
} SP_DEVICE_INTERFACE_DETAIL_DATA_A, *PSP_DEVICE_INTERFACE_DETAIL_DATA_A;
typedef struct _SP_DEVICE_INTERFACE_DETAIL_DATA_W {
    DWORD cbSize;
    WCHAR DevicePath[ANYSIZE_ARRAY];
} SP_DEVICE_INTERFACE_DETAIL_DATA_W, *PSP_DEVICE_INTERFACE_DETAIL_DATA_W;

typedef struct _SP_DEVINFO_LIST_DETAIL_DATA_A {
    DWORD cbSize;
    GUID ClassGuid;
    HANDLE RemoteMachineHandle;
    CHAR RemoteMachineName[SP_MAX_MACHINENAME_LENGTH];
} SP_DEVINFO_LIST_DETAIL_DATA_A, *PSP_DEVINFO_LIST_DETAIL_DATA_A;
typedef struct _SP_DEVINFO_LIST_DETAIL_DATA_W {
    DWORD cbSize;
    GUID ClassGuid;
    HANDLE RemoteMachineHandle;
    WCHAR RemoteMachineName[SP_MAX_MACHINENAME_LENGTH];
} SP_DEVINFO_LIST_DETAIL_DATA_W, *PSP_DEVINFO_LIST_DETAIL_DATA_W;

typedef struct _SP_DEVINSTALL_PARAMS_A {
    DWORD cbSize;
    DWORD Flags;
    DWORD FlagsEx;
    HWND hwndParent;
    PSP_FILE_CALLBACK InstallMsgHandler;
    PVOID InstallMsgHandlerContext;
    HSPFILEQ FileQueue;
    ULONG_PTR ClassInstallReserved;
    DWORD Reserved;
    CHAR DriverPath[MAX_PATH];
} SP_DEVINSTALL_PARAMS_A, *PSP_DEVINSTALL_PARAMS_A;
typedef struct _SP_DEVINSTALL_PARAMS_W {
    DWORD cbSize;
    DWORD Flags;
    DWORD FlagsEx;
    HWND hwndParent;
    PSP_FILE_CALLBACK InstallMsgHandler;
    PVOID InstallMsgHandlerContext;
    HSPFILEQ FileQueue;
    ULONG_PTR ClassInstallReserved;
    DWORD Reserved;
    WCHAR DriverPath[MAX_PATH];
} SP_DEVINSTALL_PARAMS_W, *PSP_DEVINSTALL_PARAMS_W;

/* First in what SetupDiSetClassInstallParams takes: cbSize is its own, InstallFunction says what
 * follows. */
typedef struct _SP_CLASSINSTALL_HEADER {
    DWORD cbSize;
    DI_FUNCTION InstallFunction;
} SP_CLASSINSTALL_HEADER, *PSP_CLASSINSTALL_HEADER;
typedef struct _SP_PROPCHANGE_PARAMS {
    SP_CLASSINSTALL_HEADER ClassInstallHeader;
    DWORD StateChange; /* DICS_* */
    DWORD Scope;       /* DICS_FLAG_* */
    DWORD HwProfile;   /* 0: the current one */
} SP_PROPCHANGE_PARAMS, *PSP_PROPCHANGE_PARAMS;
typedef struct _SP_REMOVEDEVICE_PARAMS {
    SP_CLASSINSTALL_HEADER ClassInstallHeader;
    DWORD Scope;
    DWORD HwProfile;
} SP_REMOVEDEVICE_PARAMS, *PSP_REMOVEDEVICE_PARAMS;

#ifdef UNICODE
typedef SP_DEVICE_INTERFACE_DETAIL_DATA_W SP_DEVICE_INTERFACE_DETAIL_DATA;
typedef PSP_DEVICE_INTERFACE_DETAIL_DATA_W PSP_DEVICE_INTERFACE_DETAIL_DATA;
typedef SP_DEVINFO_LIST_DETAIL_DATA_W SP_DEVINFO_LIST_DETAIL_DATA;
typedef PSP_DEVINFO_LIST_DETAIL_DATA_W PSP_DEVINFO_LIST_DETAIL_DATA;
typedef SP_DEVINSTALL_PARAMS_W SP_DEVINSTALL_PARAMS;
typedef PSP_DEVINSTALL_PARAMS_W PSP_DEVINSTALL_PARAMS;
#else
typedef SP_DEVICE_INTERFACE_DETAIL_DATA_A SP_DEVICE_INTERFACE_DETAIL_DATA;
typedef PSP_DEVICE_INTERFACE_DETAIL_DATA_A PSP_DEVICE_INTERFACE_DETAIL_DATA;
typedef SP_DEVINFO_LIST_DETAIL_DATA_A SP_DEVINFO_LIST_DETAIL_DATA;
typedef PSP_DEVINFO_LIST_DETAIL_DATA_A PSP_DEVINFO_LIST_DETAIL_DATA;
typedef SP_DEVINSTALL_PARAMS_A SP_DEVINSTALL_PARAMS;
typedef PSP_DEVINSTALL_PARAMS_A PSP_DEVINSTALL_PARAMS;
#endif

#ifdef __cplusplus
}
#endif

#include "setupapi_inf.h"
#include "setupapi_drv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- sets ---- */

/*
 * Devices of a setup class, or with DIGCF_DEVICEINTERFACE those that have interfaces of an
 * interface class, and these. Class is ignored with DIGCF_ALLCLASSES, else it must be there.
 * Enumerator: only of that enumerator (L"Root") or, the instance ID of one device; for interfaces
 * the latter only (ERROR_INVALID_DATA). DIGCF_PRESENT: those that are there, interfaces that are
 * enabled; else phantoms too. DIGCF_PROFILE: those of the current hardware profile. DIGCF_DEFAULT:
 * the default interface of the class. Ex: adds to a set (Set not NULL) and answers it.
 */
WINSETUPAPI HDEVINFO WINAPI SetupDiGetClassDevsW(const GUID *Class, PCWSTR Enumerator, HWND Parent,
                                                 DWORD Flags);
WINSETUPAPI HDEVINFO WINAPI SetupDiGetClassDevsA(const GUID *Class, PCSTR Enumerator, HWND Parent,
                                                 DWORD Flags);
WINSETUPAPI HDEVINFO WINAPI SetupDiGetClassDevsExW(const GUID *Class, PCWSTR Enumerator,
                                                   HWND Parent, DWORD Flags, HDEVINFO Set,
                                                   PCWSTR MachineName, PVOID Reserved);
WINSETUPAPI HDEVINFO WINAPI SetupDiGetClassDevsExA(const GUID *Class, PCSTR Enumerator, HWND Parent,
                                                   DWORD Flags, HDEVINFO Set, PCSTR MachineName,
                                                   PVOID Reserved);
/* An empty set; with a class it takes devices of that class only. */
WINSETUPAPI HDEVINFO WINAPI SetupDiCreateDeviceInfoList(const GUID *Class, HWND Parent);
/* Devices that were made in it and never registered go with it. */
WINSETUPAPI BOOL WINAPI SetupDiDestroyDeviceInfoList(HDEVINFO Set);
/* The class of the set. ERROR_NO_ASSOCIATED_CLASS: it has none. */
WINSETUPAPI BOOL WINAPI SetupDiGetDeviceInfoListClass(HDEVINFO Set, LPGUID Class);
WINSETUPAPI BOOL WINAPI SetupDiGetDeviceInfoListDetailW(HDEVINFO Set,
                                                        PSP_DEVINFO_LIST_DETAIL_DATA_W Detail);
WINSETUPAPI BOOL WINAPI SetupDiGetDeviceInfoListDetailA(HDEVINFO Set,
                                                        PSP_DEVINFO_LIST_DETAIL_DATA_A Detail);

/* ---- elements ---- */

/* The Index-th device. ERROR_NO_MORE_ITEMS. */
WINSETUPAPI BOOL WINAPI SetupDiEnumDeviceInfo(HDEVINFO Set, DWORD Index, PSP_DEVINFO_DATA Device);
/*
 * A new root-enumerated device of a class: a registry key and an element; no device yet
 * (SetupDiRegisterDeviceInfo). DICD_GENERATE_ID: Name is a device name, the ID Root\\NAME\\NNNN is
 * new; else Name is the instance ID. ERROR_INVALID_DEVINST_NAME, ERROR_CLASS_MISMATCH (the set's
 * class), ERROR_DEVINST_ALREADY_EXISTS.
 */
WINSETUPAPI BOOL WINAPI SetupDiCreateDeviceInfoW(HDEVINFO Set, PCWSTR Name, const GUID *Class,
                                                 PCWSTR Description, HWND Parent, DWORD Flags,
                                                 PSP_DEVINFO_DATA Device);
WINSETUPAPI BOOL WINAPI SetupDiCreateDeviceInfoA(HDEVINFO Set, PCSTR Name, const GUID *Class,
                                                 PCSTR Description, HWND Parent, DWORD Flags,
                                                 PSP_DEVINFO_DATA Device);
/* Adds a device that the registry knows, unless it is there already. ERROR_NO_SUCH_DEVINST,
 * ERROR_CLASS_MISMATCH. */
WINSETUPAPI BOOL WINAPI SetupDiOpenDeviceInfoW(HDEVINFO Set, PCWSTR InstanceId, HWND Parent,
                                               DWORD Flags, PSP_DEVINFO_DATA Device);
WINSETUPAPI BOOL WINAPI SetupDiOpenDeviceInfoA(HDEVINFO Set, PCSTR InstanceId, HWND Parent,
                                               DWORD Flags, PSP_DEVINFO_DATA Device);
/* Takes the element out of the set; the device stays. */
WINSETUPAPI BOOL WINAPI SetupDiDeleteDeviceInfo(HDEVINFO Set, PSP_DEVINFO_DATA Device);
WINSETUPAPI BOOL WINAPI SetupDiGetDeviceInstanceIdW(HDEVINFO Set, PSP_DEVINFO_DATA Device, PWSTR Id,
                                                    DWORD Size, PDWORD RequiredSize);
WINSETUPAPI BOOL WINAPI SetupDiGetDeviceInstanceIdA(HDEVINFO Set, PSP_DEVINFO_DATA Device, PSTR Id,
                                                    DWORD Size, PDWORD RequiredSize);

/* The Index-th interface of a class, of one device or (NULL) all. ERROR_NO_MORE_ITEMS. */
WINSETUPAPI BOOL WINAPI SetupDiEnumDeviceInterfaces(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                    const GUID *Class, DWORD Index,
                                                    PSP_DEVICE_INTERFACE_DATA Interface);
/*
 * The name that CreateFile takes, and the device (may be NULL, its cbSize set else). First with
 * Detail NULL and Size 0 for the size in bytes. ERROR_INVALID_USER_BUFFER: Detail's cbSize is not
 * that of the structure. The device is filled in also where the buffer is too small.
 */
WINSETUPAPI BOOL WINAPI SetupDiGetDeviceInterfaceDetailW(HDEVINFO Set,
                                                         PSP_DEVICE_INTERFACE_DATA Interface,
                                                         PSP_DEVICE_INTERFACE_DETAIL_DATA_W Detail,
                                                         DWORD Size, PDWORD RequiredSize,
                                                         PSP_DEVINFO_DATA Device);
WINSETUPAPI BOOL WINAPI SetupDiGetDeviceInterfaceDetailA(HDEVINFO Set,
                                                         PSP_DEVICE_INTERFACE_DATA Interface,
                                                         PSP_DEVICE_INTERFACE_DETAIL_DATA_A Detail,
                                                         DWORD Size, PDWORD RequiredSize,
                                                         PSP_DEVINFO_DATA Device);
/* Adds an interface by its name, and its device. ERROR_NO_SUCH_DEVICE_INTERFACE,
 * ERROR_INVALID_PARAMETER. Interface may be NULL. */
WINSETUPAPI BOOL WINAPI SetupDiOpenDeviceInterfaceW(HDEVINFO Set, PCWSTR DevicePath, DWORD Flags,
                                                    PSP_DEVICE_INTERFACE_DATA Interface);
WINSETUPAPI BOOL WINAPI SetupDiOpenDeviceInterfaceA(HDEVINFO Set, PCSTR DevicePath, DWORD Flags,
                                                    PSP_DEVICE_INTERFACE_DATA Interface);
WINSETUPAPI BOOL WINAPI SetupDiDeleteDeviceInterfaceData(HDEVINFO Set,
                                                         PSP_DEVICE_INTERFACE_DATA Interface);
/* The interface of another class with the same device and reference string.
 * ERROR_NO_SUCH_DEVICE_INTERFACE. */
WINSETUPAPI BOOL WINAPI SetupDiGetDeviceInterfaceAlias(HDEVINFO Set,
                                                       PSP_DEVICE_INTERFACE_DATA Interface,
                                                       const GUID *AliasClass,
                                                       PSP_DEVICE_INTERFACE_DATA Alias);

/* ---- properties ---- */

/* SPDRP_*. ERROR_INVALID_DATA: the device has none; ERROR_INVALID_REG_PROPERTY: nobody has. */
WINSETUPAPI BOOL WINAPI SetupDiGetDeviceRegistryPropertyW(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                          DWORD Property, PDWORD Type, PBYTE Buffer,
                                                          DWORD Size, PDWORD RequiredSize);
WINSETUPAPI BOOL WINAPI SetupDiGetDeviceRegistryPropertyA(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                          DWORD Property, PDWORD Type, PBYTE Buffer,
                                                          DWORD Size, PDWORD RequiredSize);
/* NULL with 0 takes it away. ERROR_INVALID_REG_PROPERTY: it is the system's. A class GUID takes the
 * class's name with it. Filters count from the next start of the device. */
WINSETUPAPI BOOL WINAPI SetupDiSetDeviceRegistryPropertyW(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                          DWORD Property, const BYTE *Buffer,
                                                          DWORD Size);
WINSETUPAPI BOOL WINAPI SetupDiSetDeviceRegistryPropertyA(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                          DWORD Property, const BYTE *Buffer,
                                                          DWORD Size);
/* SPCRP_*. ERROR_INVALID_CLASS: no such class; ERROR_INVALID_DATA: it has none. */
WINSETUPAPI BOOL WINAPI SetupDiGetClassRegistryPropertyW(const GUID *Class, DWORD Property,
                                                         PDWORD Type, PBYTE Buffer, DWORD Size,
                                                         PDWORD RequiredSize, PCWSTR MachineName,
                                                         PVOID Reserved);
WINSETUPAPI BOOL WINAPI SetupDiGetClassRegistryPropertyA(const GUID *Class, DWORD Property,
                                                         PDWORD Type, PBYTE Buffer, DWORD Size,
                                                         PDWORD RequiredSize, PCSTR MachineName,
                                                         PVOID Reserved);
WINSETUPAPI BOOL WINAPI SetupDiSetClassRegistryPropertyW(const GUID *Class, DWORD Property,
                                                         const BYTE *Buffer, DWORD Size,
                                                         PCWSTR MachineName, PVOID Reserved);
WINSETUPAPI BOOL WINAPI SetupDiSetClassRegistryPropertyA(const GUID *Class, DWORD Property,
                                                         const BYTE *Buffer, DWORD Size,
                                                         PCSTR MachineName, PVOID Reserved);
/* DEVPKEY_*. ERROR_NOT_FOUND: the device has none; ERROR_INVALID_FLAGS: Flags are not 0. */
WINSETUPAPI BOOL WINAPI SetupDiGetDevicePropertyW(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                  const DEVPROPKEY *Key, DEVPROPTYPE *Type,
                                                  PBYTE Buffer, DWORD Size, PDWORD RequiredSize,
                                                  DWORD Flags);
WINSETUPAPI BOOL WINAPI SetupDiSetDevicePropertyW(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                  const DEVPROPKEY *Key, DEVPROPTYPE Type,
                                                  const BYTE *Buffer, DWORD Size, DWORD Flags);
WINSETUPAPI BOOL WINAPI SetupDiGetDevicePropertyKeys(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                     DEVPROPKEY *Keys, DWORD Count,
                                                     PDWORD RequiredCount, DWORD Flags);
WINSETUPAPI BOOL WINAPI SetupDiGetDeviceInterfacePropertyW(HDEVINFO Set,
                                                           PSP_DEVICE_INTERFACE_DATA Interface,
                                                           const DEVPROPKEY *Key, DEVPROPTYPE *Type,
                                                           PBYTE Buffer, DWORD Size,
                                                           PDWORD RequiredSize, DWORD Flags);

/* ---- keys; CloseHandle or RegCloseKey ---- */

/*
 * DIREG_DEV: the device's hardware key, DIREG_DRV: its driver's. Scope DICS_FLAG_GLOBAL, or
 * DICS_FLAG_CONFIGSPECIFIC: of the current hardware profile (HwProfile 0, else
 * ERROR_INVALID_HWPROFILE). ERROR_INVALID_FLAGS; ERROR_KEY_DOES_NOT_EXIST: not there, or no driver;
 * ERROR_DEVINFO_NOT_REGISTERED. Create makes it (and a driver's number, where there is a class).
 */
WINSETUPAPI HKEY WINAPI SetupDiOpenDevRegKey(HDEVINFO Set, PSP_DEVINFO_DATA Device, DWORD Scope,
                                             DWORD HwProfile, DWORD KeyType, REGSAM Access);
WINSETUPAPI HKEY WINAPI SetupDiCreateDevRegKeyW(HDEVINFO Set, PSP_DEVINFO_DATA Device, DWORD Scope,
                                                DWORD HwProfile, DWORD KeyType, HINF Inf,
                                                PCWSTR InfSection);
WINSETUPAPI HKEY WINAPI SetupDiCreateDevRegKeyA(HDEVINFO Set, PSP_DEVINFO_DATA Device, DWORD Scope,
                                                DWORD HwProfile, DWORD KeyType, HINF Inf,
                                                PCSTR InfSection);
/* DIREG_BOTH too. */
WINSETUPAPI BOOL WINAPI SetupDiDeleteDevRegKey(HDEVINFO Set, PSP_DEVINFO_DATA Device, DWORD Scope,
                                               DWORD HwProfile, DWORD KeyType);
/* The key of a setup class (NULL: of all). ERROR_INVALID_CLASS. Ex: DIOCR_INSTALLER, or
 * DIOCR_INTERFACE (ERROR_NO_SUCH_INTERFACE_CLASS). */
WINSETUPAPI HKEY WINAPI SetupDiOpenClassRegKey(const GUID *Class, REGSAM Access);
WINSETUPAPI HKEY WINAPI SetupDiOpenClassRegKeyExW(const GUID *Class, REGSAM Access, DWORD Flags,
                                                  PCWSTR MachineName, PVOID Reserved);
WINSETUPAPI HKEY WINAPI SetupDiOpenClassRegKeyExA(const GUID *Class, REGSAM Access, DWORD Flags,
                                                  PCSTR MachineName, PVOID Reserved);

/* ---- classes ---- */

/* All setup classes of that name. RequiredSize is their number. */
WINSETUPAPI BOOL WINAPI SetupDiClassGuidsFromNameW(PCWSTR Name, LPGUID List, DWORD Size,
                                                   PDWORD RequiredSize);
WINSETUPAPI BOOL WINAPI SetupDiClassGuidsFromNameA(PCSTR Name, LPGUID List, DWORD Size,
                                                   PDWORD RequiredSize);
WINSETUPAPI BOOL WINAPI SetupDiClassNameFromGuidW(const GUID *Class, PWSTR Name, DWORD Size,
                                                  PDWORD RequiredSize);
WINSETUPAPI BOOL WINAPI SetupDiClassNameFromGuidA(const GUID *Class, PSTR Name, DWORD Size,
                                                  PDWORD RequiredSize);
WINSETUPAPI BOOL WINAPI SetupDiGetClassDescriptionW(const GUID *Class, PWSTR Description,
                                                    DWORD Size, PDWORD RequiredSize);
WINSETUPAPI BOOL WINAPI SetupDiGetClassDescriptionA(const GUID *Class, PSTR Description, DWORD Size,
                                                    PDWORD RequiredSize);
/* All setup classes; DIBCI_NOINSTALLCLASS, DIBCI_NODISPLAYCLASS leave out those whose key says so.
 */
WINSETUPAPI BOOL WINAPI SetupDiBuildClassInfoList(DWORD Flags, LPGUID List, DWORD Size,
                                                  PDWORD RequiredSize);

/* ---- installation ---- */

WINSETUPAPI BOOL WINAPI SetupDiGetDeviceInstallParamsW(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                       PSP_DEVINSTALL_PARAMS_W Params);
WINSETUPAPI BOOL WINAPI SetupDiGetDeviceInstallParamsA(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                       PSP_DEVINSTALL_PARAMS_A Params);
WINSETUPAPI BOOL WINAPI SetupDiSetDeviceInstallParamsW(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                       PSP_DEVINSTALL_PARAMS_W Params);
WINSETUPAPI BOOL WINAPI SetupDiSetDeviceInstallParamsA(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                       PSP_DEVINSTALL_PARAMS_A Params);
/* What the next class installer call is about; NULL with 0 takes it away. Sets
 * DI_CLASSINSTALLPARAMS. */
WINSETUPAPI BOOL WINAPI SetupDiSetClassInstallParamsW(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                      PSP_CLASSINSTALL_HEADER Params, DWORD Size);
WINSETUPAPI BOOL WINAPI SetupDiSetClassInstallParamsA(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                      PSP_CLASSINSTALL_HEADER Params, DWORD Size);
/* ERROR_NO_CLASSINSTALL_PARAMS. */
WINSETUPAPI BOOL WINAPI SetupDiGetClassInstallParamsW(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                      PSP_CLASSINSTALL_HEADER Params, DWORD Size,
                                                      PDWORD RequiredSize);
WINSETUPAPI BOOL WINAPI SetupDiGetClassInstallParamsA(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                      PSP_CLASSINSTALL_HEADER Params, DWORD Size,
                                                      PDWORD RequiredSize);
/*
 * There are no class installers: what Windows does by default for DIF_REGISTERDEVICE, DIF_REMOVE,
 * DIF_PROPERTYCHANGE, DIF_SELECTBESTCOMPATDRV, DIF_INSTALLDEVICEFILES, DIF_INSTALLDEVICE. For the
 * other codes nothing is done and the answer is ERROR_DI_DO_DEFAULT.
 */
WINSETUPAPI BOOL WINAPI SetupDiCallClassInstaller(DI_FUNCTION Function, HDEVINFO Set,
                                                  PSP_DEVINFO_DATA Device);
/* Makes the device of an element that SetupDiCreateDeviceInfo made. SPRDI_FIND_DUPS is not known:
 * ERROR_INVALID_FLAGS. Compare routines are not called. */
WINSETUPAPI BOOL WINAPI SetupDiRegisterDeviceInfo(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                  DWORD Flags, PVOID CompareProc,
                                                  PVOID CompareContext, PSP_DEVINFO_DATA Duplicate);
/*
 * Query-remove, remove; keys go too. A device that refuses stays for now: TRUE, with DI_NEEDREBOOT
 * in the element's install parameters and DN_WILL_BE_REMOVED.
 */
WINSETUPAPI BOOL WINAPI SetupDiRemoveDevice(HDEVINFO Set, PSP_DEVINFO_DATA Device);
/*
 * By SP_PROPCHANGE_PARAMS (ERROR_NO_CLASSINSTALL_PARAMS). What a device refuses now holds from its
 * next start on: TRUE, with DI_NEEDREBOOT. ERROR_NOT_DISABLEABLE.
 */
WINSETUPAPI BOOL WINAPI SetupDiChangeState(HDEVINFO Set, PSP_DEVINFO_DATA Device);
/* Restarts one device, or (NULL) all of the set. */
WINSETUPAPI BOOL WINAPI SetupDiRestartDevices(HDEVINFO Set, PSP_DEVINFO_DATA Device);

#ifdef UNICODE
#define NTIO_SETUPAPI_AW_(n) n##W
#else
#define NTIO_SETUPAPI_AW_(n) n##A
#endif
#define SetupDiGetClassDevs              NTIO_SETUPAPI_AW_(SetupDiGetClassDevs)
#define SetupDiGetClassDevsEx            NTIO_SETUPAPI_AW_(SetupDiGetClassDevsEx)
#define SetupDiGetDeviceInfoListDetail   NTIO_SETUPAPI_AW_(SetupDiGetDeviceInfoListDetail)
#define SetupDiCreateDeviceInfo          NTIO_SETUPAPI_AW_(SetupDiCreateDeviceInfo)
#define SetupDiOpenDeviceInfo            NTIO_SETUPAPI_AW_(SetupDiOpenDeviceInfo)
#define SetupDiGetDeviceInstanceId       NTIO_SETUPAPI_AW_(SetupDiGetDeviceInstanceId)
#define SetupDiGetDeviceInterfaceDetail  NTIO_SETUPAPI_AW_(SetupDiGetDeviceInterfaceDetail)
#define SetupDiOpenDeviceInterface       NTIO_SETUPAPI_AW_(SetupDiOpenDeviceInterface)
#define SetupDiGetDeviceRegistryProperty NTIO_SETUPAPI_AW_(SetupDiGetDeviceRegistryProperty)
#define SetupDiSetDeviceRegistryProperty NTIO_SETUPAPI_AW_(SetupDiSetDeviceRegistryProperty)
#define SetupDiGetClassRegistryProperty  NTIO_SETUPAPI_AW_(SetupDiGetClassRegistryProperty)
#define SetupDiSetClassRegistryProperty  NTIO_SETUPAPI_AW_(SetupDiSetClassRegistryProperty)
#define SetupDiCreateDevRegKey           NTIO_SETUPAPI_AW_(SetupDiCreateDevRegKey)
#define SetupDiOpenClassRegKeyEx         NTIO_SETUPAPI_AW_(SetupDiOpenClassRegKeyEx)
#define SetupDiClassGuidsFromName        NTIO_SETUPAPI_AW_(SetupDiClassGuidsFromName)
#define SetupDiClassNameFromGuid         NTIO_SETUPAPI_AW_(SetupDiClassNameFromGuid)
#define SetupDiGetClassDescription       NTIO_SETUPAPI_AW_(SetupDiGetClassDescription)
#define SetupDiGetDeviceInstallParams    NTIO_SETUPAPI_AW_(SetupDiGetDeviceInstallParams)
#define SetupDiSetDeviceInstallParams    NTIO_SETUPAPI_AW_(SetupDiSetDeviceInstallParams)
#define SetupDiGetClassInstallParams     NTIO_SETUPAPI_AW_(SetupDiGetClassInstallParams)
#define SetupDiSetClassInstallParams     NTIO_SETUPAPI_AW_(SetupDiSetClassInstallParams)
#ifdef UNICODE
#define SetupDiGetDeviceProperty          SetupDiGetDevicePropertyW
#define SetupDiSetDeviceProperty          SetupDiSetDevicePropertyW
#define SetupDiGetDeviceInterfaceProperty SetupDiGetDeviceInterfacePropertyW
#endif

#ifdef __cplusplus
}
#endif
#endif

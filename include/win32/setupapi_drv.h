/* SPDX-License-Identifier: MIT */
/*
 * setupapi_drv.h - the part of setupapi.h about drivers for the devices of a set. Include
 * setupapi.h.
 *
 * A driver list belongs to an element (compatible drivers, or those of its class) or to a set
 * (Device NULL: those of its class). It is built once and does not change; SP_DRVINFO_DATA names a
 * driver of it and is good as long as the list. Common reasons of failure are those of setupapi.h.
 * Source: MS docs, setupapi.h.
 */
#ifndef NTIO_WIN32_SETUPAPI_DRV_H
#define NTIO_WIN32_SETUPAPI_DRV_H

#ifdef __cplusplus
extern "C" {
#endif

#define SPDIT_NODRIVER     0x00000000
#define SPDIT_CLASSDRIVER  0x00000001
#define SPDIT_COMPATDRIVER 0x00000002

typedef struct _SP_DRVINFO_DATA_V2_W {
    DWORD cbSize;
    DWORD DriverType;
    ULONG_PTR Reserved;
    WCHAR Description[LINE_LEN];
    WCHAR MfgName[LINE_LEN];
    WCHAR ProviderName[LINE_LEN];
    FILETIME DriverDate;
    DWORDLONG DriverVersion;
} SP_DRVINFO_DATA_V2_W, *PSP_DRVINFO_DATA_V2_W;

typedef struct _SP_DRVINFO_DATA_V2_A {
    DWORD cbSize;
    DWORD DriverType;
    ULONG_PTR Reserved;
    CHAR Description[LINE_LEN];
    CHAR MfgName[LINE_LEN];
    CHAR ProviderName[LINE_LEN];
    FILETIME DriverDate;
    DWORDLONG DriverVersion;
} SP_DRVINFO_DATA_V2_A, *PSP_DRVINFO_DATA_V2_A;

typedef struct _SP_DRVINFO_DATA_V1_W {
    DWORD cbSize;
    DWORD DriverType;
    ULONG_PTR Reserved;
    WCHAR Description[LINE_LEN];
    WCHAR MfgName[LINE_LEN];
    WCHAR ProviderName[LINE_LEN];
} SP_DRVINFO_DATA_V1_W, *PSP_DRVINFO_DATA_V1_W;

typedef struct _SP_DRVINFO_DATA_V1_A {
    DWORD cbSize;
    DWORD DriverType;
    ULONG_PTR Reserved;
    CHAR Description[LINE_LEN];
    CHAR MfgName[LINE_LEN];
    CHAR ProviderName[LINE_LEN];
} SP_DRVINFO_DATA_V1_A, *PSP_DRVINFO_DATA_V1_A;

typedef SP_DRVINFO_DATA_V2_W SP_DRVINFO_DATA_W;
typedef PSP_DRVINFO_DATA_V2_W PSP_DRVINFO_DATA_W;
typedef SP_DRVINFO_DATA_V2_A SP_DRVINFO_DATA_A;
typedef PSP_DRVINFO_DATA_V2_A PSP_DRVINFO_DATA_A;

typedef struct _SP_DRVINFO_DETAIL_DATA_W {
    DWORD cbSize;
    FILETIME InfDate;
    DWORD CompatIDsOffset; /* in characters, from HardwareID; 0: none */
    DWORD CompatIDsLength; /* in characters, with both zeros; 0: none */
    ULONG_PTR Reserved;
    WCHAR SectionName[LINE_LEN];
    WCHAR InfFileName[MAX_PATH];
    WCHAR DrvDescription[LINE_LEN];
    WCHAR HardwareID[1]; /* and behind it the compatible IDs */
} SP_DRVINFO_DETAIL_DATA_W, *PSP_DRVINFO_DETAIL_DATA_W;

typedef struct _SP_DRVINFO_DETAIL_DATA_A {
    DWORD cbSize;
    FILETIME InfDate;
    DWORD CompatIDsOffset;
    DWORD CompatIDsLength;
    ULONG_PTR Reserved;
    CHAR SectionName[LINE_LEN];
    CHAR InfFileName[MAX_PATH];
    CHAR DrvDescription[LINE_LEN];
    CHAR HardwareID[1];
} SP_DRVINFO_DETAIL_DATA_A, *PSP_DRVINFO_DETAIL_DATA_A;

typedef struct _SP_DRVINSTALL_PARAMS {
    DWORD cbSize;
    DWORD Rank;
    DWORD Flags;
    DWORD_PTR PrivateData;
    DWORD Reserved;
} SP_DRVINSTALL_PARAMS, *PSP_DRVINSTALL_PARAMS;

#define DNF_OLDDRIVER         0x00000002
#define DNF_CLASS_DRIVER      0x00000020
#define DNF_COMPATIBLE_DRIVER 0x00000040

/*
 * Builds a list, from the store, or from DriverPath of the install parameters: a folder, or with
 * DI_ENUMSINGLEINF one file. DI_FLAGSEX_INSTALLEDDRIVER: only the driver that the device has.
 * Nothing happens where the list is there. ERROR_INVALID_PARAMETER: SPDIT_COMPATDRIVER without a
 * device; ERROR_NO_ASSOCIATED_CLASS: SPDIT_CLASSDRIVER without a class.
 */
WINSETUPAPI BOOL WINAPI SetupDiBuildDriverInfoList(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                   DWORD DriverType);
/* A driver that was selected from it is so no more. */
WINSETUPAPI BOOL WINAPI SetupDiDestroyDriverInfoList(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                     DWORD DriverType);
/* The best first. ERROR_NO_MORE_ITEMS. */
WINSETUPAPI BOOL WINAPI SetupDiEnumDriverInfoW(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                               DWORD DriverType, DWORD Index,
                                               PSP_DRVINFO_DATA_W Driver);
WINSETUPAPI BOOL WINAPI SetupDiEnumDriverInfoA(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                               DWORD DriverType, DWORD Index,
                                               PSP_DRVINFO_DATA_A Driver);
/* ERROR_NO_DRIVER_SELECTED. */
WINSETUPAPI BOOL WINAPI SetupDiGetSelectedDriverW(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                  PSP_DRVINFO_DATA_W Driver);
WINSETUPAPI BOOL WINAPI SetupDiGetSelectedDriverA(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                  PSP_DRVINFO_DATA_A Driver);
/* NULL: none is selected. Driver->Reserved 0: looked for by description, manufacturer and provider
 * in its list; filled in then. ERROR_INVALID_PARAMETER: it is in no list. */
WINSETUPAPI BOOL WINAPI SetupDiSetSelectedDriverW(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                  PSP_DRVINFO_DATA_W Driver);
WINSETUPAPI BOOL WINAPI SetupDiSetSelectedDriverA(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                  PSP_DRVINFO_DATA_A Driver);
/* Driver NULL: the selected one. Size in bytes. What has room is filled in also where not all has
 * (ERROR_INSUFFICIENT_BUFFER). */
WINSETUPAPI BOOL WINAPI SetupDiGetDriverInfoDetailW(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                    PSP_DRVINFO_DATA_W Driver,
                                                    PSP_DRVINFO_DETAIL_DATA_W Detail, DWORD Size,
                                                    PDWORD RequiredSize);
/* Driver NULL: the selected one. */
WINSETUPAPI BOOL WINAPI SetupDiGetDriverInstallParamsW(HDEVINFO Set, PSP_DEVINFO_DATA Device,
                                                       PSP_DRVINFO_DATA_W Driver,
                                                       PSP_DRVINSTALL_PARAMS Params);
/* The defaults of DIF_SELECTBESTCOMPATDRV (ERROR_NO_COMPAT_DRIVERS), DIF_INSTALLDEVICEFILES and
 * DIF_INSTALLDEVICE; without a selected driver ERROR_NO_DRIVER_SELECTED. */
WINSETUPAPI BOOL WINAPI SetupDiSelectBestCompatDrv(HDEVINFO Set, PSP_DEVINFO_DATA Device);
WINSETUPAPI BOOL WINAPI SetupDiInstallDriverFiles(HDEVINFO Set, PSP_DEVINFO_DATA Device);
WINSETUPAPI BOOL WINAPI SetupDiInstallDevice(HDEVINFO Set, PSP_DEVINFO_DATA Device);
/*
 * A section of an open .inf, without a device. Flags: SPINST_FILES, SPINST_REGISTRY, SPINST_BITREG
 * are done, of the others nothing is. RelativeKeyRoot is HKR (NULL: HKEY_CURRENT_USER). MsgHandler
 * is not called.
 */
WINSETUPAPI BOOL WINAPI SetupInstallFromInfSectionW(HWND Owner, HINF InfHandle, PCWSTR SectionName,
                                                    UINT Flags, HKEY RelativeKeyRoot,
                                                    PCWSTR SourceRootPath, UINT CopyFlags,
                                                    PSP_FILE_CALLBACK_W MsgHandler, PVOID Context,
                                                    HDEVINFO Set, PSP_DEVINFO_DATA Device);
WINSETUPAPI BOOL WINAPI SetupInstallFromInfSectionA(HWND Owner, HINF InfHandle, PCSTR SectionName,
                                                    UINT Flags, HKEY RelativeKeyRoot,
                                                    PCSTR SourceRootPath, UINT CopyFlags,
                                                    PSP_FILE_CALLBACK_A MsgHandler, PVOID Context,
                                                    HDEVINFO Set, PSP_DEVINFO_DATA Device);

/*
 * File queues: what SetupInstallFilesFromInfSection puts in happens when the queue is committed, in
 * this order; a failure ends it. INVALID_HANDLE_VALUE: no memory. MsgHandler is not called.
 * ERROR_SECTION_NOT_FOUND.
 */
WINSETUPAPI HSPFILEQ WINAPI SetupOpenFileQueue(VOID);
WINSETUPAPI BOOL WINAPI SetupCloseFileQueue(HSPFILEQ QueueHandle);
WINSETUPAPI BOOL WINAPI SetupInstallFilesFromInfSectionW(HINF InfHandle, HINF LayoutInfHandle,
                                                         HSPFILEQ FileQueue, PCWSTR SectionName,
                                                         PCWSTR SourceRootPath, UINT CopyFlags);
WINSETUPAPI BOOL WINAPI SetupInstallFilesFromInfSectionA(HINF InfHandle, HINF LayoutInfHandle,
                                                         HSPFILEQ FileQueue, PCSTR SectionName,
                                                         PCSTR SourceRootPath, UINT CopyFlags);
WINSETUPAPI BOOL WINAPI SetupCommitFileQueueW(HWND Owner, HSPFILEQ QueueHandle,
                                              PSP_FILE_CALLBACK_W MsgHandler, PVOID Context);
WINSETUPAPI BOOL WINAPI SetupCommitFileQueueA(HWND Owner, HSPFILEQ QueueHandle,
                                              PSP_FILE_CALLBACK_A MsgHandler, PVOID Context);

#ifdef UNICODE
#define NTIO_DRV_AW_(n) n##W
typedef SP_DRVINFO_DATA_W SP_DRVINFO_DATA;
typedef PSP_DRVINFO_DATA_W PSP_DRVINFO_DATA;
typedef SP_DRVINFO_DETAIL_DATA_W SP_DRVINFO_DETAIL_DATA;
typedef PSP_DRVINFO_DETAIL_DATA_W PSP_DRVINFO_DETAIL_DATA;
#else
#define NTIO_DRV_AW_(n) n##A
typedef SP_DRVINFO_DATA_A SP_DRVINFO_DATA;
typedef PSP_DRVINFO_DATA_A PSP_DRVINFO_DATA;
typedef SP_DRVINFO_DETAIL_DATA_A SP_DRVINFO_DETAIL_DATA;
typedef PSP_DRVINFO_DETAIL_DATA_A PSP_DRVINFO_DETAIL_DATA;
#endif
#define SetupDiEnumDriverInfo           NTIO_DRV_AW_(SetupDiEnumDriverInfo)
#define SetupDiGetSelectedDriver        NTIO_DRV_AW_(SetupDiGetSelectedDriver)
#define SetupDiSetSelectedDriver        NTIO_DRV_AW_(SetupDiSetSelectedDriver)
#define SetupInstallFromInfSection      NTIO_DRV_AW_(SetupInstallFromInfSection)
#define SetupCommitFileQueue            NTIO_DRV_AW_(SetupCommitFileQueue)
#define SetupInstallFilesFromInfSection NTIO_DRV_AW_(SetupInstallFilesFromInfSection)
#ifdef UNICODE
#define SetupDiGetDriverInfoDetail    SetupDiGetDriverInfoDetailW
#define SetupDiGetDriverInstallParams SetupDiGetDriverInstallParamsW
#endif

#ifdef __cplusplus
}
#endif
#endif

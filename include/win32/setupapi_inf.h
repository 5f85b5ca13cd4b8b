/* SPDX-License-Identifier: MIT */
/*
 * setupapi_inf.h - the part of setupapi.h that reads .inf files, runs their sections and keeps the
 * driver store. Include setupapi.h.
 *
 * Each routine answers FALSE (or what is said beside it) with its reason in GetLastError().
 * Paths: C:\Windows\... is in the system root (ntio.h: ntio_set_system_root); what has no drive is
 * the host's path, with '/' or '\'. Sizes are in characters with the zero; a Buffer of NULL asks
 * for RequiredSize alone; too small is ERROR_INSUFFICIENT_BUFFER. Text of A routines is UTF-8.
 * Source: MS docs, setupapi.h reference.
 */
#ifndef NTIO_WIN32_SETUPAPI_INF_H
#define NTIO_WIN32_SETUPAPI_INF_H

#include "windows.h"
#include "setupapi_err.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef WINSETUPAPI
#define WINSETUPAPI WINBASEAPI
#endif
#define LINE_LEN                    256  /* of a displayable string, with its zero */
#define MAX_INF_STRING_LENGTH       4096 /* of a field, with its zero */
#define MAX_INF_SECTION_NAME_LENGTH 255

typedef PVOID HINF;

/* Where in a file one is: filled in by SetupFindFirstLine, opaque. */
typedef struct _INFCONTEXT {
    PVOID Inf;
    PVOID CurrentInf;
    UINT Section;
    UINT Line;
} INFCONTEXT, *PINFCONTEXT;

typedef struct _SP_INF_INFORMATION {
    DWORD InfStyle;
    DWORD InfCount;
    BYTE VersionData[1];
} SP_INF_INFORMATION, *PSP_INF_INFORMATION;

#define INF_STYLE_NONE  0x00000000
#define INF_STYLE_OLDNT 0x00000001
#define INF_STYLE_WIN4  0x00000002

#define INFINFO_INF_SPEC_IS_HINF       1
#define INFINFO_INF_NAME_IS_ABSOLUTE   2
#define INFINFO_DEFAULT_SEARCH         3
#define INFINFO_REVERSE_DEFAULT_SEARCH 4
#define INFINFO_INF_PATH_LIST_SEARCH   5

#define SPINST_LOGCONFIG                0x00000001
#define SPINST_INIFILES                 0x00000002
#define SPINST_REGISTRY                 0x00000004
#define SPINST_INI2REG                  0x00000008
#define SPINST_FILES                    0x00000010
#define SPINST_BITREG                   0x00000020
#define SPINST_REGSVR                   0x00000040
#define SPINST_UNREGSVR                 0x00000080
#define SPINST_PROFILEITEMS             0x00000100
#define SPINST_COPYINF                  0x00000200
#define SPINST_PROPERTIES               0x00000400
#define SPINST_ALL                      0x000007ff
#define SPINST_SINGLESECTION            0x00010000
#define SPINST_LOGCONFIG_IS_FORCED      0x00020000
#define SPINST_LOGCONFIGS_ARE_OVERRIDES 0x00040000
#define SPINST_REGISTERCALLBACKAWARE    0x00080000
#define SPINST_DEVICEINSTALL            0x00100000

#define SPSVCINST_TAGTOFRONT               0x00000001
#define SPSVCINST_ASSOCSERVICE             0x00000002
#define SPSVCINST_DELETEEVENTLOGENTRY      0x00000004
#define SPSVCINST_NOCLOBBER_DISPLAYNAME    0x00000008
#define SPSVCINST_NOCLOBBER_STARTTYPE      0x00000010
#define SPSVCINST_NOCLOBBER_ERRORCONTROL   0x00000020
#define SPSVCINST_NOCLOBBER_LOADORDERGROUP 0x00000040
#define SPSVCINST_NOCLOBBER_DEPENDENCIES   0x00000080
#define SPSVCINST_NOCLOBBER_DESCRIPTION    0x00000100
#define SPSVCINST_STOPSERVICE              0x00000200
#define SPSVCINST_CLOBBER_SECURITY         0x00000400

#define SP_COPY_DELETESOURCE        0x0000001
#define SP_COPY_REPLACEONLY         0x0000002
#define SP_COPY_NEWER               0x0000004
#define SP_COPY_NEWER_OR_SAME       SP_COPY_NEWER
#define SP_COPY_NOOVERWRITE         0x0000008
#define SP_COPY_NODECOMP            0x0000010
#define SP_COPY_LANGUAGEAWARE       0x0000020
#define SP_COPY_SOURCE_ABSOLUTE     0x0000040
#define SP_COPY_SOURCEPATH_ABSOLUTE 0x0000080
#define SP_COPY_FORCE_IN_USE        0x0000200
#define SP_COPY_NOSKIP              0x0000400
#define SP_COPY_FORCE_NOOVERWRITE   0x0001000
#define SP_COPY_FORCE_NEWER         0x0002000
#define SP_COPY_OEMINF_CATALOG_ONLY 0x0040000

#define SPOST_NONE 0
#define SPOST_PATH 1
#define SPOST_URL  2

#define SUOI_FORCEDELETE 0x00000001

/* ---- reading ---- */
/* INVALID_HANDLE_VALUE on failure. ErrorLine (may be NULL) is where a fault is, 0 for the file as a
 * whole. */
WINSETUPAPI HINF WINAPI SetupOpenInfFileW(PCWSTR FileName, PCWSTR InfClass, DWORD InfStyle,
                                          PUINT ErrorLine);
WINSETUPAPI HINF WINAPI SetupOpenInfFileA(PCSTR FileName, PCSTR InfClass, DWORD InfStyle,
                                          PUINT ErrorLine);
/* FileName NULL: what LayoutFile of [Version] says. */
WINSETUPAPI BOOL WINAPI SetupOpenAppendInfFileW(PCWSTR FileName, HINF InfHandle, PUINT ErrorLine);
WINSETUPAPI BOOL WINAPI SetupOpenAppendInfFileA(PCSTR FileName, HINF InfHandle, PUINT ErrorLine);
WINSETUPAPI VOID WINAPI SetupCloseInfFile(HINF InfHandle);
/* Key NULL: any line. ERROR_SECTION_NOT_FOUND, ERROR_LINE_NOT_FOUND. */
WINSETUPAPI BOOL WINAPI SetupFindFirstLineW(HINF InfHandle, PCWSTR Section, PCWSTR Key,
                                            PINFCONTEXT Context);
WINSETUPAPI BOOL WINAPI SetupFindFirstLineA(HINF InfHandle, PCSTR Section, PCSTR Key,
                                            PINFCONTEXT Context);
WINSETUPAPI BOOL WINAPI SetupFindNextLine(PINFCONTEXT ContextIn, PINFCONTEXT ContextOut);
WINSETUPAPI BOOL WINAPI SetupFindNextMatchLineW(PINFCONTEXT ContextIn, PCWSTR Key,
                                                PINFCONTEXT ContextOut);
WINSETUPAPI BOOL WINAPI SetupFindNextMatchLineA(PINFCONTEXT ContextIn, PCSTR Key,
                                                PINFCONTEXT ContextOut);
WINSETUPAPI BOOL WINAPI SetupGetLineByIndexW(HINF InfHandle, PCWSTR Section, DWORD Index,
                                             PINFCONTEXT Context);
WINSETUPAPI BOOL WINAPI SetupGetLineByIndexA(HINF InfHandle, PCSTR Section, DWORD Index,
                                             PINFCONTEXT Context);
/* -1: ERROR_SECTION_NOT_FOUND. */
WINSETUPAPI LONG WINAPI SetupGetLineCountW(HINF InfHandle, PCWSTR Section);
WINSETUPAPI LONG WINAPI SetupGetLineCountA(HINF InfHandle, PCSTR Section);
WINSETUPAPI DWORD WINAPI SetupGetFieldCount(PINFCONTEXT Context);
/* FieldIndex from 1; 0 is the key. ERROR_INVALID_PARAMETER: there is no such field. */
WINSETUPAPI BOOL WINAPI SetupGetStringFieldW(PINFCONTEXT Context, DWORD FieldIndex, PWSTR Buffer,
                                             DWORD Size, PDWORD RequiredSize);
WINSETUPAPI BOOL WINAPI SetupGetStringFieldA(PINFCONTEXT Context, DWORD FieldIndex, PSTR Buffer,
                                             DWORD Size, PDWORD RequiredSize);
/* ERROR_INVALID_DATA: it is no number. An empty field is 0. */
WINSETUPAPI BOOL WINAPI SetupGetIntField(PINFCONTEXT Context, DWORD FieldIndex, PINT IntegerValue);
/* Fields from FieldIndex on, double terminated. */
WINSETUPAPI BOOL WINAPI SetupGetMultiSzFieldW(PINFCONTEXT Context, DWORD FieldIndex, PWSTR Buffer,
                                              DWORD Size, LPDWORD RequiredSize);
WINSETUPAPI BOOL WINAPI SetupGetMultiSzFieldA(PINFCONTEXT Context, DWORD FieldIndex, PSTR Buffer,
                                              DWORD Size, LPDWORD RequiredSize);
/* Fields from FieldIndex on, each a hexadecimal byte. ERROR_INVALID_DATA. */
WINSETUPAPI BOOL WINAPI SetupGetBinaryField(PINFCONTEXT Context, DWORD FieldIndex, PBYTE Buffer,
                                            DWORD Size, LPDWORD RequiredSize);
/* All fields of the context's line, or (Context NULL) of the first with Key in Section. */
WINSETUPAPI BOOL WINAPI SetupGetLineTextW(PINFCONTEXT Context, HINF InfHandle, PCWSTR Section,
                                          PCWSTR Key, PWSTR Buffer, DWORD Size,
                                          PDWORD RequiredSize);
WINSETUPAPI BOOL WINAPI SetupGetLineTextA(PINFCONTEXT Context, HINF InfHandle, PCSTR Section,
                                          PCSTR Key, PSTR Buffer, DWORD Size, PDWORD RequiredSize);
/* Of a file by name or handle (INFINFO_*); path lists are not searched: ERROR_INVALID_PARAMETER. */
WINSETUPAPI BOOL WINAPI SetupGetInfInformationW(LPCVOID InfSpec, DWORD SearchControl,
                                                PSP_INF_INFORMATION Buffer, DWORD Size,
                                                PDWORD RequiredSize);
WINSETUPAPI BOOL WINAPI SetupQueryInfVersionInformationW(PSP_INF_INFORMATION InfInformation,
                                                         UINT InfIndex, PCWSTR Key, PWSTR Buffer,
                                                         DWORD Size, PDWORD RequiredSize);

/* ---- running ---- */
/* ERROR_SUCCESS_REBOOT_REQUIRED with TRUE: a restart is needed. */
WINSETUPAPI BOOL WINAPI SetupInstallServicesFromInfSectionW(HINF InfHandle, PCWSTR SectionName,
                                                            DWORD Flags);
WINSETUPAPI BOOL WINAPI SetupInstallServicesFromInfSectionA(HINF InfHandle, PCSTR SectionName,
                                                            DWORD Flags);
/* Section.NTamd64, Section.NT or Section. Extension (may be NULL) points into Buffer; NULL: none.
 */
WINSETUPAPI BOOL WINAPI SetupDiGetActualSectionToInstallW(HINF InfHandle, PCWSTR SectionName,
                                                          PWSTR Buffer, DWORD Size,
                                                          PDWORD RequiredSize, PWSTR *Extension);
WINSETUPAPI BOOL WINAPI SetupDiGetActualSectionToInstallA(HINF InfHandle, PCSTR SectionName,
                                                          PSTR Buffer, DWORD Size,
                                                          PDWORD RequiredSize, PSTR *Extension);
/* The class that a package is for. */
WINSETUPAPI BOOL WINAPI SetupDiGetINFClassW(PCWSTR InfName, LPGUID ClassGuid, PWSTR ClassName,
                                            DWORD Size, PDWORD RequiredSize);
WINSETUPAPI BOOL WINAPI SetupDiGetINFClassA(PCSTR InfName, LPGUID ClassGuid, PSTR ClassName,
                                            DWORD Size, PDWORD RequiredSize);

/* ---- the driver store ---- */
/* Publishes a package; Destination gets C:\Windows\INF\oemN.inf, Component points to its last part.
 * ERROR_FILE_EXISTS with SP_COPY_NOOVERWRITE, or with SP_COPY_REPLACEONLY ERROR_FILE_NOT_FOUND. */
WINSETUPAPI BOOL WINAPI SetupCopyOEMInfW(PCWSTR SourceInfFileName, PCWSTR OEMSourceMediaLocation,
                                         DWORD OEMSourceMediaType, DWORD CopyStyle,
                                         PWSTR Destination, DWORD Size, PDWORD RequiredSize,
                                         PWSTR *Component);
WINSETUPAPI BOOL WINAPI SetupCopyOEMInfA(PCSTR SourceInfFileName, PCSTR OEMSourceMediaLocation,
                                         DWORD OEMSourceMediaType, DWORD CopyStyle,
                                         PSTR Destination, DWORD Size, PDWORD RequiredSize,
                                         PSTR *Component);
/* InfFileName: oemN.inf. SUOI_FORCEDELETE: also while devices use it; else
 * ERROR_INF_IN_USE_BY_DEVICES. ERROR_NOT_AN_INSTALLED_OEM_INF. */
WINSETUPAPI BOOL WINAPI SetupUninstallOEMInfW(PCWSTR InfFileName, DWORD Flags, PVOID Reserved);
WINSETUPAPI BOOL WINAPI SetupUninstallOEMInfA(PCSTR InfFileName, DWORD Flags, PVOID Reserved);

#ifdef UNICODE
#define NTIO_INF_AW_(n) n##W
#else
#define NTIO_INF_AW_(n) n##A
#endif
#define SetupOpenInfFile                   NTIO_INF_AW_(SetupOpenInfFile)
#define SetupOpenAppendInfFile             NTIO_INF_AW_(SetupOpenAppendInfFile)
#define SetupFindFirstLine                 NTIO_INF_AW_(SetupFindFirstLine)
#define SetupFindNextMatchLine             NTIO_INF_AW_(SetupFindNextMatchLine)
#define SetupGetLineByIndex                NTIO_INF_AW_(SetupGetLineByIndex)
#define SetupGetLineCount                  NTIO_INF_AW_(SetupGetLineCount)
#define SetupGetStringField                NTIO_INF_AW_(SetupGetStringField)
#define SetupGetMultiSzField               NTIO_INF_AW_(SetupGetMultiSzField)
#define SetupGetLineText                   NTIO_INF_AW_(SetupGetLineText)
#define SetupInstallServicesFromInfSection NTIO_INF_AW_(SetupInstallServicesFromInfSection)
#define SetupDiGetActualSectionToInstall   NTIO_INF_AW_(SetupDiGetActualSectionToInstall)
#define SetupDiGetINFClass                 NTIO_INF_AW_(SetupDiGetINFClass)
#define SetupCopyOEMInf                    NTIO_INF_AW_(SetupCopyOEMInf)
#define SetupUninstallOEMInf               NTIO_INF_AW_(SetupUninstallOEMInf)

#ifdef __cplusplus
}
#endif
#endif

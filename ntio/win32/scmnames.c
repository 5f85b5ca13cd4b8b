/* SPDX-License-Identifier: MIT */
/* scmnames.c - names of services: what is one, who has it, all of them. */
#include "ntio/win32/scm.h"

BOOLEAN ScmpIsName(LPCWSTR Name)
{
    SIZE_T Length = NtCrt_wcsnlen(Name, SCM_NAME_MAXIMUM + 1);
    return Length != 0 && Length <= SCM_NAME_MAXIMUM && NtCrt_wcschr(Name, L'\\') == NULL &&
           NtCrt_wcschr(Name, L'/') == NULL;
}

BOOLEAN ScmpSameName(LPCWSTR One, LPCWSTR Other)
{
    UNICODE_STRING First, Second;

    RtlInitUnicodeString(&First, One);
    RtlInitUnicodeString(&Second, Other);
    return RtlEqualUnicodeString(&First, &Second, TRUE);
}

BOOLEAN ScmpListHas(LPCWSTR List, LPCWSTR Name)
{
    if (List == NULL)
        return FALSE;
    for (; *List != 0; List += NtCrt_wcslen(List) + 1)
        if (ScmpSameName(List, Name))
            return TRUE;
    return FALSE;
}

VOID ScmpForEach(SCM_EACH_ROUTINE *Each, PVOID Context)
{
    SCM_CONFIG Config;
    BOOLEAN More = TRUE;
    WCHAR *Name;

    for (ULONG i = 0; More && NT_SUCCESS(CmpEnumerateSubkey(SCM_SERVICES, i, &Name)); i++) {
        if (ScmpReadConfig(Name, &Config) == ERROR_SUCCESS) {
            More = Each(Name, &Config, Context);
            ScmpFreeConfig(&Config);
        }
        ExFreePool(Name);
    }
}

typedef struct _NAME_SEARCH {
    LPCWSTR DisplayName;
    LPWSTR Found; /* SCM_NAME_MAXIMUM + 1 characters */
} NAME_SEARCH;

static BOOLEAN MatchDisplayName(LPCWSTR Name, PSCM_CONFIG Config, PVOID Context)
{
    NAME_SEARCH *Search = Context;

    if (!ScmpSameName(Config->DisplayName != NULL ? Config->DisplayName : Name,
                      Search->DisplayName))
        return TRUE;
    NtCrt_wcscpy(Search->Found, Name);
    return FALSE;
}

/* A name into a program's buffer; *Characters as in winsvc.h. */
static DWORD GiveName(LPCWSTR Name, BOOLEAN Ansi, LPVOID To, LPDWORD Characters)
{
    SIZE_T Length = NtCrt_wcslen(Name), Unit = Ansi ? 1 : sizeof(WCHAR);
    DWORD Room = To != NULL ? *Characters : 0;
    SCM_PACK Pack = {To, 0, 0, Ansi};
    SIZE_T Bytes = ScmpPackSize(&Pack, Name, Length + 1);

    *Characters = (DWORD)(Bytes / Unit - 1);
    if (Bytes > Room * Unit)
        return ERROR_INSUFFICIENT_BUFFER;
    Pack.Back = Bytes;
    ScmpPackText(&Pack, Name, Length + 1);
    return ERROR_SUCCESS;
}

static DWORD KeyName(SC_HANDLE Manager, LPCWSTR DisplayName, BOOLEAN Ansi, LPVOID To,
                     LPDWORD Characters)
{
    WCHAR Found[SCM_NAME_MAXIMUM + 1] = {0};
    NAME_SEARCH Search = {DisplayName, Found};
    PSCM_OBJECT Object;
    DWORD Error = ScmpReference(Manager, ScmManagerType, SC_MANAGER_CONNECT, &Object);

    if (Error != ERROR_SUCCESS)
        return Error;
    if (DisplayName == NULL || Characters == NULL) {
        Error = ERROR_INVALID_ADDRESS;
    } else {
        KiLock(&ScmLock);
        ScmpForEach(MatchDisplayName, &Search);
        KiUnlock(&ScmLock);
        Error = Found[0] != 0 ? GiveName(Found, Ansi, To, Characters)
                              : (DWORD)ERROR_SERVICE_DOES_NOT_EXIST;
    }
    ObDereferenceObject(Object);
    return Error;
}

static DWORD DisplayNameOf(SC_HANDLE Manager, LPCWSTR Name, BOOLEAN Ansi, LPVOID To,
                           LPDWORD Characters)
{
    PSCM_OBJECT Object;
    SCM_CONFIG Config;
    DWORD Error = ScmpReference(Manager, ScmManagerType, SC_MANAGER_CONNECT, &Object);

    if (Error != ERROR_SUCCESS)
        return Error;
    if (Name == NULL || Characters == NULL) {
        Error = ERROR_INVALID_ADDRESS;
    } else if (!ScmpIsName(Name)) {
        Error = ERROR_INVALID_NAME;
    } else {
        KiLock(&ScmLock);
        Error = ScmpReadConfig(Name, &Config);
        KiUnlock(&ScmLock);
        if (Error == ERROR_SUCCESS) {
            Error = GiveName(Config.DisplayName != NULL ? Config.DisplayName : Name, Ansi, To,
                             Characters);
            ScmpFreeConfig(&Config);
        }
    }
    ObDereferenceObject(Object);
    return Error;
}

BOOL WINAPI GetServiceKeyNameW(SC_HANDLE Manager, LPCWSTR DisplayName, LPWSTR Name,
                               LPDWORD Characters)
{
    return ScmpEnd(KeyName(Manager, DisplayName, FALSE, Name, Characters));
}

BOOL WINAPI GetServiceKeyNameA(SC_HANDLE Manager, LPCSTR DisplayName, LPSTR Name,
                               LPDWORD Characters)
{
    LPWSTR Wide;
    DWORD Error = ScmpWide(DisplayName, FALSE, &Wide);

    if (Error == ERROR_SUCCESS)
        Error = KeyName(Manager, Wide, TRUE, Name, Characters);
    ScmpFreeText(Wide);
    return ScmpEnd(Error);
}

BOOL WINAPI GetServiceDisplayNameW(SC_HANDLE Manager, LPCWSTR Name, LPWSTR DisplayName,
                                   LPDWORD Characters)
{
    return ScmpEnd(DisplayNameOf(Manager, Name, FALSE, DisplayName, Characters));
}

BOOL WINAPI GetServiceDisplayNameA(SC_HANDLE Manager, LPCSTR Name, LPSTR DisplayName,
                                   LPDWORD Characters)
{
    LPWSTR Wide;
    DWORD Error = ScmpWide(Name, FALSE, &Wide);

    if (Error == ERROR_SUCCESS)
        Error = DisplayNameOf(Manager, Wide, TRUE, DisplayName, Characters);
    ScmpFreeText(Wide);
    return ScmpEnd(Error);
}

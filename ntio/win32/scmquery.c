/* SPDX-License-Identifier: MIT */
/* scmquery.c - how a service is configured, as programs ask for it. */
#include "ntio/win32/scm.h"

static LPCWSTR OrEmpty(LPCWSTR String)
{
    return String != NULL ? String : L"";
}

/* The services, then the groups with their mark, in one list. From pool. */
static LPWSTR JoinDependencies(PSCM_CONFIG Config)
{
    SIZE_T Characters = ScmpListLength(Config->Services) + 2 * ScmpListLength(Config->Groups) + 1;
    LPWSTR Joined = ExAllocatePool2(POOL_FLAG_PAGED, Characters * sizeof(WCHAR), SCM_TAG);
    LPWSTR To = Joined;
    LPCWSTR At;

    if (Joined == NULL)
        return NULL;
    for (At = Config->Services; At != NULL && *At != 0; At += NtCrt_wcslen(At) + 1) {
        NtCrt_wcscpy(To, At);
        To += NtCrt_wcslen(To) + 1;
    }
    for (At = Config->Groups; At != NULL && *At != 0; At += NtCrt_wcslen(At) + 1) {
        *To = SC_GROUP_IDENTIFIERW;
        NtCrt_wcscpy(To + 1, At);
        To += NtCrt_wcslen(To) + 1;
    }
    return Joined;
}

static DWORD GiveConfig(PSCM_RECORD Record, PSCM_CONFIG Config, LPCWSTR Dependencies,
                        LPQUERY_SERVICE_CONFIGW To, DWORD Size, LPDWORD Needed, BOOLEAN Ansi)
{
    LPCWSTR Strings[5] = {OrEmpty(Config->ImagePath), OrEmpty(Config->Group), Dependencies,
                          OrEmpty(Config->ObjectName),
                          Config->DisplayName != NULL ? Config->DisplayName : Record->Name};
    SIZE_T Lengths[5];
    LPWSTR Places[5];
    SCM_PACK Pack = {(LPBYTE)To, sizeof(*To), 0, Ansi};
    DWORD Total = sizeof(*To);

    for (ULONG i = 0; i < RTL_NUMBER_OF(Strings); i++) {
        Lengths[i] = i == 2 ? ScmpListLength(Strings[i]) : NtCrt_wcslen(Strings[i]) + 1;
        Total += ScmpPackSize(&Pack, Strings[i], Lengths[i]);
    }
    *Needed = Total;
    if (Total > Size)
        return ERROR_INSUFFICIENT_BUFFER;
    Pack.Back = Size & ~(SIZE_T)1;
    if (Pack.Back < Total) /* an odd size that was just enough: only an A form can have that */
        Pack.Back = Size;
    for (ULONG i = 0; i < RTL_NUMBER_OF(Strings); i++)
        Places[i] = ScmpPackText(&Pack, Strings[i], Lengths[i]);
    To->dwServiceType = Config->Type;
    To->dwStartType = Config->Start;
    To->dwErrorControl = Config->ErrorControl;
    To->lpBinaryPathName = Places[0];
    To->lpLoadOrderGroup = Places[1];
    To->dwTagId = Config->Tag;
    To->lpDependencies = Places[2];
    To->lpServiceStartName = Places[3];
    To->lpDisplayName = Places[4];
    return ERROR_SUCCESS;
}

static BOOL QueryConfig(SC_HANDLE Service, LPQUERY_SERVICE_CONFIGW To, DWORD Size, LPDWORD Needed,
                        BOOLEAN Ansi)
{
    LPWSTR Dependencies = NULL;
    PSCM_OBJECT Object;
    SCM_CONFIG Config;
    DWORD Error = ScmpReference(Service, ScmServiceType, SERVICE_QUERY_CONFIG, &Object);

    if (Error != ERROR_SUCCESS)
        return ScmpEnd(Error);
    if (Needed == NULL || (To == NULL && Size != 0)) {
        Error = ERROR_INVALID_ADDRESS;
        goto Exit;
    }
    KiLock(&ScmLock);
    Error = ScmpReadConfig(Object->Record->Name, &Config);
    KiUnlock(&ScmLock);
    if (Error != ERROR_SUCCESS)
        goto Exit;
    Dependencies = JoinDependencies(&Config);
    Error = Dependencies != NULL
                ? GiveConfig(Object->Record, &Config, Dependencies, To, Size, Needed, Ansi)
                : (DWORD)ERROR_NOT_ENOUGH_MEMORY;
    ScmpFreeText(Dependencies);
    ScmpFreeConfig(&Config);
Exit:
    ObDereferenceObject(Object);
    return ScmpEnd(Error);
}

BOOL WINAPI QueryServiceConfigW(SC_HANDLE Service, LPQUERY_SERVICE_CONFIGW Config, DWORD Size,
                                LPDWORD Needed)
{
    return QueryConfig(Service, Config, Size, Needed, FALSE);
}

/* The two structures differ in what their pointers point to, not in their layout. */
BOOL WINAPI QueryServiceConfigA(SC_HANDLE Service, LPQUERY_SERVICE_CONFIGA Config, DWORD Size,
                                LPDWORD Needed)
{
    C_ASSERT(sizeof(QUERY_SERVICE_CONFIGA) == sizeof(QUERY_SERVICE_CONFIGW));
    return QueryConfig(Service, (LPQUERY_SERVICE_CONFIGW)Config, Size, Needed, TRUE);
}

/* ---- what was added later ---- */

static DWORD CheckLevel(DWORD Level, PSCM_CONFIG Config)
{
    if (Level == SERVICE_CONFIG_DESCRIPTION || Level == SERVICE_CONFIG_DELAYED_AUTO_START_INFO)
        return ERROR_SUCCESS;
    return Level == SERVICE_CONFIG_FAILURE_ACTIONS && (Config->Type & SERVICE_WIN32) == 0
               ? ERROR_CANNOT_DETECT_DRIVER_FAILURE
               : ERROR_INVALID_LEVEL;
}

static DWORD GiveDescription(LPCWSTR Key, LPBYTE Buffer, DWORD Size, LPDWORD Needed, BOOLEAN Ansi)
{
    SERVICE_DESCRIPTIONW *To = (SERVICE_DESCRIPTIONW *)Buffer;
    SCM_PACK Pack = {Buffer, sizeof(*To), 0, Ansi};
    DWORD Error = ERROR_INSUFFICIENT_BUFFER;
    SIZE_T Length = 0;
    WCHAR *Text;

    *Needed = sizeof(*To);
    if (!NT_SUCCESS(CmpQueryString(Key, L"Description", &Text)))
        Text = NULL;
    if (Text != NULL) {
        Length = NtCrt_wcslen(Text) + 1;
        *Needed += ScmpPackSize(&Pack, Text, Length);
    }
    if (*Needed <= Size) {
        Pack.Back = *Needed;
        To->lpDescription = Text != NULL ? ScmpPackText(&Pack, Text, Length) : NULL;
        Error = ERROR_SUCCESS;
    }
    if (Text != NULL)
        ExFreePool(Text);
    return Error;
}

static BOOL QueryConfig2(SC_HANDLE Service, DWORD Level, LPBYTE Buffer, DWORD Size, LPDWORD Needed,
                         BOOLEAN Ansi)
{
    WCHAR Key[SCM_KEY_MAXIMUM];
    PSCM_OBJECT Object;
    SCM_CONFIG Config;
    DWORD Error = ScmpReference(Service, ScmServiceType, SERVICE_QUERY_CONFIG, &Object);

    if (Error != ERROR_SUCCESS)
        return ScmpEnd(Error);
    if (Needed == NULL || (Buffer == NULL && Size != 0)) {
        Error = ERROR_INVALID_ADDRESS;
        goto Exit;
    }
    ScmpKeyOf(Object->Record->Name, Key);
    KiLock(&ScmLock);
    Error = ScmpReadConfig(Object->Record->Name, &Config);
    if (Error == ERROR_SUCCESS) {
        Error = CheckLevel(Level, &Config);
        if (Error == ERROR_SUCCESS && Level == SERVICE_CONFIG_DESCRIPTION) {
            Error = GiveDescription(Key, Buffer, Size, Needed, Ansi);
        } else if (Error == ERROR_SUCCESS) {
            *Needed = sizeof(SERVICE_DELAYED_AUTO_START_INFO);
            if (Size < *Needed)
                Error = ERROR_INSUFFICIENT_BUFFER;
            else
                ((SERVICE_DELAYED_AUTO_START_INFO *)Buffer)->fDelayedAutostart = Config.Delayed;
        }
        ScmpFreeConfig(&Config);
    }
    KiUnlock(&ScmLock);
Exit:
    ObDereferenceObject(Object);
    return ScmpEnd(Error);
}

BOOL WINAPI QueryServiceConfig2W(SC_HANDLE Service, DWORD Level, LPBYTE Buffer, DWORD Size,
                                 LPDWORD Needed)
{
    return QueryConfig2(Service, Level, Buffer, Size, Needed, FALSE);
}

BOOL WINAPI QueryServiceConfig2A(SC_HANDLE Service, DWORD Level, LPBYTE Buffer, DWORD Size,
                                 LPDWORD Needed)
{
    return QueryConfig2(Service, Level, Buffer, Size, Needed, TRUE);
}

/* NULL leaves the description, an empty one takes it away. */
static NTSTATUS SetDescription(LPCWSTR Key, LPCWSTR Text)
{
    NTSTATUS Status;

    if (Text == NULL)
        return STATUS_SUCCESS;
    if (*Text != 0)
        return CmpSetString(Key, L"Description", Text);
    Status = CmpDeleteValue(Key, L"Description");
    return Status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_SUCCESS : Status;
}

BOOL WINAPI ChangeServiceConfig2W(SC_HANDLE Service, DWORD Level, LPVOID Info)
{
    WCHAR Key[SCM_KEY_MAXIMUM];
    PSCM_OBJECT Object;
    SCM_CONFIG Config;
    DWORD Error = ScmpReference(Service, ScmServiceType, SERVICE_CHANGE_CONFIG, &Object);

    if (Error != ERROR_SUCCESS)
        return ScmpEnd(Error);
    ScmpKeyOf(Object->Record->Name, Key);
    KiLock(&ScmLock);
    Error = Object->Record->Deleted ? (DWORD)ERROR_SERVICE_MARKED_FOR_DELETE
                                    : ScmpReadConfig(Object->Record->Name, &Config);
    if (Error == ERROR_SUCCESS) {
        Error = CheckLevel(Level, &Config);
        ScmpFreeConfig(&Config);
    }
    if (Error == ERROR_SUCCESS && Info != NULL) /* NULL: nothing changes */
        Error = RtlNtStatusToDosErrorNoTeb(
            Level == SERVICE_CONFIG_DESCRIPTION
                ? SetDescription(Key, ((SERVICE_DESCRIPTIONW *)Info)->lpDescription)
                : CmpSetUlong(Key, L"DelayedAutostart",
                              ((SERVICE_DELAYED_AUTO_START_INFO *)Info)->fDelayedAutostart != 0));
    KiUnlock(&ScmLock);
    ObDereferenceObject(Object);
    return ScmpEnd(Error);
}

BOOL WINAPI ChangeServiceConfig2A(SC_HANDLE Service, DWORD Level, LPVOID Info)
{
    SERVICE_DESCRIPTIONW Wide;
    BOOL Done = FALSE;

    if (Level != SERVICE_CONFIG_DESCRIPTION || Info == NULL)
        return ChangeServiceConfig2W(Service, Level, Info);
    if (ScmpEnd(
            ScmpWide(((SERVICE_DESCRIPTIONA *)Info)->lpDescription, FALSE, &Wide.lpDescription)))
        Done = ChangeServiceConfig2W(Service, Level, &Wide);
    ScmpFreeText(Wide.lpDescription);
    return Done;
}

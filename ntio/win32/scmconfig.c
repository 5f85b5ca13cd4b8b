/* SPDX-License-Identifier: MIT */
/* scmconfig.c - what a service's key says, checked, written and read. */
#include "ntio/win32/scm.h"

#define DRIVER_TYPES                                                                               \
    (SERVICE_KERNEL_DRIVER | SERVICE_FILE_SYSTEM_DRIVER | SERVICE_ADAPTER |                        \
     SERVICE_RECOGNIZER_DRIVER)

VOID ScmpKeyOf(LPCWSTR Name, WCHAR Key[SCM_KEY_MAXIMUM])
{
    NtCrt_wcscpy(Key, SCM_SERVICES L"\\");
    NtCrt_wcsncat(Key, Name, SCM_NAME_MAXIMUM);
}

/* ---- reading ---- */

static WCHAR *Text(LPCWSTR Key, LPCWSTR Value)
{
    WCHAR *String;
    return NT_SUCCESS(CmpQueryString(Key, Value, &String)) ? String : NULL;
}

static ULONG Number(LPCWSTR Key, LPCWSTR Value, ULONG Else)
{
    ULONG Result;
    return NT_SUCCESS(CmpQueryUlong(Key, Value, &Result)) ? Result : Else;
}

DWORD ScmpReadConfig(LPCWSTR Name, PSCM_CONFIG Config)
{
    WCHAR Key[SCM_KEY_MAXIMUM];

    RtlZeroMemory(Config, sizeof(*Config));
    if (!ScmpIsName(Name))
        return ERROR_SERVICE_DOES_NOT_EXIST;
    ScmpKeyOf(Name, Key);
    if (!NT_SUCCESS(CmpQueryUlong(Key, L"Type", &Config->Type)))
        return ERROR_SERVICE_DOES_NOT_EXIST;
    Config->Start = Number(Key, L"Start", SERVICE_DEMAND_START);
    Config->ErrorControl = Number(Key, L"ErrorControl", SERVICE_ERROR_NORMAL);
    Config->Tag = Number(Key, L"Tag", 0);
    Config->Delayed = Number(Key, L"DelayedAutostart", 0) != 0;
    Config->DeleteFlag = Number(Key, L"DeleteFlag", 0) != 0;
    Config->ImagePath = Text(Key, L"ImagePath");
    Config->Group = Text(Key, L"Group");
    Config->Services = Text(Key, L"DependOnService");
    Config->Groups = Text(Key, L"DependOnGroup");
    Config->ObjectName = Text(Key, L"ObjectName");
    Config->DisplayName = Text(Key, L"DisplayName");
    return ERROR_SUCCESS;
}

VOID ScmpFreeConfig(PSCM_CONFIG Config)
{
    WCHAR *Strings[] = {Config->ImagePath, Config->Group,      Config->Services,
                        Config->Groups,    Config->ObjectName, Config->DisplayName};

    for (ULONG i = 0; i < RTL_NUMBER_OF(Strings); i++)
        if (Strings[i] != NULL)
            ExFreePool(Strings[i]);
    RtlZeroMemory(Config, sizeof(*Config));
}

/* ---- what is right ---- */

static DWORD CheckNumbers(DWORD Type, DWORD Start, DWORD ErrorControl)
{
    BOOLEAN Driver = (Type & DRIVER_TYPES) != 0;
    DWORD Kind = Type & ~(DWORD)SERVICE_INTERACTIVE_PROCESS;

    /* One type alone; only a program may talk to the desktop. */
    if (Kind == 0 || (Kind & (Kind - 1)) != 0 || (Kind & ~(DWORD)(DRIVER_TYPES | SERVICE_WIN32)) ||
        (Driver && Kind != Type))
        return ERROR_INVALID_PARAMETER;
    if (Start > SERVICE_DISABLED || (Start <= SERVICE_SYSTEM_START && !Driver))
        return ERROR_INVALID_PARAMETER;
    return ErrorControl <= SERVICE_ERROR_CRITICAL ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
}

typedef struct _DISPLAY_CHECK {
    LPCWSTR Name, DisplayName;
    BOOLEAN Taken;
} DISPLAY_CHECK;

static BOOLEAN CheckDisplayOf(LPCWSTR Name, PSCM_CONFIG Config, PVOID Context)
{
    DISPLAY_CHECK *Check = Context;

    if (ScmpSameName(Name, Check->Name))
        return TRUE;
    Check->Taken =
        ScmpSameName(Name, Check->DisplayName) ||
        (Config->DisplayName != NULL && (ScmpSameName(Config->DisplayName, Check->DisplayName) ||
                                         ScmpSameName(Config->DisplayName, Check->Name)));
    return !Check->Taken;
}

/* Whether to start From would need Name: through any number of services, none looked at twice. */
#define CIRCLE_MAXIMUM 256
typedef struct _CIRCLE {
    LPCWSTR Name;
    ULONG Depth;
} CIRCLE;

static BOOLEAN Needs(LPCWSTR List, CIRCLE *Circle)
{
    SCM_CONFIG Config;
    BOOLEAN Found = FALSE;

    if (ScmpListHas(List, Circle->Name))
        return TRUE;
    if (List == NULL || ++Circle->Depth > CIRCLE_MAXIMUM)
        return FALSE; /* a circle among the others: their starts will say so */
    for (; *List != 0 && !Found; List += NtCrt_wcslen(List) + 1) {
        if (ScmpReadConfig(List, &Config) == ERROR_SUCCESS) {
            Found = Needs(Config.Services, Circle);
            ScmpFreeConfig(&Config);
        }
    }
    return Found;
}

/* ---- tags ---- */

typedef struct _TAG_SEARCH {
    LPCWSTR Name, Group;
    ULONG Tag;
    BOOLEAN Taken;
} TAG_SEARCH;

static BOOLEAN LookForTag(LPCWSTR Name, PSCM_CONFIG Config, PVOID Context)
{
    TAG_SEARCH *Search = Context;

    Search->Taken = !ScmpSameName(Name, Search->Name) && Config->Group != NULL &&
                    ScmpSameName(Config->Group, Search->Group) && Config->Tag == Search->Tag;
    return !Search->Taken;
}

/* The lowest number that no other service of the group has. */
static ULONG FreeTag(LPCWSTR Name, LPCWSTR Group)
{
    TAG_SEARCH Search = {Name, Group, 0, FALSE};

    do {
        Search.Tag++;
        Search.Taken = FALSE;
        ScmpForEach(LookForTag, &Search);
    } while (Search.Taken);
    return Search.Tag;
}

/* ---- writing ---- */

static NTSTATUS SetText(LPCWSTR Key, LPCWSTR Value, ULONG Type, LPCWSTR String)
{
    NTSTATUS Status;

    if (String == NULL)
        return STATUS_SUCCESS;
    if (*String != 0)
        return CmpSetValue(Key, Value, Type, String,
                           (ULONG)((NtCrt_wcslen(String) + 1) * sizeof(WCHAR)));
    Status = CmpDeleteValue(Key, Value);
    return Status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_SUCCESS : Status;
}

static BOOLEAN StartsWith(LPCWSTR String, LPCWSTR Prefix)
{
    return NtCrt__wcsnicmp(String, Prefix, NtCrt_wcslen(Prefix)) == 0;
}

/* See CreateService in winsvc.h. */
static NTSTATUS SetImagePath(LPCWSTR Key, LPCWSTR Path, BOOLEAN Driver)
{
    static const WCHAR Variable[] = L"%SystemRoot%\\";
    LPCWSTR Prefix = L"";
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    WCHAR *Joined;

    if (Path == NULL)
        return STATUS_SUCCESS;
    if (Driver && StartsWith(Path, Variable)) {
        Prefix = L"\\SystemRoot\\";
        Path += RTL_NUMBER_OF(Variable) - 1;
    } else if (Driver && StartsWith(Path, L"\\\\?\\")) {
        Prefix = L"\\??\\";
        Path += 4;
    } else if (Driver && Path[0] != 0 && Path[1] == L':') {
        Prefix = L"\\??\\";
    }
    SIZE_T Characters = NtCrt_wcslen(Prefix) + NtCrt_wcslen(Path) + 1;
    Joined = ExAllocatePool2(POOL_FLAG_PAGED, Characters * sizeof(WCHAR), SCM_TAG);
    if (Joined != NULL) {
        NtCrt_wcscpy(Joined, Prefix);
        NtCrt_wcscat(Joined, Path);
        Status = CmpSetValue(Key, L"ImagePath", REG_EXPAND_SZ, Joined,
                             (ULONG)(Characters * sizeof(WCHAR)));
        ExFreePoolWithTag(Joined, SCM_TAG);
    }
    return Status;
}

/* Those of List that begin with + (without it), or those that do not. From pool. */
static LPWSTR Pick(LPCWSTR List, BOOLEAN Groups)
{
    LPWSTR Picked =
        ExAllocatePool2(POOL_FLAG_PAGED, (ScmpListLength(List) + 1) * sizeof(WCHAR), SCM_TAG);
    LPWSTR At = Picked;

    for (; Picked != NULL && *List != 0; List += NtCrt_wcslen(List) + 1) {
        if ((*List == SC_GROUP_IDENTIFIERW) != Groups)
            continue;
        NtCrt_wcscpy(At, Groups ? List + 1 : List);
        At += NtCrt_wcslen(At) + 1;
    }
    return Picked;
}

static NTSTATUS SetList(LPCWSTR Key, LPCWSTR Value, LPCWSTR List)
{
    NTSTATUS Status;

    if (List == NULL)
        return STATUS_SUCCESS;
    if (*List != 0)
        return CmpSetMultiString(Key, Value, List);
    Status = CmpDeleteValue(Key, Value);
    return Status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_SUCCESS : Status;
}

static DWORD Check(LPCWSTR Name, const SCM_CONFIG *Old, const SCM_CHANGE *Change,
                   LPCWSTR Dependencies)
{
    LPCWSTR Group = Change->Group != NULL ? Change->Group : Old != NULL ? Old->Group : NULL;
    DISPLAY_CHECK Display = {Name, Name, FALSE};
    CIRCLE Circle = {Name, 0};
    DWORD Error;

    Error =
        CheckNumbers(Change->Type != SERVICE_NO_CHANGE || Old == NULL ? Change->Type : Old->Type,
                     Change->Start != SERVICE_NO_CHANGE || Old == NULL ? Change->Start : Old->Start,
                     Change->ErrorControl != SERVICE_NO_CHANGE || Old == NULL ? Change->ErrorControl
                                                                              : Old->ErrorControl);
    if (Error != ERROR_SUCCESS)
        return Error;
    if ((Old == NULL && Change->ImagePath == NULL) ||
        (Change->ImagePath != NULL && *Change->ImagePath == 0))
        return ERROR_INVALID_PARAMETER;
    if (Change->TagId != NULL && (Group == NULL || *Group == 0))
        return ERROR_INVALID_PARAMETER;
    if (Change->DisplayName != NULL) {
        if (NtCrt_wcsnlen(Change->DisplayName, SCM_NAME_MAXIMUM + 1) > SCM_NAME_MAXIMUM)
            return ERROR_INVALID_NAME;
        if (*Change->DisplayName != 0)
            Display.DisplayName = Change->DisplayName;
    }
    ScmpForEach(CheckDisplayOf, &Display);
    if (Display.Taken)
        return ERROR_DUPLICATE_SERVICE_NAME;
    for (LPCWSTR At = Dependencies; At != NULL && *At != 0; At += NtCrt_wcslen(At) + 1)
        if (!ScmpIsName(At))
            return ERROR_INVALID_PARAMETER;
    return Needs(Dependencies, &Circle) ? ERROR_CIRCULAR_DEPENDENCY : ERROR_SUCCESS;
}

static NTSTATUS Write(LPCWSTR Key, LPCWSTR Name, const SCM_CHANGE *Change, BOOLEAN Driver,
                      LPCWSTR Services, LPCWSTR Groups)
{
    LPCWSTR DisplayName = Change->DisplayName;
    NTSTATUS Status = STATUS_SUCCESS;

    if (Change->Type != SERVICE_NO_CHANGE)
        Status = CmpSetUlong(Key, L"Type", Change->Type);
    if (NT_SUCCESS(Status) && Change->Start != SERVICE_NO_CHANGE)
        Status = CmpSetUlong(Key, L"Start", Change->Start);
    if (NT_SUCCESS(Status) && Change->ErrorControl != SERVICE_NO_CHANGE)
        Status = CmpSetUlong(Key, L"ErrorControl", Change->ErrorControl);
    if (NT_SUCCESS(Status))
        Status = SetImagePath(Key, Change->ImagePath, Driver);
    if (NT_SUCCESS(Status) && DisplayName != NULL)
        Status = SetText(Key, L"DisplayName", REG_SZ,
                         NtCrt_wcscmp(DisplayName, Name) != 0 ? DisplayName : L"");
    if (NT_SUCCESS(Status))
        Status = SetText(Key, L"Group", REG_SZ, Change->Group);
    if (NT_SUCCESS(Status))
        Status = SetList(Key, L"DependOnService", Services);
    if (NT_SUCCESS(Status))
        Status = SetList(Key, L"DependOnGroup", Groups);
    if (NT_SUCCESS(Status))
        Status = SetText(Key, L"ObjectName", REG_SZ, Change->ObjectName);
    return Status;
}

DWORD ScmpChange(LPCWSTR Name, const SCM_CONFIG *Old, const SCM_CHANGE *Change)
{
    LPWSTR Services = NULL, Groups = NULL;
    WCHAR Key[SCM_KEY_MAXIMUM];
    DWORD Type = Change->Type != SERVICE_NO_CHANGE || Old == NULL ? Change->Type : Old->Type;
    DWORD Error;
    NTSTATUS Status;

    if (Change->Dependencies != NULL) {
        Services = Pick(Change->Dependencies, FALSE);
        Groups = Pick(Change->Dependencies, TRUE);
        if (Services == NULL || Groups == NULL) {
            Error = ERROR_NOT_ENOUGH_MEMORY;
            goto Exit;
        }
    }
    Error = Check(Name, Old, Change, Services);
    if (Error != ERROR_SUCCESS)
        goto Exit;
    ScmpKeyOf(Name, Key);
    Status = Write(Key, Name, Change, (Type & DRIVER_TYPES) != 0, Services, Groups);
    if (NT_SUCCESS(Status) && Change->TagId != NULL) {
        *Change->TagId = FreeTag(Name, Change->Group != NULL ? Change->Group : Old->Group);
        Status = CmpSetUlong(Key, L"Tag", *Change->TagId);
    } else if (NT_SUCCESS(Status) && Change->Group != NULL && Old != NULL) {
        (void)CmpDeleteValue(Key, L"Tag"); /* it was a number of another group's */
    }
    if (NT_SUCCESS(Status) && Old == NULL && Change->ObjectName == NULL &&
        (Type & SERVICE_WIN32) != 0)
        Status = CmpSetString(Key, L"ObjectName", L"LocalSystem");
    if (!NT_SUCCESS(Status) && Old == NULL)
        CmpDeleteTree(Key);
    Error = RtlNtStatusToDosErrorNoTeb(Status);
Exit:
    ScmpFreeText(Groups);
    ScmpFreeText(Services);
    return Error;
}

/* SPDX-License-Identifier: MIT */
/*
 * services.c - AddService and DelService.
 *
 * Services that a package makes have it as their owner (Owners, as since Windows 10): with the last
 * owner the service goes. One that was there before without owners keeps to itself. Source: MS
 * docs, "INF AddService directive", "INF DelService directive".
 */
#include "ntio/setup/setupp.h"
#include "ntio/ldr/ldr.h"

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

#define SETUPP_EVENT_LOG SETUPP_SERVICES L"EventLog\\"

static BOOLEAN SetuppIsServiceName(const WCHAR *Name)
{
    SIZE_T Length = NtCrt_wcslen(Name);

    return Length != 0 && Length <= 255 && NtCrt_wcschr(Name, L'\\') == NULL &&
           NtCrt_wcschr(Name, L'/') == NULL;
}

/* C:\Windows\System32\drivers\x.sys as the registry has it: \SystemRoot\System32\drivers\x.sys. */
static WCHAR *SetuppImagePath(const WCHAR *Binary)
{
    static const WCHAR Windows[] = SETUPP_WINDOWS L"\\";
    SIZE_T i = 0;

    while (i < RTL_NUMBER_OF(Windows) - 1 &&
           NtCrt_towupper(Binary[i]) == NtCrt_towupper(Windows[i]))
        i++;
    if (i == RTL_NUMBER_OF(Windows) - 1)
        return SetuppJoin(L"\\SystemRoot\\", Binary + i, NULL);
    if (Binary[0] != 0 && Binary[1] == L':')
        return SetuppJoin(L"\\??\\", Binary, NULL);
    return InfDuplicate(Binary);
}

static BOOLEAN SetuppHasValue(const WCHAR *Key, const WCHAR *Name)
{
    ULONG Type, Bytes;
    PVOID Data;

    if (!NT_SUCCESS(CmpQueryValue(Key, Name, &Type, &Data, &Bytes)))
        return FALSE;
    ExFreePool(Data);
    return TRUE;
}

/* A text of the service's section to a value of its key, unless it is to stay. */
static ULONG SetuppServiceText(const WCHAR *Key, const INF_FILE *File, const INF_SECTION *Section,
                               const WCHAR *Entry, BOOLEAN Keep)
{
    ULONG At = InfFindLine(File, Section, 0, Entry), Error;
    WCHAR *Text;

    if (At == MAXULONG || (Keep && SetuppHasValue(Key, Entry)))
        return ERROR_SUCCESS;
    Text = InfFieldOrEmpty(File, &Section->Lines[At], 1);
    if (Text == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    if (InfSame(Entry, L"LoadOrderGroup"))
        Entry = L"Group";
    Error = SetuppError(CmpSetString(Key, Entry, Text));
    free(Text);
    return Error;
}

/* Dependencies=+group,service: two lists in the registry. */
static ULONG SetuppDependencies(const WCHAR *Key, const INF_FILE *File, const INF_SECTION *Section)
{
    ULONG At = InfFindLine(File, Section, 0, L"Dependencies");
    NTSTATUS Status = STATUS_SUCCESS;

    if (At == MAXULONG)
        return ERROR_SUCCESS;
    (void)CmpDeleteValue(Key, L"DependOnService");
    (void)CmpDeleteValue(Key, L"DependOnGroup");
    for (ULONG i = 1; i <= Section->Lines[At].Count && NT_SUCCESS(Status); i++) {
        WCHAR *Name = InfField(File, &Section->Lines[At], i);

        if (Name == NULL)
            return ERROR_NOT_ENOUGH_MEMORY;
        if (Name[0] == L'+')
            Status = SetuppAppendMulti(Key, L"DependOnGroup", Name + 1);
        else if (Name[0] != 0)
            Status = SetuppAppendMulti(Key, L"DependOnService", Name);
        free(Name);
    }
    return SetuppError(Status);
}

static BOOLEAN SetuppServiceNumber(const INF_FILE *File, const INF_SECTION *Section,
                                   const WCHAR *Entry, LONG *Value)
{
    ULONG At = InfFindLine(File, Section, 0, Entry);

    return At != MAXULONG && InfFieldNumber(File, &Section->Lines[At], 1, Value);
}

static ULONG SetuppWriteService(SETUP_RUN *Run, ULONG Part, const WCHAR *Key,
                                const INF_SECTION *Section, ULONG Flags)
{
    const INF_FILE *File = Run->Inf->Parts[Part].File;
    LONG Type, Start, Control;
    WCHAR *Binary = InfValue(File, Section->Name, L"ServiceBinary"), *Image;
    BOOLEAN Owned = SetuppHasValue(Key, L"Owners") || !CmpKeyExists(Key);
    ULONG Error;

    Image = Binary == NULL ? NULL : SetuppImagePath(Binary);
    free(Binary);
    if (Image == NULL || !SetuppServiceNumber(File, Section, L"ServiceType", &Type) ||
        !SetuppServiceNumber(File, Section, L"StartType", &Start) ||
        !SetuppServiceNumber(File, Section, L"ErrorControl", &Control)) {
        SetuppLog(Run->Log, "inf", "!!! [%s] lacks an entry that a service needs",
                  SetuppLogText(Run->Log, Section->Name));
        free(Image);
        return ERROR_BAD_SERVICE_INSTALLSECT;
    }
    Error = SetuppError(CmpSetUlong(Key, L"Type", (ULONG)Type));
    if (Error == ERROR_SUCCESS &&
        !((Flags & SPSVCINST_NOCLOBBER_STARTTYPE) && SetuppHasValue(Key, L"Start")))
        Error = SetuppError(CmpSetUlong(Key, L"Start", (ULONG)Start));
    if (Error == ERROR_SUCCESS &&
        !((Flags & SPSVCINST_NOCLOBBER_ERRORCONTROL) && SetuppHasValue(Key, L"ErrorControl")))
        Error = SetuppError(CmpSetUlong(Key, L"ErrorControl", (ULONG)Control));
    if (Error == ERROR_SUCCESS)
        Error = SetuppError(CmpSetValue(Key, L"ImagePath", REG_EXPAND_SZ, Image,
                                        (ULONG)((NtCrt_wcslen(Image) + 1) * sizeof(WCHAR))));
    free(Image);
    if (Error == ERROR_SUCCESS)
        Error = SetuppServiceText(Key, File, Section, L"DisplayName",
                                  (Flags & SPSVCINST_NOCLOBBER_DISPLAYNAME) != 0);
    if (Error == ERROR_SUCCESS)
        Error = SetuppServiceText(Key, File, Section, L"Description",
                                  (Flags & SPSVCINST_NOCLOBBER_DESCRIPTION) != 0);
    if (Error == ERROR_SUCCESS &&
        !((Flags & SPSVCINST_NOCLOBBER_LOADORDERGROUP) && SetuppHasValue(Key, L"Group")))
        Error = SetuppServiceText(Key, File, Section, L"LoadOrderGroup", FALSE);
    if (Error == ERROR_SUCCESS && !(Flags & SPSVCINST_NOCLOBBER_DEPENDENCIES))
        Error = SetuppDependencies(Key, File, Section);
    if (Error == ERROR_SUCCESS && Owned && Run->OemName != NULL)
        Error = SetuppError(SetuppAppendMulti(Key, L"Owners", Run->OemName));
    return Error;
}

/* Runs AddReg, DelReg and BitReg of Section with HKR = Key. */
static ULONG SetuppRunKey(SETUP_RUN *Run, const WCHAR *Section, const WCHAR *Key)
{
    SETUP_RUN Inner = {.Inf = Run->Inf,
                       .Log = Run->Log,
                       .Hkr = Key,
                       .OemName = Run->OemName,
                       .Depth = Run->Depth,
                       .Do = SETUP_RUN_REGISTRY};
    ULONG Error = SetuppRunSection(&Inner, Section);

    SetuppFreeRun(&Inner);
    return Error;
}

/* AddService=name,flags,section[,event log section[,[log][,name]]] */
static ULONG SetuppEventLog(SETUP_RUN *Run, ULONG Part, const INF_LINE *Line, const WCHAR *Service)
{
    const INF_FILE *File = Run->Inf->Parts[Part].File;
    WCHAR *Section = InfFieldOrEmpty(File, Line, 4), *Log = InfFieldOrEmpty(File, Line, 5);
    WCHAR *Name = InfFieldOrEmpty(File, Line, 6), *Key = NULL;
    ULONG Error = ERROR_NOT_ENOUGH_MEMORY;

    if (Section != NULL && Log != NULL && Name != NULL) {
        Error = ERROR_SUCCESS;
        if (Section[0] != 0) {
            Key = SetuppJoin(SETUPP_EVENT_LOG, Log[0] != 0 ? Log : L"System", L"\\",
                             Name[0] != 0 ? Name : Service, NULL);
            Error = Key == NULL ? ERROR_NOT_ENOUGH_MEMORY : SetuppRunKey(Run, Section, Key);
        }
    }
    free(Section);
    free(Log);
    free(Name);
    free(Key);
    return Error;
}

ULONG SetuppAddService(SETUP_RUN *Run, ULONG Part, const INF_LINE *Line)
{
    const INF_FILE *File = Run->Inf->Parts[Part].File;
    WCHAR *Name = InfFieldOrEmpty(File, Line, 1), *Install = InfFieldOrEmpty(File, Line, 3), *Key;
    const INF_SECTION *Section;
    ULONG Error = ERROR_NOT_ENOUGH_MEMORY;
    LONG Flags;

    (void)InfFieldNumber(File, Line, 2, &Flags);
    if (Name == NULL || Install == NULL)
        goto Exit;
    if (Name[0] == 0) { /* AddService=,2: the device works without a driver of its own */
        Run->NullDriver = (Flags & SPSVCINST_ASSOCSERVICE) != 0;
        Error = Run->NullDriver ? ERROR_SUCCESS : ERROR_BAD_SERVICE_INSTALLSECT;
        goto Exit;
    }
    Section = InfFindSection(File, Install);
    Error = Section == NULL ? ERROR_SECTION_NOT_FOUND : ERROR_INVALID_NAME;
    if (Section == NULL || !SetuppIsServiceName(Name))
        goto Exit;
    Key = SetuppJoin(SETUPP_SERVICES, Name, NULL);
    Error = Key == NULL ? ERROR_NOT_ENOUGH_MEMORY
                        : SetuppWriteService(Run, Part, Key, Section, (ULONG)Flags);
    if (Error == ERROR_SUCCESS)
        Error = SetuppRunKey(Run, Install, Key);
    if (Error == ERROR_SUCCESS)
        Error = SetuppEventLog(Run, Part, Line, Name);
    free(Key);
    SetuppLog(Run->Log, "inf", "Add Service: %s", SetuppLogText(Run->Log, Name));
    if (Error == ERROR_SUCCESS && (Flags & SPSVCINST_ASSOCSERVICE)) {
        free(Run->Service);
        Run->Service = Name;
        Name = NULL;
    }
Exit:
    free(Name);
    free(Install);
    return Error;
}

/* Names one behind the other: they are stopped when no lock is held any more. */
static ULONG SetuppStopLater(SETUP_RUN *Run, const WCHAR *Name)
{
    SIZE_T Used = 0, Length = NtCrt_wcslen(Name) + 1;
    WCHAR *Larger;

    while (Run->Stops != NULL && Run->Stops[Used] != 0)
        Used += NtCrt_wcslen(Run->Stops + Used) + 1;
    Larger = realloc(Run->Stops, (Used + Length + 1) * sizeof(WCHAR));
    if (Larger == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    memcpy(Larger + Used, Name, Length * sizeof(WCHAR));
    Larger[Used + Length] = 0;
    Run->Stops = Larger;
    return ERROR_SUCCESS;
}

VOID SetuppStopServices(SETUP_RUN *Run)
{
    for (const WCHAR *At = Run->Stops; At != NULL && *At != 0; At += NtCrt_wcslen(At) + 1)
        (void)LdrStopService(At);
}

ULONG SetuppDelService(SETUP_RUN *Run, ULONG Part, const INF_LINE *Line)
{
    const INF_FILE *File = Run->Inf->Parts[Part].File;
    WCHAR *Name = InfFieldOrEmpty(File, Line, 1), *Log = InfFieldOrEmpty(File, Line, 3);
    WCHAR *Event = InfFieldOrEmpty(File, Line, 4), *Key = NULL;
    ULONG Error = ERROR_NOT_ENOUGH_MEMORY;
    NTSTATUS Status;
    LONG Flags;

    (void)InfFieldNumber(File, Line, 2, &Flags);
    if (Name != NULL && Log != NULL && Event != NULL && !SetuppIsServiceName(Name))
        Error = ERROR_INVALID_NAME;
    else if (Name != NULL && Log != NULL && Event != NULL)
        Key = SetuppJoin(SETUPP_SERVICES, Name, NULL);
    if (Key != NULL) {
        Error = (Flags & SPSVCINST_STOPSERVICE) ? SetuppStopLater(Run, Name) : ERROR_SUCCESS;
        Status = CmpDeleteTree(Key);
        if (!NT_SUCCESS(Status) && Error == ERROR_SUCCESS)
            Error = Status == STATUS_OBJECT_NAME_NOT_FOUND ? ERROR_SUCCESS : SetuppError(Status);
        SetuppLog(Run->Log, "inf", "Delete Service: %s", SetuppLogText(Run->Log, Name));
        free(Key);
        Key = NULL;
        if (Flags & SPSVCINST_DELETEEVENTLOGENTRY)
            Key = SetuppJoin(SETUPP_EVENT_LOG, Log[0] != 0 ? Log : L"System", L"\\",
                             Event[0] != 0 ? Event : Name, NULL);
        if (Key != NULL)
            (void)CmpDeleteTree(Key);
    }
    free(Key);
    free(Event);
    free(Log);
    free(Name);
    return Error;
}

VOID SetuppDisownServices(const WCHAR *OemName)
{
    static const WCHAR Services[] = SETUPP_CONTROL_SET L"\\Services";
    ULONG Index = 0, Left;
    WCHAR *Name, *Key;

    while (NT_SUCCESS(CmpEnumerateSubkey(Services, Index, &Name))) {
        BOOLEAN Gone = FALSE;

        Key = SetuppJoin(SETUPP_SERVICES, Name, NULL);
        ExFreePool(Name);
        if (Key == NULL)
            return;
        if (SetuppHasValue(Key, L"Owners") &&
            NT_SUCCESS(SetuppRemoveMulti(Key, L"Owners", OemName, &Left)) && Left == 0)
            Gone = NT_SUCCESS(CmpDeleteTree(Key));
        free(Key);
        if (!Gone)
            Index++;
    }
}

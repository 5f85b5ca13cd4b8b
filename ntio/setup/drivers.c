/* SPDX-License-Identifier: MIT */
/* drivers.c - which drivers the store (or an .inf, or a folder) has for a device, the best first.
 */
#include "ntio/setup/setupp.h"

#include <sys/stat.h>

VOID SetupReferenceDriver(SETUP_DRIVER *Driver)
{
    atomic_fetch_add(&Driver->References, 1);
}

VOID SetupDereferenceDriver(SETUP_DRIVER *Driver)
{
    if (Driver == NULL || atomic_fetch_sub(&Driver->References, 1) != 1)
        return;
    free(Driver->InfPath);
    free(Driver->InfName);
    free(Driver->Description);
    free(Driver->Manufacturer);
    free(Driver->DescriptionToken);
    free(Driver->ManufacturerToken);
    free(Driver->Provider);
    free(Driver->Section);
    free(Driver->ActualSection);
    free(Driver->Ids);
    free(Driver->MatchedId);
    free(Driver->ClassName);
    free(Driver);
}

VOID SetupFreeDriverList(SETUP_DRIVER_LIST *List)
{
    for (ULONG i = 0; i < List->Count; i++)
        SetupDereferenceDriver(List->Drivers[i]);
    free(List->Drivers);
    memset(List, 0, sizeof(*List));
}

typedef struct _SETUPP_SEARCH {
    const WCHAR *HardwareIds, *CompatibleIds;
    const GUID *Class;
    SETUP_DRIVER_LIST *List;
    const char *InfPath;
    const WCHAR *InfName;
    INF_VERSION Version;
    BOOLEAN NoMemory;
} SETUPP_SEARCH;

/* Text where all of it is one token: "%name%" in lower case; malloc, else NULL. */
static WCHAR *SetuppToken(const WCHAR *Raw)
{
    SIZE_T Length = NtCrt_wcslen(Raw);
    WCHAR *Token;

    if (Length < 3 || Raw[0] != L'%' || NtCrt_wcschr(Raw + 1, L'%') != Raw + Length - 1)
        return NULL;
    Token = InfDuplicate(Raw);
    for (WCHAR *At = Token; At != NULL && *At != 0; At++) {
        if (*At >= L'A' && *At <= L'Z')
            *At = (WCHAR)(*At + (L'a' - L'A'));
    }
    return Token;
}

static WCHAR *SetuppCopyIds(const INF_MODEL *Model)
{
    SIZE_T Length = 0;
    WCHAR *Copy;

    for (ULONG i = 0; i < Model->IdCount; i++)
        Length += NtCrt_wcslen(Model->Ids + Length) + 1;
    Copy = calloc(Length + 2, sizeof(WCHAR));
    if (Copy != NULL)
        memcpy(Copy, Model->Ids, Length * sizeof(WCHAR));
    return Copy;
}

static SETUP_DRIVER *SetuppDriver(const SETUPP_SEARCH *Search, const INF_MODEL *Model, ULONG Rank,
                                  const WCHAR *Matched)
{
    SETUP_DRIVER *Driver = calloc(1, sizeof(*Driver));

    if (Driver == NULL)
        return NULL;
    atomic_init(&Driver->References, 1);
    Driver->InfPath = SetuppPrint("%s", Search->InfPath);
    Driver->InfName = InfDuplicate(Search->InfName);
    Driver->Description = InfDuplicate(Model->Description);
    Driver->Manufacturer = InfDuplicate(Model->Manufacturer);
    Driver->DescriptionToken = SetuppToken(Model->RawDescription);
    Driver->ManufacturerToken = SetuppToken(Model->RawManufacturer);
    Driver->Provider =
        InfDuplicate(Search->Version.Provider != NULL ? Search->Version.Provider : L"");
    Driver->Section = InfDuplicate(Model->Section);
    Driver->ActualSection = InfDuplicate(Model->ActualSection);
    Driver->Ids = SetuppCopyIds(Model);
    Driver->IdCount = Model->IdCount;
    Driver->MatchedId = InfDuplicate(Matched);
    Driver->ClassGuid = Search->Version.ClassGuid;
    Driver->ClassName = InfDuplicate(Search->Version.Class != NULL ? Search->Version.Class : L"");
    Driver->Rank = Rank;
    Driver->Date = Search->Version.Date;
    Driver->DriverVer = Search->Version.DriverVer;
    if (Driver->InfPath == NULL || Driver->InfName == NULL || Driver->Description == NULL ||
        Driver->Manufacturer == NULL || Driver->Provider == NULL || Driver->Section == NULL ||
        Driver->ActualSection == NULL || Driver->Ids == NULL || Driver->ClassName == NULL ||
        (Matched != NULL && Driver->MatchedId == NULL)) {
        SetupDereferenceDriver(Driver);
        return NULL;
    }
    return Driver;
}

/* Rank, then date, then version; of equals the one that came first. */
static BOOLEAN SetuppIsBetter(const SETUP_DRIVER *A, const SETUP_DRIVER *B)
{
    if (A->Rank != B->Rank)
        return A->Rank < B->Rank;
    if (A->Date != B->Date)
        return A->Date > B->Date;
    return A->DriverVer > B->DriverVer;
}

static BOOLEAN SetuppInsert(SETUP_DRIVER_LIST *List, SETUP_DRIVER *Driver)
{
    ULONG At;

    if (List->Count == List->Capacity) {
        ULONG Capacity = List->Capacity == 0 ? 8 : List->Capacity * 2;
        SETUP_DRIVER **Larger = realloc(List->Drivers, Capacity * sizeof(*Larger));

        if (Larger == NULL)
            return FALSE;
        List->Drivers = Larger;
        List->Capacity = Capacity;
    }
    for (At = List->Count; At != 0 && SetuppIsBetter(Driver, List->Drivers[At - 1]); At--)
        List->Drivers[At] = List->Drivers[At - 1];
    List->Drivers[At] = Driver;
    List->Count++;
    return TRUE;
}

static BOOLEAN SetuppConsider(const INF_MODEL *Model, PVOID Context)
{
    SETUPP_SEARCH *Search = Context;
    const WCHAR *Matched = NULL;
    ULONG Rank = INF_NO_RANK;
    SETUP_DRIVER *Driver;

    if (Search->Class == NULL) {
        Rank = InfRank(Model, Search->HardwareIds, Search->CompatibleIds, &Matched);
        if (Rank == INF_NO_RANK)
            return TRUE;
    }
    Driver = SetuppDriver(Search, Model, Rank, Matched);
    if (Driver == NULL || !SetuppInsert(Search->List, Driver)) {
        SetupDereferenceDriver(Driver);
        Search->NoMemory = TRUE;
        return FALSE;
    }
    return TRUE;
}

/* A file that can't be read, or has no class, has no drivers. */
static ULONG SetuppSearchFile(SETUPP_SEARCH *Search, const char *Path)
{
    SETUP_INF *Inf;
    WCHAR *Name;
    ULONG Line, Error = SetupOpenInf(Path, &Inf, &Line);

    if (Error != ERROR_SUCCESS)
        return Error;
    Name = SetuppPublishedName(Path);
    if (Name == NULL)
        Name = SetuppWide(SetuppNameOf(Path));
    Search->InfPath = Path;
    Search->InfName = Name;
    (void)InfGetVersion(Inf->Parts[0].File, &Search->Version);
    if (Name != NULL && Search->Version.HasClassGuid &&
        (Search->Class == NULL ||
         memcmp(Search->Class, &Search->Version.ClassGuid, sizeof(GUID)) == 0)) {
        if (!InfEnumerateModels(Inf->Parts[0].File, &InfThisSystem, SetuppConsider, Search))
            Search->NoMemory = TRUE;
    }
    InfFreeVersion(&Search->Version);
    SetupCloseInf(Inf);
    free(Name);
    return Search->NoMemory ? ERROR_NOT_ENOUGH_MEMORY : ERROR_SUCCESS;
}

static ULONG SetuppSearchFolder(SETUPP_SEARCH *Search, const char *Folder)
{
    char **Names = SetuppList(Folder, ".inf");
    ULONG Error = ERROR_SUCCESS;

    for (ULONG i = 0; Names != NULL && Names[i] != NULL; i++) {
        char *Path = SetuppPrint("%s/%s", Folder, Names[i]);

        if (Path != NULL && SetuppSearchFile(Search, Path) == ERROR_NOT_ENOUGH_MEMORY)
            Error = ERROR_NOT_ENOUGH_MEMORY;
        free(Path);
    }
    SetuppFreeList(Names);
    return Error;
}

ULONG SetupFindDrivers(const WCHAR *HardwareIds, const WCHAR *CompatibleIds, const char *Path,
                       const GUID *ClassOnly, SETUP_DRIVER_LIST *List)
{
    SETUPP_SEARCH Search = {.HardwareIds = HardwareIds,
                            .CompatibleIds = CompatibleIds,
                            .Class = ClassOnly,
                            .List = List};
    ULONG Error = ERROR_SUCCESS;
    struct stat About;
    char **Infs;

    memset(List, 0, sizeof(*List));
    if (Path != NULL) {
        Error = stat(Path, &About) == 0 && S_ISDIR(About.st_mode)
                    ? SetuppSearchFolder(&Search, Path)
                    : SetuppSearchFile(&Search, Path);
    } else {
        Infs = SetuppPublishedInfs();
        for (ULONG i = 0; Infs != NULL && Infs[i] != NULL && Error == ERROR_SUCCESS; i++) {
            (void)SetuppSearchFile(&Search, Infs[i]);
            if (Search.NoMemory)
                Error = ERROR_NOT_ENOUGH_MEMORY;
        }
        SetuppFreeList(Infs);
    }
    if (Error != ERROR_SUCCESS)
        SetupFreeDriverList(List);
    return Error;
}

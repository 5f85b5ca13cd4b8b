/* SPDX-License-Identifier: MIT */
/* setupstore.c - what is known of an .inf as a whole, its class, and the driver store. */
#include "ntio/win32/setupinf.h"

/* ---- SetupGetInfInformation ---- */

/* Opens what InfSpec means; *Handle is referenced or a new file that SetupCloseInf ends. */
static DWORD OpenSpec(LPCVOID Spec, DWORD Control, SETUP_INF **Inf, BOOLEAN *Own)
{
    ULONG Line;
    char *Path;
    DWORD Error;

    *Own = FALSE;
    if (Control == INFINFO_INF_SPEC_IS_HINF) {
        *Inf = Win32pInf((HINF)Spec);
        return *Inf != NULL ? ERROR_SUCCESS : ERROR_INVALID_HANDLE;
    }
    if (Spec == NULL || Control < INFINFO_INF_NAME_IS_ABSOLUTE ||
        Control > INFINFO_REVERSE_DEFAULT_SEARCH)
        return ERROR_INVALID_PARAMETER;
    Path = SetuppHostPath(Spec);
    Error = Path == NULL ? ERROR_NOT_ENOUGH_MEMORY : SetupOpenInf(Path, Inf, &Line);
    free(Path);
    *Own = Error == ERROR_SUCCESS;
    return Error;
}

/* Keys and first values of [Version], each terminated, the whole as well. */
static DWORD VersionData(const SETUP_INF *Inf, WCHAR *To, SIZE_T Room, SIZE_T *Needed)
{
    const INF_FILE *File = Inf->Parts[0].File;
    const INF_SECTION *Section = InfFindSection(File, L"Version");

    *Needed = 1;
    for (ULONG i = 0; Section != NULL && i < Section->Count; i++) {
        WCHAR *Key = InfField(File, &Section->Lines[i], 0);
        WCHAR *Value = InfFieldOrEmpty(File, &Section->Lines[i], 1);
        SIZE_T a = Key == NULL ? 0 : NtCrt_wcslen(Key) + 1;
        SIZE_T b = Value == NULL ? 0 : NtCrt_wcslen(Value) + 1;

        if (Key != NULL && Value != NULL && a > 1) {
            if (To != NULL && *Needed + a + b <= Room) {
                memcpy(To + *Needed - 1, Key, a * sizeof(WCHAR));
                memcpy(To + *Needed - 1 + a, Value, b * sizeof(WCHAR));
                To[*Needed - 1 + a + b] = 0;
            }
            *Needed += a + b;
        }
        free(Key);
        free(Value);
    }
    return ERROR_SUCCESS;
}

BOOL WINAPI SetupGetInfInformationW(LPCVOID Spec, DWORD Control, PSP_INF_INFORMATION Buffer,
                                    DWORD Size, PDWORD RequiredSize)
{
    const SIZE_T Header = FIELD_OFFSET(SP_INF_INFORMATION, VersionData);
    SETUP_INF *Inf = NULL;
    SIZE_T Needed = 0;
    BOOLEAN Own;
    DWORD Error = OpenSpec(Spec, Control, &Inf, &Own);

    if (Error != ERROR_SUCCESS)
        return Win32pSetup(Error);
    (void)VersionData(Inf, NULL, 0, &Needed);
    if (RequiredSize != NULL)
        *RequiredSize = (DWORD)(Header + Needed * sizeof(WCHAR));
    if (Buffer != NULL && Size < Header + Needed * sizeof(WCHAR)) {
        Error = ERROR_INSUFFICIENT_BUFFER;
    } else if (Buffer != NULL) {
        WCHAR *Data = calloc(Needed, sizeof(WCHAR));

        Error = Data == NULL ? ERROR_NOT_ENOUGH_MEMORY : ERROR_SUCCESS;
        if (Data != NULL) {
            (void)VersionData(Inf, Data, Needed, &Needed);
            Buffer->InfStyle = INF_STYLE_WIN4;
            Buffer->InfCount = 1;
            memcpy(Buffer->VersionData, Data, Needed * sizeof(WCHAR));
        }
        free(Data);
    } else if (Size != 0) {
        Error = ERROR_INVALID_PARAMETER;
    }
    if (Own)
        SetupCloseInf(Inf);
    else
        Win32pReleaseInf((HINF)Spec);
    return Win32pSetup(Error);
}

BOOL WINAPI SetupQueryInfVersionInformationW(PSP_INF_INFORMATION Information, UINT Index,
                                             PCWSTR Key, PWSTR Buffer, DWORD Size,
                                             PDWORD RequiredSize)
{
    const WCHAR *At;

    if (Information == NULL || Index != 0 || Key == NULL)
        return Win32pSetup(ERROR_INVALID_PARAMETER);
    for (At = (const WCHAR *)Information->VersionData; *At != 0; At += NtCrt_wcslen(At) + 1) {
        BOOLEAN Same = InfSame(At, Key);

        At += NtCrt_wcslen(At) + 1; /* to the value */
        if (Same)
            return Win32pSetup(Win32pGive(At, Buffer, Size, RequiredSize));
    }
    return Win32pSetup(ERROR_INVALID_DATA);
}

/* ---- class, section ---- */

static DWORD InfClass(PCWSTR InfName, LPGUID Guid, WCHAR **Name)
{
    char *Path = InfName == NULL ? NULL : SetuppHostPath(InfName);
    INF_VERSION Version;
    SETUP_INF *Inf;
    ULONG Line;
    DWORD Error = Path == NULL ? ERROR_INVALID_PARAMETER : SetupOpenInf(Path, &Inf, &Line);

    *Name = NULL;
    free(Path);
    if (Error != ERROR_SUCCESS)
        return Error;
    (void)InfGetVersion(Inf->Parts[0].File, &Version);
    SetupCloseInf(Inf);
    if (!Version.HasClassGuid || Version.Class == NULL) {
        Error = ERROR_NO_ASSOCIATED_CLASS;
    } else {
        *Guid = Version.ClassGuid;
        *Name = Version.Class;
        Version.Class = NULL;
    }
    InfFreeVersion(&Version);
    return Error;
}

BOOL WINAPI SetupDiGetINFClassW(PCWSTR InfName, LPGUID ClassGuid, PWSTR ClassName, DWORD Size,
                                PDWORD RequiredSize)
{
    WCHAR *Name = NULL;
    DWORD Error = ClassGuid == NULL ? ERROR_INVALID_PARAMETER : InfClass(InfName, ClassGuid, &Name);

    if (Error == ERROR_SUCCESS)
        Error = Win32pGive(Name, ClassName, Size, RequiredSize);
    free(Name);
    return Win32pSetup(Error);
}

BOOL WINAPI SetupDiGetINFClassA(PCSTR InfName, LPGUID ClassGuid, PSTR ClassName, DWORD Size,
                                PDWORD RequiredSize)
{
    WCHAR *Wide = SetuppWide(InfName), *Name = NULL;
    DWORD Error = ClassGuid == NULL ? ERROR_INVALID_PARAMETER : InfClass(Wide, ClassGuid, &Name);

    if (Error == ERROR_SUCCESS)
        Error = Win32pGiveA(Name, NtCrt_wcslen(Name) + 1, ClassName, Size, RequiredSize);
    free(Wide);
    free(Name);
    return Win32pSetup(Error);
}

static DWORD ActualSection(HINF Handle, PCWSTR Section, WCHAR **Actual)
{
    SETUP_INF *Inf = Win32pInf(Handle);
    BOOLEAN Found = FALSE;

    *Actual = NULL;
    if (Inf == NULL)
        return ERROR_INVALID_HANDLE;
    for (ULONG i = 0; Section != NULL && i < Inf->Count && !Found; i++) {
        *Actual = InfActualSection(Inf->Parts[i].File, Section, &InfThisSystem);
        Found = *Actual != NULL;
    }
    if (!Found && Section != NULL)
        *Actual = InfDuplicate(Section); /* as documented: a section that is not there too */
    Win32pReleaseInf(Handle);
    return *Actual != NULL ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
}

BOOL WINAPI SetupDiGetActualSectionToInstallW(HINF Handle, PCWSTR Section, PWSTR Buffer, DWORD Size,
                                              PDWORD RequiredSize, PWSTR *Extension)
{
    WCHAR *Actual;
    DWORD Error = ActualSection(Handle, Section, &Actual);

    if (Error == ERROR_SUCCESS)
        Error = Win32pGive(Actual, Buffer, Size, RequiredSize);
    if (Error == ERROR_SUCCESS && Extension != NULL && Buffer != NULL)
        *Extension = Buffer[NtCrt_wcslen(Section)] != 0 ? Buffer + NtCrt_wcslen(Section) : NULL;
    free(Actual);
    return Win32pSetup(Error);
}

BOOL WINAPI SetupDiGetActualSectionToInstallA(HINF Handle, PCSTR Section, PSTR Buffer, DWORD Size,
                                              PDWORD RequiredSize, PSTR *Extension)
{
    WCHAR *Wide = SetuppWide(Section), *Actual;
    DWORD Error = ActualSection(Handle, Wide, &Actual);

    if (Error == ERROR_SUCCESS)
        Error = Win32pGiveA(Actual, NtCrt_wcslen(Actual) + 1, Buffer, Size, RequiredSize);
    if (Error == ERROR_SUCCESS && Extension != NULL && Buffer != NULL)
        *Extension = Buffer[strlen(Section)] != '\0' ? Buffer + strlen(Section) : NULL;
    free(Wide);
    free(Actual);
    return Win32pSetup(Error);
}

/* ---- services ---- */

BOOL WINAPI SetupInstallServicesFromInfSectionW(HINF Handle, PCWSTR Section, DWORD Flags)
{
    SETUP_INF *Inf = Win32pInf(Handle);
    BOOLEAN Reboot = FALSE;
    DWORD Error;

    (void)Flags; /* they would change what the lines say; each line has its own */
    if (Inf == NULL)
        return Win32pSetup(ERROR_INVALID_HANDLE);
    Error = Section == NULL
                ? ERROR_INVALID_PARAMETER
                : SetupRunSection(Inf, Section, SETUP_RUN_SERVICES, NULL, NULL, 0, &Reboot);
    Win32pReleaseInf(Handle);
    if (Error == ERROR_SUCCESS && Reboot)
        SetLastError(ERROR_SUCCESS_REBOOT_REQUIRED);
    return Win32pSetup(Error);
}

BOOL WINAPI SetupInstallServicesFromInfSectionA(HINF Handle, PCSTR Section, DWORD Flags)
{
    WCHAR *Wide;
    BOOL Result =
        Win32pWiden(Section, &Wide) && SetupInstallServicesFromInfSectionW(Handle, Wide, Flags);

    free(Wide);
    return Result;
}

/* ---- the driver store ---- */

/* Publishes; *Destination is C:\Windows\INF\oemN.inf, malloc. */
static DWORD CopyOemInf(PCWSTR Source, DWORD MediaType, DWORD Style, WCHAR **Destination)
{
    BOOLEAN Existed = FALSE;
    WCHAR *Name = NULL;
    char *Path, *There;
    DWORD Error = ERROR_SUCCESS;

    *Destination = NULL;
    if (Source == NULL || MediaType > SPOST_URL)
        return ERROR_INVALID_PARAMETER;
    Path = SetuppHostPath(Source);
    if (Path == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    if (Style & (SP_COPY_REPLACEONLY | SP_COPY_NOOVERWRITE)) {
        There = SetupFindPublished(Path, &Name);
        if (There == NULL && (Style & SP_COPY_REPLACEONLY))
            Error = ERROR_FILE_NOT_FOUND;
        else if (There != NULL && (Style & SP_COPY_NOOVERWRITE))
            Error = ERROR_FILE_EXISTS;
        free(There);
    }
    if (Error == ERROR_SUCCESS) {
        free(Name);
        Error = SetupPublish(Path, &Name, &Existed);
    }
    if (Name != NULL)
        *Destination = SetuppJoin(SETUPP_WINDOWS L"\\INF\\", Name, NULL);
    free(Name);
    if (Error == ERROR_SUCCESS && (Style & SP_COPY_DELETESOURCE))
        (void)SetuppDeleteFile(Path);
    free(Path);
    return Error;
}

BOOL WINAPI SetupCopyOEMInfW(PCWSTR Source, PCWSTR MediaLocation, DWORD MediaType, DWORD CopyStyle,
                             PWSTR Buffer, DWORD Size, PDWORD RequiredSize, PWSTR *Component)
{
    WCHAR *Destination;
    DWORD Error = CopyOemInf(Source, MediaType, CopyStyle, &Destination), Give = ERROR_SUCCESS;

    (void)MediaLocation;
    if (Destination != NULL)
        Give = Win32pGive(Destination, Buffer, Size, RequiredSize);
    if (Give == ERROR_SUCCESS && Destination != NULL && Buffer != NULL && Component != NULL)
        *Component = NtCrt_wcsrchr(Buffer, L'\\') + 1;
    free(Destination);
    return Win32pSetup(Error != ERROR_SUCCESS ? Error : Give);
}

BOOL WINAPI SetupCopyOEMInfA(PCSTR Source, PCSTR MediaLocation, DWORD MediaType, DWORD CopyStyle,
                             PSTR Buffer, DWORD Size, PDWORD RequiredSize, PSTR *Component)
{
    WCHAR *Wide = SetuppWide(Source), *Destination;
    DWORD Error = CopyOemInf(Wide, MediaType, CopyStyle, &Destination), Give = ERROR_SUCCESS;

    (void)MediaLocation;
    if (Destination != NULL)
        Give = Win32pGiveA(Destination, NtCrt_wcslen(Destination) + 1, Buffer, Size, RequiredSize);
    if (Give == ERROR_SUCCESS && Destination != NULL && Buffer != NULL && Component != NULL)
        *Component = strrchr(Buffer, '\\') + 1;
    free(Wide);
    free(Destination);
    return Win32pSetup(Error != ERROR_SUCCESS ? Error : Give);
}

BOOL WINAPI SetupUninstallOEMInfW(PCWSTR Name, DWORD Flags, PVOID Reserved)
{
    if (Name == NULL || Reserved != NULL || (Flags & ~SUOI_FORCEDELETE) != 0 ||
        NtCrt_wcschr(Name, L'\\') != NULL || NtCrt_wcschr(Name, L'/') != NULL)
        return Win32pSetup(ERROR_INVALID_PARAMETER);
    return Win32pSetup(SetupUnpublish(Name, (Flags & SUOI_FORCEDELETE) != 0, FALSE));
}

BOOL WINAPI SetupUninstallOEMInfA(PCSTR Name, DWORD Flags, PVOID Reserved)
{
    WCHAR *Wide;
    BOOL Result = Win32pWiden(Name, &Wide) && SetupUninstallOEMInfW(Wide, Flags, Reserved);

    free(Wide);
    return Result;
}

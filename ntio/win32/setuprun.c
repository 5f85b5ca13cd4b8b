/* SPDX-License-Identifier: MIT */
/* setuprun.c - SetupInstallFromInfSection: a section of an .inf without a device. */
#include "ntio/win32/setupinf.h"
#include "setupapi.h"

/* HKEY_* by number, as winreg.h has them; a program's constants are sign-extended. */
static const WCHAR *PredefinedKey(HKEY Key)
{
    switch ((ULONG)(ULONG_PTR)Key) {
    case 0x80000000:
        return L"\\Registry\\Machine\\Software\\Classes";
    case 0: /* none was given: HKEY_CURRENT_USER */
    case 0x80000001:
        return L"\\Registry\\User\\.Default";
    case 0x80000002:
        return L"\\Registry\\Machine";
    case 0x80000003:
        return L"\\Registry\\User";
    default:
        return NULL;
    }
}

/* The NT path of a key, malloc. */
static DWORD KeyPath(HKEY Key, WCHAR **Path)
{
    const WCHAR *Predefined = PredefinedKey(Key);
    PKEY_NAME_INFORMATION Name;
    ULONG Length;
    NTSTATUS Status;

    *Path = NULL;
    if (Predefined != NULL) {
        *Path = InfDuplicate(Predefined);
        return *Path != NULL ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
    }
    Name = malloc(4096);
    if (Name == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    Status = ZwQueryKey((HANDLE)Key, KeyNameInformation, Name, 4096, &Length);
    if (NT_SUCCESS(Status)) {
        *Path = calloc(Name->NameLength / sizeof(WCHAR) + 1, sizeof(WCHAR));
        if (*Path != NULL)
            memcpy(*Path, Name->Name, Name->NameLength);
        else
            Status = STATUS_INSUFFICIENT_RESOURCES;
    }
    free(Name);
    return SetuppError(Status);
}

BOOL WINAPI SetupInstallFromInfSectionW(HWND Owner, HINF Handle, PCWSTR Section, UINT Flags,
                                        HKEY Root, PCWSTR SourceRoot, UINT CopyFlags,
                                        PSP_FILE_CALLBACK_W MsgHandler, PVOID Context, HDEVINFO Set,
                                        PSP_DEVINFO_DATA Device)
{
    SETUP_INF *Inf = Win32pInf(Handle);
    BOOLEAN Reboot = FALSE;
    WCHAR *Path = NULL;
    ULONG Do = 0;
    DWORD Error = ERROR_INVALID_PARAMETER;

    (void)Owner;
    (void)MsgHandler;
    (void)Context;
    (void)Set;
    (void)Device;
    if (Inf == NULL)
        return Win32pSetup(ERROR_INVALID_HANDLE);
    if (Flags & SPINST_FILES)
        Do |= SETUP_RUN_FILES;
    if (Flags & (SPINST_REGISTRY | SPINST_BITREG))
        Do |= SETUP_RUN_REGISTRY;
    if (Section != NULL)
        Error = KeyPath(Root, &Path);
    if (Error == ERROR_SUCCESS)
        Error = SetupRunSection(Inf, Section, Do, Path, SourceRoot, CopyFlags, &Reboot);
    free(Path);
    Win32pReleaseInf(Handle);
    return Win32pSetup(Error);
}

BOOL WINAPI SetupInstallFromInfSectionA(HWND Owner, HINF Handle, PCSTR Section, UINT Flags,
                                        HKEY Root, PCSTR SourceRoot, UINT CopyFlags,
                                        PSP_FILE_CALLBACK_A MsgHandler, PVOID Context, HDEVINFO Set,
                                        PSP_DEVINFO_DATA Device)
{
    WCHAR *Name, *Source = NULL;
    BOOL Result = Win32pWiden(Section, &Name) && Win32pWiden(SourceRoot, &Source) &&
                  SetupInstallFromInfSectionW(Owner, Handle, Name, Flags, Root, Source, CopyFlags,
                                              MsgHandler, Context, Set, Device);

    free(Name);
    free(Source);
    return Result;
}

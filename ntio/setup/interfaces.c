/* SPDX-License-Identifier: MIT */
/*
 * interfaces.c - AddInterface={class}[,[reference string][,[flags][,section]]] of a .Interfaces
 * section: the interface is registered, its driver enables it. Source: MS docs, "INF AddInterface
 * directive".
 */
#include "ntio/setup/setupp.h"

/* AddReg of the interface's own section: HKR is its Device Parameters key. */
static ULONG SetuppInterfaceKey(SETUP_RUN *Run, const WCHAR *Section, PUNICODE_STRING Link)
{
    SETUP_RUN Inner = {
        .Inf = Run->Inf, .Log = Run->Log, .OemName = Run->OemName, .Do = SETUP_RUN_REGISTRY};
    PKEY_NAME_INFORMATION Name = malloc(4096);
    ULONG Length, Error = ERROR_NOT_ENOUGH_MEMORY;
    WCHAR *Path = NULL;
    HANDLE Key;

    if (Name == NULL)
        return Error;
    Error = SetuppError(IoOpenDeviceInterfaceRegistryKey(Link, KEY_ALL_ACCESS, &Key));
    if (Error == ERROR_SUCCESS) {
        Error = SetuppError(ZwQueryKey(Key, KeyNameInformation, Name, 4096, &Length));
        ZwClose(Key);
    }
    if (Error == ERROR_SUCCESS) {
        Path = calloc(Name->NameLength / sizeof(WCHAR) + 1, sizeof(WCHAR));
        if (Path != NULL)
            memcpy(Path, Name->Name, Name->NameLength);
        Inner.Hkr = Path;
        Error = Path == NULL ? ERROR_NOT_ENOUGH_MEMORY : SetuppRunSection(&Inner, Section);
        SetuppFreeRun(&Inner);
    }
    free(Path);
    free(Name);
    return Error;
}

ULONG SetuppAddInterface(SETUP_RUN *Run, ULONG Part, const INF_LINE *Line)
{
    const INF_FILE *File = Run->Inf->Parts[Part].File;
    WCHAR *Text = InfFieldOrEmpty(File, Line, 1), *Reference = InfFieldOrEmpty(File, Line, 2);
    WCHAR *Section = InfFieldOrEmpty(File, Line, 4);
    UNICODE_STRING Guid, Suffix, Link;
    ULONG Error = ERROR_NOT_ENOUGH_MEMORY;
    GUID Class;

    if (Text == NULL || Reference == NULL || Section == NULL)
        goto Exit;
    RtlInitUnicodeString(&Guid, Text);
    RtlInitUnicodeString(&Suffix, Reference);
    Error = ERROR_BAD_INTERFACE_INSTALLSECT;
    if (!NT_SUCCESS(RtlGUIDFromString(&Guid, &Class)))
        goto Exit;
    Error = ERROR_SUCCESS;
    if (Run->Pdo == NULL)
        goto Exit; /* a device that is not there: its driver registers it */
    Error = SetuppError(
        IoRegisterDeviceInterface(Run->Pdo, &Class, Reference[0] != 0 ? &Suffix : NULL, &Link));
    if (Error == ERROR_SUCCESS) {
        if (Section[0] != 0)
            Error = SetuppInterfaceKey(Run, Section, &Link);
        RtlFreeUnicodeString(&Link);
    }
    SetuppLog(Run->Log, "dvi", "Add Interface: %s", SetuppLogText(Run->Log, Text));
Exit:
    free(Text);
    free(Reference);
    free(Section);
    return Error;
}

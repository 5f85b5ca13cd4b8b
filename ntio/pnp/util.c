/* SPDX-License-Identifier: MIT */
/* util.c - strings and GUIDs as the rest of pnp needs them. */
#include "ntio/pnp/pnpp.h"

static WCHAR *PnppCopy(const WCHAR *From, SIZE_T Characters)
{
    WCHAR *Copy = ExAllocatePoolWithTag(NonPagedPoolNx, Characters * sizeof(WCHAR), PNP_TAG);

    if (Copy != NULL)
        memcpy(Copy, From, Characters * sizeof(WCHAR));
    return Copy;
}

WCHAR *PnpDuplicateString(const WCHAR *String)
{
    return String == NULL ? NULL : PnppCopy(String, NtCrt_wcslen(String) + 1);
}

SIZE_T PnpMultiStringCharacters(const WCHAR *Strings)
{
    SIZE_T Characters = 0;

    while (Strings[Characters] != 0)
        Characters += NtCrt_wcslen(Strings + Characters) + 1;
    return Characters + 1; /* an empty list may be one zero alone */
}

WCHAR *PnpDuplicateMultiString(const WCHAR *Strings)
{
    WCHAR *Copy;
    SIZE_T Characters;

    if (Strings == NULL)
        return NULL;
    Characters = PnpMultiStringCharacters(Strings);
    Copy = ExAllocatePoolWithTag(NonPagedPoolNx, (Characters + 1) * sizeof(WCHAR), PNP_TAG);
    if (Copy != NULL) {
        memcpy(Copy, Strings, Characters * sizeof(WCHAR));
        Copy[Characters] = 0;
    }
    return Copy;
}

BOOLEAN PnpSameString(const WCHAR *A, const WCHAR *B)
{
    return A != NULL && B != NULL && NtCrt__wcsicmp(A, B) == 0;
}

VOID PnpFree(PVOID Block)
{
    if (Block != NULL)
        ExFreePool(Block);
}

BOOLEAN PnpJoin(WCHAR *To, ULONG Characters, ...)
{
    const WCHAR *Part;
    ULONG At = 0;
    BOOLEAN Fits = TRUE;
    va_list Parts;

    va_start(Parts, Characters);
    while ((Part = va_arg(Parts, const WCHAR *)) != NULL) {
        for (; *Part != 0; Part++) {
            if (At + 1 >= Characters) {
                Fits = FALSE;
                break;
            }
            To[At++] = *Part;
        }
    }
    va_end(Parts);
    To[At] = 0;
    return Fits;
}

VOID PnpGuidString(const GUID *Guid, WCHAR Text[PNP_GUID_CHARACTERS])
{
    NtCrt__snwprintf(Text, PNP_GUID_CHARACTERS,
                     L"{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}", (ULONG)Guid->Data1,
                     Guid->Data2, Guid->Data3, Guid->Data4[0], Guid->Data4[1], Guid->Data4[2],
                     Guid->Data4[3], Guid->Data4[4], Guid->Data4[5], Guid->Data4[6],
                     Guid->Data4[7]);
    Text[PNP_GUID_CHARACTERS - 1] = 0;
}

BOOLEAN PnpSameGuid(const GUID *A, const GUID *B)
{
    return memcmp(A, B, sizeof(GUID)) == 0;
}

const WCHAR *PnpPlainText(const WCHAR *Text)
{
    const WCHAR *Plain = Text[0] == L'@' ? NtCrt_wcschr(Text, L';') : NULL;

    return Plain != NULL ? Plain + 1 : Text;
}

BOOLEAN PnpEnumPath(const WCHAR *InstancePath, const WCHAR *Below, WCHAR Path[PNP_PATH_CHARACTERS])
{
    return PnpJoin(Path, PNP_PATH_CHARACTERS, PNP_ENUM_KEY L"\\", InstancePath,
                   Below != NULL ? L"\\" : L"", Below != NULL ? Below : L"", NULL);
}

_Noreturn VOID PnpInvalidPdo(PDEVICE_OBJECT Device)
{
    PDRIVER_OBJECT Driver = NULL;

    if (Device != NULL && NT_SUCCESS(MmpProbeRange(Device, sizeof(*Device), FALSE)) &&
        Device->Type == IO_TYPE_DEVICE)
        Driver = Device->DriverObject;
    KeBugCheckEx(PNP_DETECTED_FATAL_ERROR, PNP_FATAL_INVALID_PDO, (ULONG_PTR)Device,
                 (ULONG_PTR)Driver, 0);
}

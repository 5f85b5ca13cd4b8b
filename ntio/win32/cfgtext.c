/* SPDX-License-Identifier: MIT */
/* cfgtext.c - strings, lists and GUIDs as the configuration manager needs them. */
#include "ntio/win32/cfgmgr.h"

BOOLEAN CfgJoin(WCHAR *To, ULONG Characters, ...)
{
    const WCHAR *Part;
    ULONG At = 0;
    BOOLEAN Fits = TRUE;
    va_list Parts;

    va_start(Parts, Characters);
    while ((Part = va_arg(Parts, const WCHAR *)) != NULL) {
        for (; *Part != 0 && Fits; Part++) {
            Fits = At + 1 < Characters;
            if (Fits)
                To[At++] = *Part;
        }
    }
    va_end(Parts);
    To[At] = 0;
    return Fits;
}

VOID CfgGuidText(const GUID *Guid, WCHAR Text[CFG_GUID_CHARACTERS])
{
    NtCrt__snwprintf(
        Text, CFG_GUID_CHARACTERS, L"{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}",
        Guid->Data1, Guid->Data2, Guid->Data3, Guid->Data4[0], Guid->Data4[1], Guid->Data4[2],
        Guid->Data4[3], Guid->Data4[4], Guid->Data4[5], Guid->Data4[6], Guid->Data4[7]);
    Text[CFG_GUID_CHARACTERS - 1] = 0;
}

BOOLEAN CfgParseGuid(const WCHAR *Text, GUID *Guid)
{
    UNICODE_STRING String;

    if (NtCrt_wcslen(Text) != CFG_GUID_CHARACTERS - 1)
        return FALSE;
    RtlInitUnicodeString(&String, Text);
    return NT_SUCCESS(RtlGUIDFromString(&String, Guid));
}

BOOLEAN CfgSame(const WCHAR *A, const WCHAR *B)
{
    return A != NULL && B != NULL && NtCrt__wcsicmp(A, B) == 0;
}

SIZE_T CfgMultiCharacters(const WCHAR *List)
{
    SIZE_T Characters = 0;

    while (List[Characters] != 0)
        Characters += NtCrt_wcslen(List + Characters) + 1;
    return Characters == 0 ? 2 : Characters + 1;
}

CHAR *CfgNarrow(const WCHAR *Text, SIZE_T Characters, ULONG *Bytes)
{
    ULONG Room = (ULONG)(Characters * 3 + 1);
    CHAR *Narrow = ExAllocatePoolWithTag(PagedPool, Room, TAG_CFG);

    *Bytes = 0;
    if (Narrow == NULL)
        return NULL;
    if (Characters != 0)
        (void)RtlUnicodeToUTF8N(Narrow, Room - 1, Bytes, Text, (ULONG)(Characters * sizeof(WCHAR)));
    Narrow[*Bytes] = 0;
    return Narrow;
}

WCHAR *CfgWide(const CHAR *Text, SIZE_T Bytes, ULONG *Characters)
{
    ULONG Room = (ULONG)((Bytes + 1) * sizeof(WCHAR)), Used = 0;
    WCHAR *Wide = ExAllocatePoolWithTag(PagedPool, Room, TAG_CFG);

    if (Characters != NULL)
        *Characters = 0;
    if (Wide == NULL)
        return NULL;
    if (Bytes != 0)
        (void)RtlUTF8ToUnicodeN(Wide, Room - sizeof(WCHAR), &Used, Text, (ULONG)Bytes);
    Wide[Used / sizeof(WCHAR)] = 0;
    if (Characters != NULL)
        *Characters = Used / sizeof(WCHAR);
    return Wide;
}

VOID CfgFree(PVOID Block)
{
    if (Block != NULL)
        ExFreePool(Block);
}

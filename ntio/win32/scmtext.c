/* SPDX-License-Identifier: MIT */
/* scmtext.c - between programs' text (UTF-16, or UTF-8 for the A forms) and the manager's. */
#include "ntio/win32/scm.h"

BOOL ScmpEnd(DWORD Error)
{
    if (Error == ERROR_SUCCESS)
        return TRUE;
    SetLastError(Error);
    return FALSE;
}

DWORD ScmpPackSize(const SCM_PACK *Pack, LPCWSTR Text, SIZE_T Characters)
{
    ULONG Bytes = (ULONG)(Characters * sizeof(WCHAR));

    if (!Pack->Ansi)
        return Bytes;
    /* What is no UTF-16 becomes U+FFFD, and a status that is still success. */
    if (!NT_SUCCESS(RtlUnicodeToUTF8N(NULL, 0, &Bytes, Text, (ULONG)(Characters * sizeof(WCHAR)))))
        return 0;
    return Bytes;
}

PVOID ScmpPackText(SCM_PACK *Pack, LPCWSTR Text, SIZE_T Characters)
{
    DWORD Bytes = ScmpPackSize(Pack, Text, Characters);
    ULONG Written;

    NTIO_ASSERT(Pack->Back - Pack->Front >= Bytes);
    Pack->Back -= Bytes;
    if (Pack->Ansi)
        RtlUnicodeToUTF8N((PCHAR)Pack->Buffer + Pack->Back, Bytes, &Written, Text,
                          (ULONG)(Characters * sizeof(WCHAR)));
    else
        RtlCopyMemory(Pack->Buffer + Pack->Back, Text, Bytes);
    return Pack->Buffer + Pack->Back;
}

SIZE_T ScmpListLength(LPCWSTR List)
{
    LPCWSTR End = List;

    if (List == NULL)
        return 1;
    while (*End != 0)
        End += NtCrt_wcslen(End) + 1;
    return (SIZE_T)(End - List) + 1;
}

DWORD ScmpWide(LPCSTR Text, BOOLEAN List, LPWSTR *Wide)
{
    SIZE_T Length;
    ULONG Bytes = 0;

    *Wide = NULL;
    if (Text == NULL)
        return ERROR_SUCCESS;
    Length = strlen(Text);
    if (List) {
        LPCSTR End = Text;
        while (*End != '\0')
            End += strlen(End) + 1;
        Length = (SIZE_T)(End - Text);
    }
    if (Length > MAXUSHORT)
        return ERROR_INVALID_PARAMETER;
    /* UTF-16 never has more units than UTF-8 has bytes; two zeros behind, from the zeroed pool. */
    *Wide = ExAllocatePool2(POOL_FLAG_PAGED, (Length + 2) * sizeof(WCHAR), SCM_TAG);
    if (*Wide == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    if (Length != 0)
        RtlUTF8ToUnicodeN(*Wide, (ULONG)(Length * sizeof(WCHAR)), &Bytes, Text, (ULONG)Length);
    return ERROR_SUCCESS;
}

VOID ScmpFreeText(LPWSTR Wide)
{
    if (Wide != NULL)
        ExFreePoolWithTag(Wide, SCM_TAG);
}

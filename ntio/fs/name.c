/* SPDX-License-Identifier: MIT */
/*
 * name.c - names of files: NT's (UTF-16, backslashes) and the host's (UTF-8, slashes).
 *
 * Every name comes through here once, before anything is looked up; what comes out has no component
 * that means anything to the host but a name.
 */
#include "ntio/fs/fsp.h"

BOOLEAN FspIsNameCharacter(WCHAR c)
{
    if (c < 0x20)
        return FALSE;
    switch (c) {
    case L'"':
    case L'*':
    case L'/':
    case L':':
    case L'<':
    case L'>':
    case L'?':
    case L'\\':
    case L'|':
        return FALSE;
    default:
        return TRUE;
    }
}

static NTSTATUS FspCheckComponent(const WCHAR *Name, SIZE_T Count)
{
    if (Count == 0 || Count > FSP_COMPONENT || (Count == 1 && Name[0] == L'.') ||
        (Count == 2 && Name[0] == L'.' && Name[1] == L'.'))
        return STATUS_OBJECT_NAME_INVALID;
    for (SIZE_T i = 0; i < Count; i++)
        if (!FspIsNameCharacter(Name[i]))
            return STATUS_OBJECT_NAME_INVALID;
    return STATUS_SUCCESS;
}

NTSTATUS FspHostName(PCUNICODE_STRING Name, char *To, BOOLEAN *Slash)
{
    const WCHAR *At = Name->Buffer, *End = At + Name->Length / sizeof(WCHAR);
    ULONG Used = 0;

    *Slash = FALSE;
    if (Name->Length % sizeof(WCHAR) != 0)
        return STATUS_OBJECT_NAME_INVALID;
    if (At != End && *At == L'\\')
        At++;
    while (At != End) {
        const WCHAR *Next = At;
        ULONG Bytes;
        NTSTATUS Status;

        while (Next != End && *Next != L'\\')
            Next++;
        Status = FspCheckComponent(At, (SIZE_T)(Next - At));
        if (!NT_SUCCESS(Status))
            return Status;
        if (Used != 0) {
            if (Used + 1 >= PATH_MAX)
                return STATUS_NAME_TOO_LONG;
            To[Used++] = '/';
        }
        Status = RtlUnicodeToUTF8N(To + Used, PATH_MAX - 1 - Used, &Bytes, At,
                                   (ULONG)((Next - At) * sizeof(WCHAR)));
        if (Status != STATUS_SUCCESS)
            return Status == STATUS_BUFFER_TOO_SMALL ? STATUS_NAME_TOO_LONG
                                                     : STATUS_OBJECT_NAME_INVALID;
        if (Bytes > NAME_MAX)
            return STATUS_OBJECT_NAME_INVALID;
        Used += Bytes;
        At = Next;
        if (At != End && ++At == End)
            *Slash = TRUE;
    }
    To[Used] = '\0';
    return STATUS_SUCCESS;
}

BOOLEAN FspNtName(const char *Host, WCHAR *To, USHORT *Length)
{
    ULONG Bytes;

    if (RtlUTF8ToUnicodeN(To, FSP_COMPONENT * sizeof(WCHAR), &Bytes, Host, (ULONG)strlen(Host)) !=
        STATUS_SUCCESS)
        return FALSE;
    *Length = (USHORT)Bytes;
    return NT_SUCCESS(FspCheckComponent(To, Bytes / sizeof(WCHAR)));
}

NTSTATUS FspNtPath(PFSP_LINK Link, PUNICODE_STRING Path)
{
    SIZE_T Length = strlen(Link->Path); /* never more units than bytes */
    ULONG Bytes = 0;

    if ((Length + 2) * sizeof(WCHAR) > MAXUSHORT)
        return STATUS_NAME_TOO_LONG;
    Path->MaximumLength = (USHORT)((Length + 2) * sizeof(WCHAR));
    Path->Buffer = ExAllocatePoolWithTag(PagedPool, Path->MaximumLength, FSP_TAG_NAME);
    if (Path->Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Path->Buffer[0] = L'\\';
    if (Length != 0)
        RtlUTF8ToUnicodeN(Path->Buffer + 1, Path->MaximumLength - 2 * (ULONG)sizeof(WCHAR), &Bytes,
                          Link->Path, (ULONG)Length);
    Path->Length = (USHORT)(Bytes + sizeof(WCHAR));
    for (SIZE_T i = 1; i < Path->Length / sizeof(WCHAR); i++)
        if (Path->Buffer[i] == L'/')
            Path->Buffer[i] = L'\\';
    Path->Buffer[Path->Length / sizeof(WCHAR)] = 0;
    return STATUS_SUCCESS;
}

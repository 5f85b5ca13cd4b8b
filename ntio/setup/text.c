/* SPDX-License-Identifier: MIT */
/* text.c - text as the rest of setup needs it. On the host's heap: no subject of the accounting. */
#include "ntio/setup/setupp.h"

#include <stdarg.h>
#include <stdio.h>

char *SetuppNarrow(const WCHAR *Text)
{
    ULONG Bytes = 0;
    SIZE_T Length = Text == NULL ? 0 : NtCrt_wcslen(Text);
    char *Narrow = Text == NULL ? NULL : malloc(Length * 3 + 1);

    if (Narrow == NULL)
        return NULL;
    (void)RtlUnicodeToUTF8N(Narrow, (ULONG)(Length * 3), &Bytes, Text,
                            (ULONG)(Length * sizeof(WCHAR)));
    Narrow[Bytes] = '\0';
    return Narrow;
}

WCHAR *SetuppWide(const char *Text)
{
    ULONG Bytes = 0;
    SIZE_T Length = Text == NULL ? 0 : strlen(Text);
    WCHAR *Wide = Text == NULL ? NULL : malloc((Length + 1) * sizeof(WCHAR));

    if (Wide == NULL)
        return NULL;
    (void)RtlUTF8ToUnicodeN(Wide, (ULONG)(Length * sizeof(WCHAR)), &Bytes, Text, (ULONG)Length);
    Wide[Bytes / sizeof(WCHAR)] = 0;
    return Wide;
}

char *SetuppPrint(const char *Format, ...)
{
    va_list Arguments;
    char *Text;
    int Length;

    va_start(Arguments, Format);
    Length = vsnprintf(NULL, 0, Format, Arguments);
    va_end(Arguments);
    Text = Length < 0 ? NULL : malloc((size_t)Length + 1);
    if (Text != NULL) {
        va_start(Arguments, Format);
        vsnprintf(Text, (size_t)Length + 1, Format, Arguments);
        va_end(Arguments);
    }
    return Text;
}

WCHAR *SetuppJoin(const WCHAR *First, ...)
{
    const WCHAR *Part;
    SIZE_T Length = 0;
    va_list Parts;
    WCHAR *Text;

    va_start(Parts, First);
    for (Part = First; Part != NULL; Part = va_arg(Parts, const WCHAR *))
        Length += NtCrt_wcslen(Part);
    va_end(Parts);
    Text = malloc((Length + 1) * sizeof(WCHAR));
    if (Text == NULL)
        return NULL;
    Text[0] = 0;
    Length = 0;
    va_start(Parts, First);
    for (Part = First; Part != NULL; Part = va_arg(Parts, const WCHAR *)) {
        NtCrt_wcscpy(Text + Length, Part);
        Length += NtCrt_wcslen(Part);
    }
    va_end(Parts);
    return Text;
}

VOID SetuppGuidText(const GUID *Guid, WCHAR Text[SETUPP_GUID])
{
    NtCrt__snwprintf(Text, SETUPP_GUID, L"{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}",
                     (ULONG)Guid->Data1, Guid->Data2, Guid->Data3, Guid->Data4[0], Guid->Data4[1],
                     Guid->Data4[2], Guid->Data4[3], Guid->Data4[4], Guid->Data4[5], Guid->Data4[6],
                     Guid->Data4[7]);
    Text[SETUPP_GUID - 1] = 0;
}

ULONG SetuppError(NTSTATUS Status)
{
    return NT_SUCCESS(Status) ? ERROR_SUCCESS : RtlNtStatusToDosError(Status);
}

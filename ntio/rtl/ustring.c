/* SPDX-License-Identifier: MIT */
/* ustring.c - counted UTF-16 strings. Source: the MS docs page of each routine. */
#include "rtlp.h"
#include "ntio/ke/ke.h"

#define RTLP_MAXIMUM_BYTES 0xfffe /* the largest even MaximumLength */

VOID NTAPI RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    SIZE_T Bytes;

    DestinationString->Length = DestinationString->MaximumLength = 0;
    DestinationString->Buffer = (PWSTR)SourceString;
    if (SourceString == NULL)
        return;
    Bytes = NtCrt_wcslen(SourceString) * sizeof(WCHAR);
    /* A longer string is cut: there is no way to say so. */
    if (Bytes > RTLP_MAXIMUM_BYTES - sizeof(WCHAR))
        Bytes = RTLP_MAXIMUM_BYTES - sizeof(WCHAR);
    DestinationString->Length = (USHORT)Bytes;
    DestinationString->MaximumLength = (USHORT)(Bytes + sizeof(WCHAR));
}

NTSTATUS NTAPI RtlInitUnicodeStringEx(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    if (SourceString != NULL &&
        NtCrt_wcslen(SourceString) > (RTLP_MAXIMUM_BYTES - sizeof(WCHAR)) / sizeof(WCHAR)) {
        DestinationString->Length = DestinationString->MaximumLength = 0;
        DestinationString->Buffer = NULL;
        return STATUS_NAME_TOO_LONG;
    }
    RtlInitUnicodeString(DestinationString, SourceString);
    return STATUS_SUCCESS;
}

/* A closing zero, where there is room: not part of a counted string, but kind to whoever prints it.
 */
static VOID RtlpTerminate(PUNICODE_STRING String)
{
    if (String->Length + sizeof(WCHAR) <= String->MaximumLength)
        String->Buffer[String->Length / sizeof(WCHAR)] = 0;
}

VOID NTAPI RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    USHORT Bytes;

    if (SourceString == NULL) {
        DestinationString->Length = 0;
        return;
    }
    Bytes = SourceString->Length;
    if (Bytes > DestinationString->MaximumLength)
        Bytes = DestinationString->MaximumLength;
    if (Bytes != 0)
        memmove(DestinationString->Buffer, SourceString->Buffer, Bytes);
    DestinationString->Length = Bytes;
    RtlpTerminate(DestinationString);
}

static NTSTATUS RtlpAppend(PUNICODE_STRING Destination, const WCHAR *Source, SIZE_T Bytes)
{
    if (Bytes == 0)
        return STATUS_SUCCESS;
    if (Bytes > (SIZE_T)Destination->MaximumLength ||
        Destination->Length > Destination->MaximumLength - Bytes)
        return STATUS_BUFFER_TOO_SMALL;
    memmove((PUCHAR)Destination->Buffer + Destination->Length, Source, Bytes);
    Destination->Length += (USHORT)Bytes;
    RtlpTerminate(Destination);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source)
{
    return RtlpAppend(Destination, Source->Buffer, Source->Length);
}

NTSTATUS NTAPI RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source)
{
    return Source == NULL ? STATUS_SUCCESS
                          : RtlpAppend(Destination, Source, NtCrt_wcslen(Source) * sizeof(WCHAR));
}

LONG NTAPI RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                   BOOLEAN CaseInSensitive)
{
    ULONG Length1 = String1->Length / sizeof(WCHAR), Length2 = String2->Length / sizeof(WCHAR);
    ULONG Length = Length1 < Length2 ? Length1 : Length2;

    for (ULONG i = 0; i < Length; i++) {
        WCHAR c1 = String1->Buffer[i], c2 = String2->Buffer[i];

        if (c1 != c2 && CaseInSensitive)
            c1 = RtlUpcaseUnicodeChar(c1), c2 = RtlUpcaseUnicodeChar(c2);
        if (c1 != c2)
            return (LONG)c1 - (LONG)c2;
    }
    return (LONG)Length1 - (LONG)Length2;
}

BOOLEAN NTAPI RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                    BOOLEAN CaseInSensitive)
{
    return String1->Length == String2->Length &&
           RtlCompareUnicodeString(String1, String2, CaseInSensitive) == 0;
}

BOOLEAN NTAPI RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                     BOOLEAN CaseInSensitive)
{
    UNICODE_STRING Front = *String2;

    if (String1->Length > String2->Length)
        return FALSE;
    Front.Length = String1->Length;
    return RtlCompareUnicodeString(String1, &Front, CaseInSensitive) == 0;
}

NTSTATUS NTAPI RtlHashUnicodeString(PCUNICODE_STRING String, BOOLEAN CaseInSensitive,
                                    ULONG HashAlgorithm, PULONG HashValue)
{
    ULONG Hash = 0;

    if (String == NULL || HashValue == NULL ||
        (HashAlgorithm != HASH_STRING_ALGORITHM_DEFAULT &&
         HashAlgorithm != HASH_STRING_ALGORITHM_X65599))
        return STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; i < String->Length / sizeof(WCHAR); i++) {
        WCHAR c = String->Buffer[i];
        Hash = Hash * 65599 + (CaseInSensitive ? RtlUpcaseUnicodeChar(c) : c);
    }
    *HashValue = Hash;
    return STATUS_SUCCESS;
}

static NTSTATUS RtlpMapString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                              BOOLEAN Allocate, WCHAR(NTAPI *Map)(WCHAR))
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Allocate) {
        DestinationString->MaximumLength = SourceString->Length;
        DestinationString->Buffer = NULL;
        DestinationString->Length = 0;
        if (SourceString->Length == 0)
            return STATUS_SUCCESS;
        DestinationString->Buffer = RtlpAllocate(SourceString->Length);
        if (DestinationString->Buffer == NULL)
            return STATUS_NO_MEMORY;
    } else if (SourceString->Length > DestinationString->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    DestinationString->Length = SourceString->Length;
    for (ULONG i = 0; i < SourceString->Length / sizeof(WCHAR); i++)
        DestinationString->Buffer[i] = Map(SourceString->Buffer[i]);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUpcaseUnicodeString(PUNICODE_STRING DestinationString,
                                      PCUNICODE_STRING SourceString,
                                      BOOLEAN AllocateDestinationString)
{
    return RtlpMapString(DestinationString, SourceString, AllocateDestinationString,
                         RtlUpcaseUnicodeChar);
}

NTSTATUS NTAPI RtlDowncaseUnicodeString(PUNICODE_STRING DestinationString,
                                        PCUNICODE_STRING SourceString,
                                        BOOLEAN AllocateDestinationString)
{
    return RtlpMapString(DestinationString, SourceString, AllocateDestinationString,
                         RtlDowncaseUnicodeChar);
}

NTSTATUS NTAPI RtlDuplicateUnicodeString(ULONG Flags, PCUNICODE_STRING SourceString,
                                         PUNICODE_STRING DestinationString)
{
    const ULONG Known = RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE |
                        RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING;
    SIZE_T Bytes;

    /* An empty string can only be allocated as its closing zero. */
    if ((Flags & ~Known) != 0 || Flags == RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING ||
        SourceString == NULL || DestinationString == NULL ||
        SourceString->Length % sizeof(WCHAR) != 0 ||
        SourceString->Length > SourceString->MaximumLength ||
        (SourceString->Length != 0 && SourceString->Buffer == NULL))
        return STATUS_INVALID_PARAMETER;
    Bytes = SourceString->Length;
    if (Flags & RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE) {
        Bytes += sizeof(WCHAR);
        if (Bytes > RTLP_MAXIMUM_BYTES)
            return STATUS_NAME_TOO_LONG;
    }
    if (SourceString->Length == 0 && !(Flags & RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING)) {
        DestinationString->Length = DestinationString->MaximumLength = 0;
        DestinationString->Buffer = NULL;
        return STATUS_SUCCESS;
    }
    DestinationString->Buffer = RtlpAllocate(Bytes);
    if (DestinationString->Buffer == NULL)
        return STATUS_NO_MEMORY;
    DestinationString->Length = SourceString->Length;
    DestinationString->MaximumLength = (USHORT)Bytes;
    if (SourceString->Length != 0)
        memcpy(DestinationString->Buffer, SourceString->Buffer, SourceString->Length);
    if (Flags & RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE)
        RtlpTerminate(DestinationString);
    return STATUS_SUCCESS;
}

VOID NTAPI RtlFreeUnicodeString(PUNICODE_STRING UnicodeString)
{
    if (UnicodeString->Buffer != NULL)
        ExFreePool(UnicodeString->Buffer);
    UnicodeString->Buffer = NULL;
    UnicodeString->Length = UnicodeString->MaximumLength = 0;
}

BOOLEAN NTAPI RtlCreateUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    UNICODE_STRING Source;

    return NT_SUCCESS(RtlInitUnicodeStringEx(&Source, SourceString)) && SourceString != NULL &&
           NT_SUCCESS(
               RtlDuplicateUnicodeString(RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE |
                                             RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING,
                                         &Source, DestinationString));
}

NTSTATUS NTAPI RtlAnsiStringToUnicodeString(PUNICODE_STRING DestinationString,
                                            const STRING *SourceString,
                                            BOOLEAN AllocateDestinationString)
{
    ULONG Bytes = RtlxAnsiStringToUnicodeSize(SourceString);

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Bytes > MAXUSHORT)
        return STATUS_INVALID_PARAMETER_2;
    if (AllocateDestinationString) {
        DestinationString->Buffer = RtlpAllocate(Bytes);
        if (DestinationString->Buffer == NULL)
            return STATUS_NO_MEMORY;
        DestinationString->MaximumLength = (USHORT)Bytes;
    } else if (Bytes > DestinationString->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    DestinationString->Length = (USHORT)(Bytes - sizeof(WCHAR));
    if (SourceString->Length != 0)
        RtlUTF8ToUnicodeN(DestinationString->Buffer, DestinationString->Length, NULL,
                          SourceString->Buffer, SourceString->Length);
    RtlpTerminate(DestinationString);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeStringToAnsiString(PANSI_STRING DestinationString,
                                            PCUNICODE_STRING SourceString,
                                            BOOLEAN AllocateDestinationString)
{
    ULONG Bytes = RtlxUnicodeStringToAnsiSize(SourceString), Actual = 0;
    NTSTATUS Status = STATUS_SUCCESS;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Bytes > MAXUSHORT)
        return STATUS_INVALID_PARAMETER_2;
    if (AllocateDestinationString) {
        DestinationString->Buffer = RtlpAllocate(Bytes);
        if (DestinationString->Buffer == NULL)
            return STATUS_NO_MEMORY;
        DestinationString->MaximumLength = (USHORT)Bytes;
    } else if (Bytes > DestinationString->MaximumLength) {
        Status = STATUS_BUFFER_OVERFLOW;
        if (DestinationString->MaximumLength == 0)
            return Status;
        Bytes = DestinationString->MaximumLength; /* what fits is given */
    }
    if (SourceString->Length >= sizeof(WCHAR))
        RtlUnicodeToUTF8N(DestinationString->Buffer, Bytes - 1, &Actual, SourceString->Buffer,
                          SourceString->Length & ~1u);
    DestinationString->Length = (USHORT)Actual;
    DestinationString->Buffer[Actual] = 0;
    return Status;
}

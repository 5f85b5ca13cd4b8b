/* SPDX-License-Identifier: MIT */
/*
 * rtlquery.c - RtlQueryRegistryValues.
 *
 * The table is walked in order. A named entry is one value of the current key; an entry without a
 * name stands for all of its values. RTL_QUERY_REGISTRY_SUBKEY makes a subkey (of the first key)
 * the current one, TOPKEY goes back. What a value gives is handed to the entry's routine or, with
 * DIRECT, stored where EntryContext points.
 *
 * With RTL_REGISTRY_OPTIONAL a key that is not there counts as one without values.
 */
#include "ntio/cm/cmp.h"
#include "ntio/cm/rtlreg.h"

/* One value on its way to the entry. Data is terminated by two zero units behind Bytes. */
typedef struct _RTLP_VALUE {
    PWSTR Name;
    ULONG Type;
    PVOID Data;
    ULONG Bytes;
} RTLP_VALUE;

typedef struct _RTLP_QUERY {
    HANDLE TopKey, CurrentKey; /* NULL: an optional one that is not there */
    PVOID Context;
    PVOID Environment;
} RTLP_QUERY;

static BOOLEAN RtlpIsString(ULONG Type)
{
    return Type == REG_SZ || Type == REG_EXPAND_SZ || Type == REG_MULTI_SZ;
}

/* Stores as the documentation of RTL_QUERY_REGISTRY_DIRECT says, by type and size. */
static NTSTATUS RtlpStoreDirect(const RTLP_VALUE *Value, PVOID Destination)
{
    if (RtlpIsString(Value->Type)) {
        PUNICODE_STRING String = Destination;
        ULONG Bytes = Value->Bytes;

        if (Bytes > UNICODE_STRING_MAX_BYTES)
            Bytes = UNICODE_STRING_MAX_BYTES;
        if (String->Buffer == NULL) {
            String->Buffer = ExAllocatePoolWithTag(PagedPool, Bytes, CMP_TAG);
            if (String->Buffer == NULL)
                return STATUS_INSUFFICIENT_RESOURCES;
            String->MaximumLength = (USHORT)Bytes;
        } else if (Bytes > String->MaximumLength) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        memcpy(String->Buffer, Value->Data, Bytes);
        String->Length = (USHORT)(Bytes - sizeof(WCHAR));
        return STATUS_SUCCESS;
    }
    if (Value->Bytes <= sizeof(ULONG)) {
        if (Value->Bytes != 0)
            memcpy(Destination, Value->Data, Value->Bytes);
        return STATUS_SUCCESS;
    }
    LONG Room;
    memcpy(&Room, Destination, sizeof(Room));
    if (Room < 0) { /* the data alone */
        if ((ULONG) - (LONGLONG)Room < Value->Bytes)
            return STATUS_BUFFER_TOO_SMALL;
        memcpy(Destination, Value->Data, Value->Bytes);
        return STATUS_SUCCESS;
    }
    if ((ULONG)Room < 2 * sizeof(ULONG) || (ULONG)Room - 2 * sizeof(ULONG) < Value->Bytes)
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(Destination, &Value->Bytes, sizeof(ULONG));
    memcpy((PUCHAR)Destination + sizeof(ULONG), &Value->Type, sizeof(ULONG));
    memcpy((PUCHAR)Destination + 2 * sizeof(ULONG), Value->Data, Value->Bytes);
    return STATUS_SUCCESS;
}

static NTSTATUS RtlpDeliver(RTLP_QUERY *Query, PRTL_QUERY_REGISTRY_TABLE Entry,
                            const RTLP_VALUE *Value, PVOID EntryContext)
{
    if ((Entry->Flags & RTL_QUERY_REGISTRY_DIRECT) != 0)
        return RtlpStoreDirect(Value, EntryContext);
    return Entry->QueryRoutine(Value->Name, Value->Type, Value->Data, Value->Bytes, Query->Context,
                               EntryContext);
}

/* A string of a multi-string at a time; with DIRECT each has a UNICODE_STRING of its own, one
 * behind the other. */
static NTSTATUS RtlpDeliverStrings(RTLP_QUERY *Query, PRTL_QUERY_REGISTRY_TABLE Entry,
                                   const RTLP_VALUE *Value)
{
    PWCH At = Value->Data, End = At + Value->Bytes / sizeof(WCHAR);
    PVOID EntryContext = Entry->EntryContext;
    NTSTATUS Status = STATUS_SUCCESS;

    while (NT_SUCCESS(Status) && At < End && *At != 0) {
        SIZE_T Length = NtCrt_wcsnlen(At, (SIZE_T)(End - At));
        RTLP_VALUE One = {Value->Name, REG_SZ, At, (ULONG)((Length + 1) * sizeof(WCHAR))};

        Status = RtlpDeliver(Query, Entry, &One, EntryContext);
        if ((Entry->Flags & RTL_QUERY_REGISTRY_DIRECT) != 0)
            EntryContext = (PUNICODE_STRING)EntryContext + 1;
        At += Length + 1;
    }
    return Status;
}

/* The value of an environment variable: in the block given (NAME=VALUE, terminated each and as a
 * whole), else what every system has. */
static const WCHAR *RtlpFindVariable(const WCHAR *Block, const WCHAR *Name, SIZE_T Length)
{
    static const WCHAR *const System[][2] = {
        {L"SystemRoot", L"C:\\Windows"}, {L"windir", L"C:\\Windows"}, {L"SystemDrive", L"C:"}};

    for (; Block != NULL && *Block != 0; Block += NtCrt_wcslen(Block) + 1)
        if (NtCrt__wcsnicmp(Block, Name, Length) == 0 && Block[Length] == L'=')
            return Block + Length + 1;
    for (ULONG i = 0; i < RTL_NUMBER_OF(System); i++)
        if (NtCrt_wcslen(System[i][0]) == Length &&
            NtCrt__wcsnicmp(System[i][0], Name, Length) == 0)
            return System[i][1];
    return NULL;
}

/* Replaces %NAME% where NAME is known. Out NULL: counts. Returns units, the closing zero included.
 */
static SIZE_T RtlpExpand(const WCHAR *Block, const WCHAR *Text, SIZE_T Count, WCHAR *Out)
{
    SIZE_T Used = 0;

    for (SIZE_T i = 0; i < Count && Text[i] != 0; i++) {
        const WCHAR *Variable = NULL;
        SIZE_T Close = i + 1;

        if (Text[i] == L'%') {
            while (Close < Count && Text[Close] != 0 && Text[Close] != L'%')
                Close++;
            if (Close < Count && Text[Close] == L'%' && Close > i + 1)
                Variable = RtlpFindVariable(Block, Text + i + 1, Close - i - 1);
        }
        if (Variable == NULL) {
            if (Out != NULL)
                Out[Used] = Text[i];
            Used++;
            continue;
        }
        SIZE_T Length = NtCrt_wcslen(Variable);
        if (Out != NULL)
            memcpy(Out + Used, Variable, Length * sizeof(WCHAR));
        Used += Length;
        i = Close;
    }
    if (Out != NULL)
        Out[Used] = 0;
    return Used + 1;
}

static NTSTATUS RtlpDeliverExpanded(RTLP_QUERY *Query, PRTL_QUERY_REGISTRY_TABLE Entry,
                                    const RTLP_VALUE *Value)
{
    SIZE_T Count = Value->Bytes / sizeof(WCHAR);
    SIZE_T Length = RtlpExpand(Query->Environment, Value->Data, Count, NULL);
    RTLP_VALUE Expanded = {Value->Name, REG_SZ, NULL, (ULONG)(Length * sizeof(WCHAR))};
    NTSTATUS Status;

    Expanded.Data = ExAllocatePool2(POOL_FLAG_PAGED, Expanded.Bytes, CMP_TAG);
    if (Expanded.Data == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlpExpand(Query->Environment, Value->Data, Count, Expanded.Data);
    Status = RtlpDeliver(Query, Entry, &Expanded, Entry->EntryContext);
    ExFreePoolWithTag(Expanded.Data, CMP_TAG);
    return Status;
}

/* Default data of a string type without a length: to its end. */
static ULONG RtlpDefaultLength(ULONG Type, PCWSTR Data)
{
    const WCHAR *End = Data;

    if (Type == REG_SZ || Type == REG_EXPAND_SZ)
        return (ULONG)((NtCrt_wcslen(Data) + 1) * sizeof(WCHAR));
    if (Type != REG_MULTI_SZ)
        return 0;
    while (*End != 0)
        End += NtCrt_wcslen(End) + 1;
    return (ULONG)((End + 1 - Data) * sizeof(WCHAR));
}

/* Value NULL: it is not there; the default, or nothing. */
static NTSTATUS RtlpTake(RTLP_QUERY *Query, PRTL_QUERY_REGISTRY_TABLE Entry,
                         const RTLP_VALUE *Value)
{
    ULONG DefaultType = Entry->DefaultType & ~RTL_QUERY_REGISTRY_TYPECHECK_MASK;
    RTLP_VALUE Default;

    if (Value == NULL) {
        if ((Entry->Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        if (DefaultType == REG_NONE)
            return STATUS_SUCCESS;
        if (Entry->DefaultData == NULL)
            return STATUS_DATA_OVERRUN;
        Default = (RTLP_VALUE){Entry->Name, DefaultType, Entry->DefaultData, Entry->DefaultLength};
        if (Default.Bytes == 0)
            Default.Bytes = RtlpDefaultLength(DefaultType, Entry->DefaultData);
        Value = &Default;
    } else if ((Entry->Flags & RTL_QUERY_REGISTRY_TYPECHECK) != 0 &&
               Value->Type != Entry->DefaultType >> RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    if ((Entry->Flags & RTL_QUERY_REGISTRY_NOEXPAND) == 0) {
        if (Value->Type == REG_MULTI_SZ)
            return RtlpDeliverStrings(Query, Entry, Value);
        if (Value->Type == REG_EXPAND_SZ)
            return RtlpDeliverExpanded(Query, Entry, Value);
    }
    return RtlpDeliver(Query, Entry, Value, Entry->EntryContext);
}

/*
 * Reads a value, by name or (Name NULL) by index. *Block (CMP_TAG) holds it: full information, with
 * the name terminated and Value->Data, whose strings are terminated.
 */
static NTSTATUS RtlpRead(HANDLE Key, PUNICODE_STRING Name, ULONG Index, PVOID *Block,
                         RTLP_VALUE *Value)
{
    PKEY_VALUE_FULL_INFORMATION Full = NULL;
    ULONG Length = 0, Needed = 0;
    NTSTATUS Status;

    *Block = NULL;
    for (;;) {
        Status =
            Name != NULL
                ? ZwQueryValueKey(Key, Name, KeyValueFullInformation, Full, Length, &Needed)
                : ZwEnumerateValueKey(Key, Index, KeyValueFullInformation, Full, Length, &Needed);
        if (Status != STATUS_BUFFER_OVERFLOW && Status != STATUS_BUFFER_TOO_SMALL)
            break;
        if (Full != NULL) /* it grew between the calls */
            ExFreePoolWithTag(Full, CMP_TAG);
        Length = Needed;
        Full = ExAllocatePool2(POOL_FLAG_PAGED, Length, CMP_TAG);
        if (Full == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!NT_SUCCESS(Status)) {
        if (Full != NULL)
            ExFreePoolWithTag(Full, CMP_TAG);
        return Status;
    }
    /* Name and data side by side, each with zeros behind. */
    ULONG DataAt = (Full->NameLength + (ULONG)sizeof(WCHAR) + 7) & ~7u;
    PUCHAR Copy = ExAllocatePool2(POOL_FLAG_PAGED,
                                  (SIZE_T)DataAt + Full->DataLength + 3 * sizeof(WCHAR), CMP_TAG);
    if (Copy == NULL) {
        ExFreePoolWithTag(Full, CMP_TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    memcpy(Copy, Full->Name, Full->NameLength);
    if (Full->DataLength != 0)
        memcpy(Copy + DataAt, (PUCHAR)Full + Full->DataOffset, Full->DataLength);
    *Value = (RTLP_VALUE){(PWSTR)Copy, Full->Type, Copy + DataAt, Full->DataLength};
    if (RtlpIsString(Value->Type)) {
        PWCH Text = Value->Data;
        ULONG Count = Value->Bytes / sizeof(WCHAR);

        if (Count == 0 || Text[Count - 1] != 0) {
            Text[Count] = 0; /* half a unit at the end is dropped */
            Count++;
        }
        Value->Bytes = Count * (ULONG)sizeof(WCHAR);
    }
    ExFreePoolWithTag(Full, CMP_TAG);
    *Block = Copy;
    return STATUS_SUCCESS;
}

static NTSTATUS RtlpTakeNamed(RTLP_QUERY *Query, PRTL_QUERY_REGISTRY_TABLE Entry)
{
    UNICODE_STRING Name;
    RTLP_VALUE Value;
    NTSTATUS Status;
    PVOID Block = NULL;

    Status = RtlInitUnicodeStringEx(&Name, Entry->Name);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = Query->CurrentKey != NULL ? RtlpRead(Query->CurrentKey, &Name, 0, &Block, &Value)
                                       : STATUS_OBJECT_NAME_NOT_FOUND;
    if (Status == STATUS_OBJECT_NAME_NOT_FOUND)
        return RtlpTake(Query, Entry, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = RtlpTake(Query, Entry, &Value);
    if (NT_SUCCESS(Status) && (Entry->Flags & RTL_QUERY_REGISTRY_DELETE) != 0)
        ZwDeleteValueKey(Query->CurrentKey, &Name);
    ExFreePoolWithTag(Block, CMP_TAG);
    return Status;
}

static NTSTATUS RtlpTakeAll(RTLP_QUERY *Query, PRTL_QUERY_REGISTRY_TABLE Entry)
{
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG Index = 0, Seen = 0;

    while (NT_SUCCESS(Status) && Query->CurrentKey != NULL) {
        RTLP_VALUE Value;
        PVOID Block;

        Status = RtlpRead(Query->CurrentKey, NULL, Index, &Block, &Value);
        if (!NT_SUCCESS(Status))
            break;
        Seen++;
        Status = RtlpTake(Query, Entry, &Value);
        if (NT_SUCCESS(Status) && (Entry->Flags & RTL_QUERY_REGISTRY_DELETE) != 0) {
            UNICODE_STRING Name;

            RtlInitUnicodeString(&Name, Value.Name);
            if (!NT_SUCCESS(ZwDeleteValueKey(Query->CurrentKey, &Name)))
                Index++;
        } else {
            Index++;
        }
        ExFreePoolWithTag(Block, CMP_TAG);
    }
    if (Status == STATUS_NO_MORE_ENTRIES)
        Status = STATUS_SUCCESS;
    if (NT_SUCCESS(Status) && Seen == 0 && (Entry->Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0)
        Status = STATUS_OBJECT_NAME_NOT_FOUND;
    return Status;
}

static VOID RtlpLeaveSubkey(RTLP_QUERY *Query)
{
    if (Query->CurrentKey != Query->TopKey && Query->CurrentKey != NULL)
        ZwClose(Query->CurrentKey);
    Query->CurrentKey = Query->TopKey;
}

static NTSTATUS RtlpEnterSubkey(RTLP_QUERY *Query, PRTL_QUERY_REGISTRY_TABLE Entry)
{
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    NTSTATUS Status;

    Status = RtlInitUnicodeStringEx(&Name, Entry->Name);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Query->TopKey == NULL)
        return (Entry->Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0 ? STATUS_OBJECT_NAME_NOT_FOUND
                                                                 : STATUS_SUCCESS;
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                               Query->TopKey, NULL);
    Status = ZwOpenKey(&Query->CurrentKey, MAXIMUM_ALLOWED, &Attributes);
    if (!NT_SUCCESS(Status)) {
        Query->CurrentKey = Query->TopKey;
        return Status;
    }
    return Entry->QueryRoutine != NULL ? RtlpTakeAll(Query, Entry) : STATUS_SUCCESS;
}

static NTSTATUS RtlpTakeEntry(RTLP_QUERY *Query, PRTL_QUERY_REGISTRY_TABLE Entry)
{
    if ((Entry->Flags & RTL_QUERY_REGISTRY_DIRECT) != 0 &&
        (Entry->Name == NULL || (Entry->Flags & RTL_QUERY_REGISTRY_SUBKEY) != 0 ||
         Entry->QueryRoutine != NULL))
        return STATUS_INVALID_PARAMETER;
    if ((Entry->Flags & (RTL_QUERY_REGISTRY_TOPKEY | RTL_QUERY_REGISTRY_SUBKEY)) != 0)
        RtlpLeaveSubkey(Query);
    if ((Entry->Flags & RTL_QUERY_REGISTRY_SUBKEY) != 0)
        return Entry->Name != NULL ? RtlpEnterSubkey(Query, Entry) : STATUS_INVALID_PARAMETER;
    if (Entry->Name != NULL)
        return RtlpTakeNamed(Query, Entry);
    if ((Entry->Flags & RTL_QUERY_REGISTRY_NOVALUE) != 0)
        return Entry->QueryRoutine(NULL, REG_NONE, NULL, 0, Query->Context, Entry->EntryContext);
    return RtlpTakeAll(Query, Entry);
}

NTSTATUS NTAPI RtlQueryRegistryValues(ULONG RelativeTo, PCWSTR Path,
                                      PRTL_QUERY_REGISTRY_TABLE QueryTable, PVOID Context,
                                      PVOID Environment)
{
    RTLP_QUERY Query = {.Context = Context, .Environment = Environment};
    BOOLEAN Given = (RelativeTo & RTL_REGISTRY_HANDLE) != 0;
    NTSTATUS Status = STATUS_SUCCESS;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (Given)
        Query.TopKey = (HANDLE)Path;
    else
        Status = RtlpOpenRegistryKey(RelativeTo, Path, FALSE, MAXIMUM_ALLOWED, &Query.TopKey);
    if (!NT_SUCCESS(Status) &&
        !(Status == STATUS_OBJECT_NAME_NOT_FOUND && (RelativeTo & RTL_REGISTRY_OPTIONAL) != 0))
        return Status;
    Query.CurrentKey = Query.TopKey;
    Status = STATUS_SUCCESS;
    for (PRTL_QUERY_REGISTRY_TABLE Entry = QueryTable;
         NT_SUCCESS(Status) &&
         (Entry->QueryRoutine != NULL ||
          (Entry->Flags & (RTL_QUERY_REGISTRY_SUBKEY | RTL_QUERY_REGISTRY_DIRECT)) != 0);
         Entry++)
        Status = RtlpTakeEntry(&Query, Entry);
    RtlpLeaveSubkey(&Query);
    if (!Given && Query.TopKey != NULL)
        ZwClose(Query.TopKey);
    return Status;
}

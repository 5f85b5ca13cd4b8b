/* SPDX-License-Identifier: MIT */
/*
 * answer.c - what queries of keys and values return, and how much of it when the buffer is short.
 */
#include "ntio/cm/cmp.h"

/* KEY_CACHED_INFORMATION. */
typedef struct _CMP_CACHED_INFORMATION {
    LARGE_INTEGER LastWriteTime;
    ULONG TitleIndex, SubKeys, MaxNameLen, Values, MaxValueNameLen, MaxValueDataLen, NameLength;
} CMP_CACHED_INFORMATION;

typedef struct _CMP_MAXIMA {
    ULONG Name, Class, ValueName, ValueData;
} CMP_MAXIMA;

static ULONG CmpLarger(ULONG A, ULONG B)
{
    return A > B ? A : B;
}

static CMP_MAXIMA CmpMaxima(PCM_NODE Node)
{
    CMP_MAXIMA Maxima = {0};

    for (ULONG i = 0; i < Node->ChildCount; i++) {
        Maxima.Name = CmpLarger(Maxima.Name, Node->Children[i]->Name.Length);
        Maxima.Class = CmpLarger(Maxima.Class, Node->Children[i]->Class.Length);
    }
    for (ULONG i = 0; i < Node->ValueCount; i++) {
        Maxima.ValueName = CmpLarger(Maxima.ValueName, Node->Values[i]->Name.Length);
        Maxima.ValueData = CmpLarger(Maxima.ValueData, Node->Values[i]->Bytes);
    }
    return Maxima;
}

/* Bytes at Offset of a buffer of Length, as many as fit. */
static VOID CmpPut(PVOID Buffer, ULONG Length, ULONG Offset, const VOID *Data, ULONG Bytes)
{
    if (Bytes == 0 || Offset >= Length)
        return;
    memcpy((PUCHAR)Buffer + Offset, Data, Bytes < Length - Offset ? Bytes : Length - Offset);
}

static NTSTATUS CmpFit(PVOID Buffer, ULONG Length, const VOID *Fixed, ULONG FixedBytes,
                       ULONG Required, PULONG ResultLength)
{
    *ResultLength = Required;
    if (Length < FixedBytes)
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(Buffer, Fixed, FixedBytes);
    return Length < Required ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS CmpAnswerKey(PCM_NODE Node, KEY_INFORMATION_CLASS Class, PVOID Buffer, ULONG Length,
                      PULONG ResultLength)
{
    CMP_MAXIMA Maxima;
    NTSTATUS Status;

    switch (Class) {
    case KeyBasicInformation: {
        KEY_BASIC_INFORMATION Basic = {.LastWriteTime = Node->LastWriteTime,
                                       .NameLength = Node->Name.Length};
        ULONG Fixed = UFIELD_OFFSET(KEY_BASIC_INFORMATION, Name);

        Status = CmpFit(Buffer, Length, &Basic, Fixed, Fixed + Node->Name.Length, ResultLength);
        CmpPut(Buffer, Length, Fixed, Node->Name.Buffer, Node->Name.Length);
        return Status;
    }
    case KeyNodeInformation: {
        ULONG Fixed = UFIELD_OFFSET(KEY_NODE_INFORMATION, Name);
        ULONG ClassAt = (Fixed + Node->Name.Length + 3) & ~3u;
        ULONG Required =
            Node->Class.Length != 0 ? ClassAt + Node->Class.Length : Fixed + Node->Name.Length;
        KEY_NODE_INFORMATION Information = {.LastWriteTime = Node->LastWriteTime,
                                            .ClassOffset = Node->Class.Length != 0 ? ClassAt : ~0u,
                                            .ClassLength = Node->Class.Length,
                                            .NameLength = Node->Name.Length};

        Status = CmpFit(Buffer, Length, &Information, Fixed, Required, ResultLength);
        CmpPut(Buffer, Length, Fixed, Node->Name.Buffer, Node->Name.Length);
        CmpPut(Buffer, Length, ClassAt, Node->Class.Buffer, Node->Class.Length);
        return Status;
    }
    case KeyFullInformation: {
        ULONG Fixed = UFIELD_OFFSET(KEY_FULL_INFORMATION, Class);
        KEY_FULL_INFORMATION Full = {.LastWriteTime = Node->LastWriteTime,
                                     .ClassOffset = Node->Class.Length != 0 ? Fixed : ~0u,
                                     .ClassLength = Node->Class.Length,
                                     .SubKeys = Node->ChildCount,
                                     .Values = Node->ValueCount};

        Maxima = CmpMaxima(Node);
        Full.MaxNameLen = Maxima.Name;
        Full.MaxClassLen = Maxima.Class;
        Full.MaxValueNameLen = Maxima.ValueName;
        Full.MaxValueDataLen = Maxima.ValueData;
        Status = CmpFit(Buffer, Length, &Full, Fixed, Fixed + Node->Class.Length, ResultLength);
        CmpPut(Buffer, Length, Fixed, Node->Class.Buffer, Node->Class.Length);
        return Status;
    }
    case KeyNameInformation: {
        ULONG Fixed = UFIELD_OFFSET(KEY_NAME_INFORMATION, Name);
        KEY_NAME_INFORMATION Name = {0};
        UNICODE_STRING Path;

        Status = CmpPathOfNode(Node, &Path);
        if (!NT_SUCCESS(Status))
            return Status;
        Name.NameLength = Path.Length;
        Status = CmpFit(Buffer, Length, &Name, Fixed, Fixed + Path.Length, ResultLength);
        CmpPut(Buffer, Length, Fixed, Path.Buffer, Path.Length);
        free(Path.Buffer);
        return Status;
    }
    case KeyCachedInformation: {
        CMP_CACHED_INFORMATION Cached = {.LastWriteTime = Node->LastWriteTime,
                                         .SubKeys = Node->ChildCount,
                                         .Values = Node->ValueCount,
                                         .NameLength = Node->Name.Length};

        Maxima = CmpMaxima(Node);
        Cached.MaxNameLen = Maxima.Name;
        Cached.MaxValueNameLen = Maxima.ValueName;
        Cached.MaxValueDataLen = Maxima.ValueData;
        return CmpFit(Buffer, Length, &Cached, sizeof(Cached), sizeof(Cached), ResultLength);
    }
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS CmpAnswerValue(PCM_VALUE Value, KEY_VALUE_INFORMATION_CLASS Class, PVOID Buffer,
                        ULONG Length, PULONG ResultLength)
{
    NTSTATUS Status;
    ULONG Fixed, DataAt, Align;

    switch (Class) {
    case KeyValueBasicInformation: {
        KEY_VALUE_BASIC_INFORMATION Basic = {.Type = Value->Type, .NameLength = Value->Name.Length};

        Fixed = UFIELD_OFFSET(KEY_VALUE_BASIC_INFORMATION, Name);
        Status = CmpFit(Buffer, Length, &Basic, Fixed, Fixed + Value->Name.Length, ResultLength);
        CmpPut(Buffer, Length, Fixed, Value->Name.Buffer, Value->Name.Length);
        return Status;
    }
    case KeyValueFullInformation:
    case KeyValueFullInformationAlign64: {
        KEY_VALUE_FULL_INFORMATION Full = {
            .Type = Value->Type, .DataLength = Value->Bytes, .NameLength = Value->Name.Length};

        Fixed = UFIELD_OFFSET(KEY_VALUE_FULL_INFORMATION, Name);
        Align = Class == KeyValueFullInformation ? 4 : 8;
        DataAt = (Fixed + Value->Name.Length + Align - 1) & ~(Align - 1);
        Full.DataOffset = Value->Bytes != 0 ? DataAt : ~0u;
        Status = CmpFit(Buffer, Length, &Full, Fixed,
                        Value->Bytes != 0 ? DataAt + Value->Bytes : Fixed + Value->Name.Length,
                        ResultLength);
        CmpPut(Buffer, Length, Fixed, Value->Name.Buffer, Value->Name.Length);
        CmpPut(Buffer, Length, DataAt, Value->Data, Value->Bytes);
        return Status;
    }
    case KeyValuePartialInformation: {
        KEY_VALUE_PARTIAL_INFORMATION Partial = {.Type = Value->Type, .DataLength = Value->Bytes};

        Fixed = UFIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data);
        Status = CmpFit(Buffer, Length, &Partial, Fixed, Fixed + Value->Bytes, ResultLength);
        CmpPut(Buffer, Length, Fixed, Value->Data, Value->Bytes);
        return Status;
    }
    case KeyValuePartialInformationAlign64: {
        KEY_VALUE_PARTIAL_INFORMATION_ALIGN64 Partial = {.Type = Value->Type,
                                                         .DataLength = Value->Bytes};

        Fixed = UFIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION_ALIGN64, Data);
        Status = CmpFit(Buffer, Length, &Partial, Fixed, Fixed + Value->Bytes, ResultLength);
        CmpPut(Buffer, Length, Fixed, Value->Data, Value->Bytes);
        return Status;
    }
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

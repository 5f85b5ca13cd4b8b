/* SPDX-License-Identifier: MIT */
/*
 * node.c - the tree: nodes, their sorted children, their values. Everything here runs under
 * CmpLock.
 *
 * A node that was deleted stays for the key objects that refer to it; it is empty then, and
 * Deleted.
 */
#include "ntio/cm/cmp.h"

/* Allocates and copies; a NULL or empty one gives an empty one. */
static NTSTATUS CmpCopyString(PUNICODE_STRING To, PCUNICODE_STRING From)
{
    memset(To, 0, sizeof(*To));
    if (From == NULL || From->Length == 0)
        return STATUS_SUCCESS;
    To->Buffer = CmpAllocate(From->Length);
    if (To->Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(To->Buffer, From->Buffer, From->Length);
    To->Length = To->MaximumLength = From->Length;
    return STATUS_SUCCESS;
}

/* Room for one more pointer. */
static BOOLEAN CmpReserve(PVOID **Array, ULONG Count, ULONG *Capacity)
{
    ULONG More = *Capacity != 0 ? *Capacity * 2 : 4;
    PVOID *New;

    if (Count < *Capacity)
        return TRUE;
    New = CmpAllocate(More * sizeof(PVOID));
    if (New == NULL)
        return FALSE;
    if (Count != 0)
        memcpy(New, *Array, Count * sizeof(PVOID));
    free(*Array);
    *Array = New;
    *Capacity = More;
    return TRUE;
}

VOID CmpTouchNode(PCM_NODE Node)
{
    KeQuerySystemTime(&Node->LastWriteTime);
}

/* The place of Name among the children; Found: it is there. */
static ULONG CmpChildIndex(PCM_NODE Node, PCUNICODE_STRING Name, BOOLEAN *Found)
{
    ULONG Low = 0, High = Node->ChildCount;

    *Found = FALSE;
    while (Low < High) {
        ULONG Middle = Low + (High - Low) / 2;
        LONG Order = RtlCompareUnicodeString(&Node->Children[Middle]->Name, Name, TRUE);

        if (Order == 0) {
            *Found = TRUE;
            return Middle;
        }
        if (Order < 0)
            Low = Middle + 1;
        else
            High = Middle;
    }
    return Low;
}

PCM_NODE CmpFindChild(PCM_NODE Node, PCUNICODE_STRING Name)
{
    BOOLEAN Found;
    ULONG Index = CmpChildIndex(Node, Name, &Found);

    return Found ? Node->Children[Index] : NULL;
}

static PCM_NODE CmpNewNode(PCUNICODE_STRING Name, PCUNICODE_STRING Class)
{
    PCM_NODE Node = CmpAllocate(sizeof(*Node));

    if (Node == NULL)
        return NULL;
    if (!NT_SUCCESS(CmpCopyString(&Node->Name, Name)) ||
        !NT_SUCCESS(CmpCopyString(&Node->Class, Class))) {
        free(Node->Name.Buffer);
        free(Node);
        return NULL;
    }
    Node->References = 1;
    CmpTouchNode(Node);
    return Node;
}

PCM_NODE CmpCreateRootNode(VOID)
{
    static const UNICODE_STRING Name = RTL_CONSTANT_STRING(L"REGISTRY");
    PCM_NODE Node = CmpNewNode(&Name, NULL);

    if (Node != NULL)
        Node->Fixed = TRUE;
    return Node;
}

NTSTATUS CmpAddChild(PCM_NODE Node, PCUNICODE_STRING Name, PCUNICODE_STRING Class, BOOLEAN Volatile,
                     PCM_NODE *Result)
{
    BOOLEAN Found;
    ULONG Index = CmpChildIndex(Node, Name, &Found);
    PCM_NODE Child;

    NTIO_ASSERT(!Found && !Node->Deleted);
    if (Node->Volatile && !Volatile)
        return STATUS_CHILD_MUST_BE_VOLATILE;
    if (!CmpReserve((PVOID **)&Node->Children, Node->ChildCount, &Node->ChildCapacity))
        return STATUS_INSUFFICIENT_RESOURCES;
    Child = CmpNewNode(Name, Class);
    if (Child == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Child->Parent = Node;
    Child->Volatile = Volatile;
    memmove(&Node->Children[Index + 1], &Node->Children[Index],
            (Node->ChildCount - Index) * sizeof(PCM_NODE));
    Node->Children[Index] = Child;
    Node->ChildCount++;
    CmpTouchNode(Node);
    CmpReportChange(Node, REG_NOTIFY_CHANGE_NAME);
    *Result = Child;
    return STATUS_SUCCESS;
}

VOID CmpReferenceNode(PCM_NODE Node)
{
    Node->References++;
}

static VOID CmpFreeValue(PCM_VALUE Value)
{
    free(Value->Data);
    free(Value);
}

VOID CmpDereferenceNode(PCM_NODE Node)
{
    NTIO_ASSERT(Node->References > 0);
    if (--Node->References != 0)
        return;
    NTIO_ASSERT(Node->ChildCount == 0);
    for (ULONG i = 0; i < Node->ValueCount; i++)
        CmpFreeValue(Node->Values[i]);
    free(Node->Values);
    free(Node->Children);
    free(Node->Name.Buffer);
    free(Node->Class.Buffer);
    free(Node);
}

VOID CmpUnlinkNode(PCM_NODE Node)
{
    PCM_NODE Parent = Node->Parent;
    BOOLEAN Found;
    ULONG Index = CmpChildIndex(Parent, &Node->Name, &Found);

    NTIO_ASSERT(Found && Node->ChildCount == 0);
    Parent->ChildCount--;
    memmove(&Parent->Children[Index], &Parent->Children[Index + 1],
            (Parent->ChildCount - Index) * sizeof(PCM_NODE));
    CmpTouchNode(Parent);
    CmpEndWatchesOf(NULL, Node);
    CmpReportChange(Parent, REG_NOTIFY_CHANGE_NAME);
    Node->Parent = NULL;
    Node->Deleted = TRUE;
    CmpDereferenceNode(Node);
}

VOID CmpUnlinkTree(PCM_NODE Node)
{
    PCM_NODE Top = Node;

    /* Leaves first, without recursion: the depth is the caller's to choose. */
    for (;;) {
        PCM_NODE Parent;

        while (Node->ChildCount != 0)
            Node = Node->Children[Node->ChildCount - 1];
        Parent = Node->Parent;
        if (Parent != NULL)
            CmpUnlinkNode(Node);
        if (Node == Top)
            return;
        Node = Parent;
    }
}

static ULONG CmpValueIndex(PCM_NODE Node, PCUNICODE_STRING Name)
{
    static const UNICODE_STRING Default;
    ULONG i = 0;

    if (Name == NULL)
        Name = &Default;
    while (i < Node->ValueCount && !RtlEqualUnicodeString(&Node->Values[i]->Name, Name, TRUE))
        i++;
    return i;
}

PCM_VALUE CmpFindValue(PCM_NODE Node, PCUNICODE_STRING Name)
{
    ULONG Index = CmpValueIndex(Node, Name);

    return Index < Node->ValueCount ? Node->Values[Index] : NULL;
}

NTSTATUS CmpStoreValue(PCM_NODE Node, PCUNICODE_STRING Name, ULONG Type, const VOID *Data,
                       ULONG Bytes)
{
    PCM_VALUE Value = CmpFindValue(Node, Name);
    PUCHAR Copy = NULL;

    if (Bytes != 0) {
        Copy = CmpAllocate(Bytes);
        if (Copy == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        memcpy(Copy, Data, Bytes);
    }
    if (Value == NULL) {
        USHORT Length = Name != NULL ? Name->Length : 0;

        if (!CmpReserve((PVOID **)&Node->Values, Node->ValueCount, &Node->ValueCapacity) ||
            (Value = CmpAllocate(sizeof(*Value) + Length)) == NULL) {
            free(Copy);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        Value->Name.Buffer = (PWCH)(Value + 1);
        Value->Name.Length = Value->Name.MaximumLength = Length;
        if (Length != 0)
            memcpy(Value->Name.Buffer, Name->Buffer, Length);
        Node->Values[Node->ValueCount++] = Value;
    }
    free(Value->Data);
    Value->Data = Copy;
    Value->Bytes = Bytes;
    Value->Type = Type;
    CmpTouchNode(Node);
    CmpReportChange(Node, REG_NOTIFY_CHANGE_LAST_SET);
    return STATUS_SUCCESS;
}

NTSTATUS CmpRemoveValue(PCM_NODE Node, PCUNICODE_STRING Name)
{
    ULONG Index = CmpValueIndex(Node, Name);

    if (Index == Node->ValueCount)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    CmpFreeValue(Node->Values[Index]);
    Node->ValueCount--;
    memmove(&Node->Values[Index], &Node->Values[Index + 1],
            (Node->ValueCount - Index) * sizeof(PCM_VALUE));
    CmpTouchNode(Node);
    CmpReportChange(Node, REG_NOTIFY_CHANGE_LAST_SET);
    return STATUS_SUCCESS;
}

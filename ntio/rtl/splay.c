/* SPDX-License-Identifier: MIT */
/*
 * splay.c - generic tables over a splay tree (Sleator and Tarjan, 1985). What is looked up comes to
 * the root; so every access changes the tree, and the caller's lock is exclusive. The root's Parent
 * is itself, as on Windows.
 */
#include "rtlp.h"

/* In front of the caller's data. Compiled drivers reckon with its size. */
typedef struct _RTLP_SPLAY_NODE {
    RTL_SPLAY_LINKS Links;
    LIST_ENTRY Order; /* Table->InsertOrderList */
    LONGLONG UserData[];
} RTLP_SPLAY_NODE;

#define RtlpUserData(links) ((PVOID)((PUCHAR)(links) + offsetof(RTLP_SPLAY_NODE, UserData)))

VOID NTAPI RtlInitializeGenericTable(PRTL_GENERIC_TABLE Table,
                                     PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                                     PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine,
                                     PRTL_GENERIC_FREE_ROUTINE FreeRoutine, PVOID TableContext)
{
    memset(Table, 0, sizeof(*Table));
    InitializeListHead(&Table->InsertOrderList);
    Table->OrderedPointer = &Table->InsertOrderList;
    Table->CompareRoutine = CompareRoutine;
    Table->AllocateRoutine = AllocateRoutine;
    Table->FreeRoutine = FreeRoutine;
    Table->TableContext = TableContext;
}

static BOOLEAN RtlpIsRoot(PRTL_SPLAY_LINKS Node)
{
    return Node->Parent == Node;
}

/* Node changes places with its parent; the order stays. */
static VOID RtlpRotate(PRTL_SPLAY_LINKS Node)
{
    PRTL_SPLAY_LINKS Parent = Node->Parent, Middle;
    BOOLEAN ParentIsRoot = RtlpIsRoot(Parent);
    PRTL_SPLAY_LINKS Above = Parent->Parent;

    if (Parent->LeftChild == Node) {
        Middle = Node->RightChild;
        Parent->LeftChild = Middle;
        Node->RightChild = Parent;
    } else {
        Middle = Node->LeftChild;
        Parent->RightChild = Middle;
        Node->LeftChild = Parent;
    }
    if (Middle != NULL)
        Middle->Parent = Parent;
    Parent->Parent = Node;
    if (ParentIsRoot) {
        Node->Parent = Node;
    } else {
        Node->Parent = Above;
        if (Above->LeftChild == Parent)
            Above->LeftChild = Node;
        else
            Above->RightChild = Node;
    }
}

static PRTL_SPLAY_LINKS RtlpSplay(PRTL_SPLAY_LINKS Node)
{
    while (!RtlpIsRoot(Node)) {
        PRTL_SPLAY_LINKS Parent = Node->Parent;

        if (!RtlpIsRoot(Parent)) {
            BOOLEAN SameSide = (Parent->LeftChild == Node) == (Parent->Parent->LeftChild == Parent);
            RtlpRotate(SameSide ? Parent : Node);
        }
        RtlpRotate(Node);
    }
    return Node;
}

/* The node that is equal to Buffer, or the last one on the way to where it would be; *Result: on
 * which side. */
static PRTL_SPLAY_LINKS RtlpFind(PRTL_GENERIC_TABLE Table, PVOID Buffer,
                                 RTL_GENERIC_COMPARE_RESULTS *Result)
{
    PRTL_SPLAY_LINKS Node = Table->TableRoot;

    while (Node != NULL) {
        PRTL_SPLAY_LINKS Next;

        *Result = Table->CompareRoutine(Table, Buffer, RtlpUserData(Node));
        if (*Result == GenericEqual)
            break;
        Next = *Result == GenericLessThan ? Node->LeftChild : Node->RightChild;
        if (Next == NULL)
            break;
        Node = Next;
    }
    return Node;
}

PVOID NTAPI RtlInsertElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                         PBOOLEAN NewElement)
{
    RTL_GENERIC_COMPARE_RESULTS Result = GenericEqual;
    PRTL_SPLAY_LINKS Node = RtlpFind(Table, Buffer, &Result);
    BOOLEAN New = Node == NULL || Result != GenericEqual;

    if (New) {
        PRTL_SPLAY_LINKS Parent = Node;
        RTLP_SPLAY_NODE *Made =
            Table->AllocateRoutine(Table, (CLONG)offsetof(RTLP_SPLAY_NODE, UserData) + BufferSize);

        if (Made == NULL) {
            if (NewElement != NULL)
                *NewElement = FALSE;
            return NULL;
        }
        Node = &Made->Links;
        Node->LeftChild = Node->RightChild = NULL;
        Node->Parent = Parent != NULL ? Parent : Node;
        if (Parent != NULL && Result == GenericLessThan)
            Parent->LeftChild = Node;
        else if (Parent != NULL)
            Parent->RightChild = Node;
        InsertTailList(&Table->InsertOrderList, &Made->Order);
        memcpy(RtlpUserData(Node), Buffer, BufferSize);
        Table->NumberGenericTableElements++;
    }
    Table->TableRoot = RtlpSplay(Node);
    if (NewElement != NULL)
        *NewElement = New;
    return RtlpUserData(Node);
}

static PRTL_SPLAY_LINKS RtlpLookup(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    RTL_GENERIC_COMPARE_RESULTS Result;
    PRTL_SPLAY_LINKS Node = RtlpFind(Table, Buffer, &Result);

    if (Node == NULL)
        return NULL;
    Table->TableRoot = RtlpSplay(Node);
    return Result == GenericEqual ? Node : NULL;
}

PVOID NTAPI RtlLookupElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    PRTL_SPLAY_LINKS Node = RtlpLookup(Table, Buffer);
    return Node != NULL ? RtlpUserData(Node) : NULL;
}

BOOLEAN NTAPI RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    PRTL_SPLAY_LINKS Node = RtlpLookup(Table, Buffer), Left, Right;

    if (Node == NULL)
        return FALSE;
    /* It is the root. The largest on its left takes its place. */
    Left = Node->LeftChild;
    Right = Node->RightChild;
    if (Right != NULL)
        Right->Parent = Right;
    if (Left == NULL) {
        Table->TableRoot = Right;
    } else {
        Left->Parent = Left;
        while (Left->RightChild != NULL)
            Left = Left->RightChild;
        Table->TableRoot = RtlpSplay(Left);
        Left->RightChild = Right;
        if (Right != NULL)
            Right->Parent = Left;
    }
    RemoveEntryList(&CONTAINING_RECORD(Node, RTLP_SPLAY_NODE, Links)->Order);
    Table->NumberGenericTableElements--;
    Table->WhichOrderedElement = 0;
    Table->OrderedPointer = &Table->InsertOrderList;
    Table->FreeRoutine(Table, Node);
    return TRUE;
}

static PRTL_SPLAY_LINKS RtlpFirst(PRTL_SPLAY_LINKS Node)
{
    while (Node != NULL && Node->LeftChild != NULL)
        Node = Node->LeftChild;
    return Node;
}

static PRTL_SPLAY_LINKS RtlpNext(PRTL_SPLAY_LINKS Node)
{
    if (Node->RightChild != NULL)
        return RtlpFirst(Node->RightChild);
    while (!RtlpIsRoot(Node)) {
        PRTL_SPLAY_LINKS Parent = Node->Parent;

        if (Parent->LeftChild == Node)
            return Parent;
        Node = Parent;
    }
    return NULL;
}

/* The one before is at the root, so that the next is the first on its right. */
PVOID NTAPI RtlEnumerateGenericTable(PRTL_GENERIC_TABLE Table, BOOLEAN Restart)
{
    PRTL_SPLAY_LINKS Node;

    if (Table->TableRoot == NULL)
        return NULL;
    Node = Restart ? RtlpFirst(Table->TableRoot) : RtlpNext(Table->TableRoot);
    if (Node == NULL)
        return NULL;
    Table->TableRoot = RtlpSplay(Node);
    return RtlpUserData(Node);
}

PVOID NTAPI RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE Table, PVOID *RestartKey)
{
    PRTL_SPLAY_LINKS Node = *RestartKey;

    Node = Node == NULL ? RtlpFirst(Table->TableRoot) : RtlpNext(Node);
    if (Node == NULL)
        return NULL;
    *RestartKey = Node;
    return RtlpUserData(Node);
}

/* In the order of insertion. Goes on from the last one asked for. */
PVOID NTAPI RtlGetElementGenericTable(PRTL_GENERIC_TABLE Table, ULONG I)
{
    if (I >= Table->NumberGenericTableElements)
        return NULL;
    if (I + 1 < Table->WhichOrderedElement) {
        Table->WhichOrderedElement = 0;
        Table->OrderedPointer = &Table->InsertOrderList;
    }
    for (; Table->WhichOrderedElement < I + 1; Table->WhichOrderedElement++)
        Table->OrderedPointer = Table->OrderedPointer->Flink;
    return CONTAINING_RECORD(Table->OrderedPointer, RTLP_SPLAY_NODE, Order)->UserData;
}

ULONG NTAPI RtlNumberGenericTableElements(PRTL_GENERIC_TABLE Table)
{
    return Table->NumberGenericTableElements;
}

BOOLEAN NTAPI RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE Table)
{
    return Table->TableRoot == NULL;
}

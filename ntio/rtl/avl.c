/* SPDX-License-Identifier: MIT */
/*
 * avl.c - generic tables over an AVL tree. A look-up changes nothing, so readers may share a lock.
 *
 * The tree hangs from BalancedRoot.RightChild; Balance is the depth on the right less that on the
 * left, -1 to 1.
 */
#include "rtlp.h"

typedef struct _RTLP_AVL_NODE {
    RTL_BALANCED_LINKS Links;
    LONGLONG UserData[];
} RTLP_AVL_NODE;

#define RtlpUserData(links) ((PVOID)((PUCHAR)(links) + offsetof(RTLP_AVL_NODE, UserData)))

VOID NTAPI RtlInitializeGenericTableAvl(PRTL_AVL_TABLE Table,
                                        PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
                                        PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine,
                                        PRTL_AVL_FREE_ROUTINE FreeRoutine, PVOID TableContext)
{
    memset(Table, 0, sizeof(*Table));
    Table->BalancedRoot.Parent = &Table->BalancedRoot;
    Table->CompareRoutine = CompareRoutine;
    Table->AllocateRoutine = AllocateRoutine;
    Table->FreeRoutine = FreeRoutine;
    Table->TableContext = TableContext;
}

static PRTL_BALANCED_LINKS *RtlpChild(PRTL_BALANCED_LINKS Node, BOOLEAN Right)
{
    return Right ? &Node->RightChild : &Node->LeftChild;
}

/* New stands where Old did, below Old's parent. */
static VOID RtlpReplace(PRTL_BALANCED_LINKS Old, PRTL_BALANCED_LINKS New)
{
    PRTL_BALANCED_LINKS Parent = Old->Parent;

    *RtlpChild(Parent, Parent->RightChild == Old) = New;
    if (New != NULL)
        New->Parent = Parent;
}

/* Node's child on the other side than Right comes up; Node goes down to Right. */
static VOID RtlpRotate(PRTL_BALANCED_LINKS Node, BOOLEAN Right)
{
    PRTL_BALANCED_LINKS Up = *RtlpChild(Node, !Right), Middle = *RtlpChild(Up, Right);

    RtlpReplace(Node, Up);
    *RtlpChild(Up, Right) = Node;
    Node->Parent = Up;
    *RtlpChild(Node, !Right) = Middle;
    if (Middle != NULL)
        Middle->Parent = Node;
}

/*
 * Node leans by two to the side Right. Returns the node that stands there afterwards; *Shrunk: it
 * is less deep than Node was.
 */
static PRTL_BALANCED_LINKS RtlpRebalance(PRTL_BALANCED_LINKS Node, BOOLEAN Right, BOOLEAN *Shrunk)
{
    PRTL_BALANCED_LINKS Heavy = *RtlpChild(Node, Right);
    CHAR Lean = Right ? 1 : -1;

    if (Heavy->Balance == -Lean) {
        PRTL_BALANCED_LINKS Inner = *RtlpChild(Heavy, !Right);
        CHAR Balance = Inner->Balance;

        RtlpRotate(Heavy, Right);
        RtlpRotate(Node, !Right);
        Node->Balance = Balance == Lean ? (CHAR)-Lean : 0;
        Heavy->Balance = Balance == -Lean ? Lean : 0;
        Inner->Balance = 0;
        *Shrunk = TRUE;
        return Inner;
    }
    *Shrunk = Heavy->Balance != 0;
    RtlpRotate(Node, !Right);
    Node->Balance = *Shrunk ? 0 : Lean;
    Heavy->Balance = *Shrunk ? 0 : (CHAR)-Lean;
    return Heavy;
}

static PRTL_BALANCED_LINKS RtlpFind(PRTL_AVL_TABLE Table, PVOID Buffer,
                                    RTL_GENERIC_COMPARE_RESULTS *Result)
{
    PRTL_BALANCED_LINKS Node = Table->BalancedRoot.RightChild;

    while (Node != NULL) {
        PRTL_BALANCED_LINKS Next;

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

PVOID NTAPI RtlInsertElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                            PBOOLEAN NewElement)
{
    RTL_GENERIC_COMPARE_RESULTS Result =
        GenericGreaterThan; /* an empty table's first is on the right */
    PRTL_BALANCED_LINKS Parent = RtlpFind(Table, Buffer, &Result), Root = &Table->BalancedRoot;
    PRTL_BALANCED_LINKS Node, Child;
    RTLP_AVL_NODE *Made;

    if (NewElement != NULL)
        *NewElement = FALSE;
    if (Parent != NULL && Result == GenericEqual)
        return RtlpUserData(Parent);
    Made = Table->AllocateRoutine(Table, (CLONG)offsetof(RTLP_AVL_NODE, UserData) + BufferSize);
    if (Made == NULL)
        return NULL;
    memset(&Made->Links, 0, sizeof(Made->Links));
    memcpy(Made->UserData, Buffer, BufferSize);
    Node = &Made->Links;
    if (Parent == NULL)
        Parent = Root;
    Node->Parent = Parent;
    *RtlpChild(Parent, Result == GenericGreaterThan) = Node;
    Table->NumberGenericTableElements++;
    Table->OrderedPointer = NULL;

    /* Node's side of each ancestor has become deeper, until one was leaning the other way. */
    for (Child = Node; Parent != Root; Child = Parent, Parent = Parent->Parent) {
        BOOLEAN Right = Parent->RightChild == Child, Shrunk;
        CHAR Lean = Right ? 1 : -1;

        if (Parent->Balance == Lean) {
            RtlpRebalance(Parent, Right, &Shrunk);
            break;
        }
        Parent->Balance += Lean;
        if (Parent->Balance == 0)
            break;
    }
    if (Parent == Root)
        Table->DepthOfTree++;
    if (NewElement != NULL)
        *NewElement = TRUE;
    return Made->UserData;
}

static PRTL_BALANCED_LINKS RtlpFirst(PRTL_BALANCED_LINKS Node)
{
    while (Node != NULL && Node->LeftChild != NULL)
        Node = Node->LeftChild;
    return Node;
}

static PRTL_BALANCED_LINKS RtlpNext(PRTL_AVL_TABLE Table, PRTL_BALANCED_LINKS Node)
{
    if (Node->RightChild != NULL)
        return RtlpFirst(Node->RightChild);
    while (Node->Parent != &Table->BalancedRoot && Node->Parent->RightChild == Node)
        Node = Node->Parent;
    return Node->Parent != &Table->BalancedRoot ? Node->Parent : NULL;
}

static PRTL_BALANCED_LINKS RtlpPrevious(PRTL_AVL_TABLE Table, PRTL_BALANCED_LINKS Node)
{
    if (Node->LeftChild != NULL) {
        Node = Node->LeftChild;
        while (Node->RightChild != NULL)
            Node = Node->RightChild;
        return Node;
    }
    while (Node->Parent != &Table->BalancedRoot && Node->Parent->LeftChild == Node)
        Node = Node->Parent;
    return Node->Parent != &Table->BalancedRoot ? Node->Parent : NULL;
}

BOOLEAN NTAPI RtlDeleteElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    RTL_GENERIC_COMPARE_RESULTS Result;
    PRTL_BALANCED_LINKS Node = RtlpFind(Table, Buffer, &Result), Root = &Table->BalancedRoot;
    PRTL_BALANCED_LINKS Parent;
    BOOLEAN Right;

    if (Node == NULL || Result != GenericEqual)
        return FALSE;
    /* An enumeration that stood here goes on from the one before. */
    if (Table->RestartKey == Node) {
        Table->RestartKey = RtlpPrevious(Table, Node);
        if (Table->RestartKey == NULL)
            Table->RestartKey = Root; /* before the first */
    }
    if (Node->LeftChild != NULL && Node->RightChild != NULL) {
        /* Its successor, which has no left child, takes its place. */
        PRTL_BALANCED_LINKS Next = RtlpFirst(Node->RightChild);

        Parent = Next->Parent;
        Right = Parent->RightChild == Next;
        if (Parent == Node)
            Parent = Next;
        else
            RtlpReplace(Next, Next->RightChild);
        if (Parent != Next) {
            Next->RightChild = Node->RightChild;
            Next->RightChild->Parent = Next;
        }
        Next->LeftChild = Node->LeftChild;
        Next->LeftChild->Parent = Next;
        Next->Balance = Node->Balance;
        RtlpReplace(Node, Next);
    } else {
        Parent = Node->Parent;
        Right = Parent->RightChild == Node;
        RtlpReplace(Node, Node->LeftChild != NULL ? Node->LeftChild : Node->RightChild);
    }
    /* Parent's side Right has become less deep, and so on upwards while subtrees shrink. */
    while (Parent != Root) {
        PRTL_BALANCED_LINKS Above = Parent->Parent;
        BOOLEAN AboveRight = Above->RightChild == Parent, Shrunk = TRUE;
        CHAR Lean = Right ? 1 : -1;

        if (Parent->Balance == -Lean) {
            RtlpRebalance(Parent, !Right, &Shrunk);
        } else {
            Parent->Balance -= Lean;
            Shrunk = Parent->Balance == 0;
        }
        if (!Shrunk)
            break;
        Parent = Above;
        Right = AboveRight;
    }
    if (Parent == Root)
        Table->DepthOfTree--;
    Table->NumberGenericTableElements--;
    Table->OrderedPointer = NULL;
    Table->DeleteCount++;
    Table->FreeRoutine(Table, Node);
    return TRUE;
}

PVOID NTAPI RtlLookupElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    RTL_GENERIC_COMPARE_RESULTS Result;
    PRTL_BALANCED_LINKS Node = RtlpFind(Table, Buffer, &Result);

    return Node != NULL && Result == GenericEqual ? RtlpUserData(Node) : NULL;
}

PVOID NTAPI RtlEnumerateGenericTableAvl(PRTL_AVL_TABLE Table, BOOLEAN Restart)
{
    PRTL_BALANCED_LINKS Node;

    if (Restart || Table->RestartKey == NULL || Table->RestartKey == &Table->BalancedRoot)
        Node = RtlpFirst(Table->BalancedRoot.RightChild);
    else
        Node = RtlpNext(Table, Table->RestartKey);
    if (Node == NULL)
        return NULL;
    Table->RestartKey = Node;
    return RtlpUserData(Node);
}

PVOID NTAPI RtlEnumerateGenericTableWithoutSplayingAvl(PRTL_AVL_TABLE Table, PVOID *RestartKey)
{
    PRTL_BALANCED_LINKS Node = *RestartKey;

    Node = Node == NULL ? RtlpFirst(Table->BalancedRoot.RightChild) : RtlpNext(Table, Node);
    if (Node == NULL)
        return NULL;
    *RestartKey = Node;
    return RtlpUserData(Node);
}

/* In order. Goes on from the last one asked for, in either direction. */
PVOID NTAPI RtlGetElementGenericTableAvl(PRTL_AVL_TABLE Table, ULONG I)
{
    PRTL_BALANCED_LINKS Node = Table->OrderedPointer;
    ULONG At = Table->WhichOrderedElement;

    if (I >= Table->NumberGenericTableElements)
        return NULL;
    if (Node == NULL || (I < At && I < At - I)) {
        Node = RtlpFirst(Table->BalancedRoot.RightChild);
        At = 0;
    }
    for (; At < I; At++)
        Node = RtlpNext(Table, Node);
    for (; At > I; At--)
        Node = RtlpPrevious(Table, Node);
    Table->OrderedPointer = Node;
    Table->WhichOrderedElement = I;
    return RtlpUserData(Node);
}

ULONG NTAPI RtlNumberGenericTableElementsAvl(PRTL_AVL_TABLE Table)
{
    return Table->NumberGenericTableElements;
}

BOOLEAN NTAPI RtlIsGenericTableEmptyAvl(PRTL_AVL_TABLE Table)
{
    return Table->NumberGenericTableElements == 0;
}

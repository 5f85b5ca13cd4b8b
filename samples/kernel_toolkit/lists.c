/* SPDX-License-Identifier: MIT */
/*
 * lists.c - doubly and singly linked lists, interlocked lists, lookaside lists.
 *
 * A LIST_ENTRY stands within what is listed; CONTAINING_RECORD leads from the entry to the whole.
 */
#include "kernel_toolkit.h"

typedef struct _TOOLKIT_ITEM {
    ULONG Value;
    LIST_ENTRY Entry; /* not first: CONTAINING_RECORD has something to do */
} TOOLKIT_ITEM, *PTOOLKIT_ITEM;

typedef struct _TOOLKIT_SINGLE {
    ULONG Value;
    SINGLE_LIST_ENTRY Entry;
} TOOLKIT_SINGLE, *PTOOLKIT_SINGLE;

NTSTATUS ToolkitLists(TOOLKIT_LISTS *Report)
{
    TOOLKIT_SINGLE Single[TOOLKIT_ITEMS];
    SINGLE_LIST_ENTRY Stack = {NULL};
    LIST_ENTRY Head;
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG i = 0;

    InitializeListHead(&Head);
    for (i = 0; i < TOOLKIT_ITEMS; i++) {
        PTOOLKIT_ITEM Item = ExAllocatePoolWithTag(PagedPool, sizeof(*Item), TOOLKIT_TAG);
        if (Item == NULL) {
            Status = STATUS_INSUFFICIENT_RESOURCES;
            break;
        }
        Item->Value = i;
        InsertTailList(&Head, &Item->Entry);
    }
    i = 0;
    for (PLIST_ENTRY Entry = Head.Flink; Entry != &Head; Entry = Entry->Flink)
        Report->Forward[i++] = CONTAINING_RECORD(Entry, TOOLKIT_ITEM, Entry)->Value;
    i = 0;
    for (PLIST_ENTRY Entry = Head.Blink; Entry != &Head; Entry = Entry->Blink)
        Report->Backward[i++] = CONTAINING_RECORD(Entry, TOOLKIT_ITEM, Entry)->Value;
    /* One goes while the list is walked: the next is looked up first. */
    for (PLIST_ENTRY Entry = Head.Flink, Next; Entry != &Head; Entry = Next) {
        PTOOLKIT_ITEM Item = CONTAINING_RECORD(Entry, TOOLKIT_ITEM, Entry);
        Next = Entry->Flink;
        if (Item->Value % 2 == 1) {
            RemoveEntryList(Entry);
            ExFreePoolWithTag(Item, TOOLKIT_TAG);
        }
    }
    while (!IsListEmpty(&Head)) {
        PTOOLKIT_ITEM Item = CONTAINING_RECORD(RemoveHeadList(&Head), TOOLKIT_ITEM, Entry);
        Report->Left++;
        Report->SumLeft += Item->Value;
        ExFreePoolWithTag(Item, TOOLKIT_TAG);
    }

    for (i = 0; i < TOOLKIT_ITEMS; i++) {
        Single[i].Value = i;
        PushEntryList(&Stack, &Single[i].Entry);
    }
    for (i = 0; i < TOOLKIT_ITEMS; i++)
        Report->Single[i] = CONTAINING_RECORD(PopEntryList(&Stack), TOOLKIT_SINGLE, Entry)->Value;
    return Status;
}

/* ---- the list that all callers share: the Ex routines take its spin lock ---- */

static LIST_ENTRY SharedHead;
static KSPIN_LOCK SharedLock;

VOID ToolkitInitializeShared(VOID)
{
    InitializeListHead(&SharedHead);
    KeInitializeSpinLock(&SharedLock);
}

NTSTATUS ToolkitPush(ULONG Value)
{
    /* Non-paged: the entry is touched at DISPATCH_LEVEL, under the spin lock. */
    PTOOLKIT_ITEM Item = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Item), TOOLKIT_TAG);

    if (Item == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Item->Value = Value;
    ExInterlockedInsertTailList(&SharedHead, &Item->Entry, &SharedLock);
    return STATUS_SUCCESS;
}

NTSTATUS ToolkitPop(PULONG Value)
{
    PLIST_ENTRY Entry = ExInterlockedRemoveHeadList(&SharedHead, &SharedLock);
    PTOOLKIT_ITEM Item;

    if (Entry == NULL)
        return STATUS_NO_MORE_ENTRIES;
    Item = CONTAINING_RECORD(Entry, TOOLKIT_ITEM, Entry);
    *Value = Item->Value;
    ExFreePoolWithTag(Item, TOOLKIT_TAG);
    return STATUS_SUCCESS;
}

VOID ToolkitEmptyShared(VOID)
{
    ULONG Value;

    while (ToolkitPop(&Value) == STATUS_SUCCESS)
        ;
}

/* ---- lookaside lists: blocks of one size that come back are given out again ---- */

NTSTATUS ToolkitLookaside(TOOLKIT_LOOKASIDE *Report)
{
    NPAGED_LOOKASIDE_LIST NonPaged;
    PAGED_LOOKASIDE_LIST Paged;
    NTSTATUS Status = STATUS_SUCCESS;

    ExInitializeNPagedLookasideList(&NonPaged, NULL, NULL, 0, sizeof(TOOLKIT_ITEM), TOOLKIT_TAG, 0);
    ExInitializePagedLookasideList(&Paged, NULL, NULL, 0, sizeof(TOOLKIT_ITEM), TOOLKIT_TAG, 0);
    for (ULONG i = 0; i < 2; i++) {
        PTOOLKIT_ITEM One = ExAllocateFromNPagedLookasideList(&NonPaged);
        PTOOLKIT_ITEM Other = ExAllocateFromPagedLookasideList(&Paged);
        Report->NonPaged[i] = (ULONG64)(ULONG_PTR)One;
        Report->Paged[i] = (ULONG64)(ULONG_PTR)Other;
        if (One != NULL)
            ExFreeToNPagedLookasideList(&NonPaged, One);
        if (Other != NULL)
            ExFreeToPagedLookasideList(&Paged, Other);
        if (One == NULL || Other == NULL)
            Status = STATUS_INSUFFICIENT_RESOURCES;
    }
    Report->Allocates = NonPaged.L.TotalAllocates;
    Report->AllocateMisses = NonPaged.L.AllocateMisses;
    ExDeletePagedLookasideList(&Paged);
    ExDeleteNPagedLookasideList(&NonPaged);
    return Status;
}

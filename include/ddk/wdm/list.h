/* SPDX-License-Identifier: MIT */
/* wdm/list.h - doubly and singly linked lists without a lock. Any IRQL at which the memory is
 * there. */
#ifndef NTIO_DDK_WDM_LIST_H
#define NTIO_DDK_WDM_LIST_H

#include "../ntdef.h"

/* A broken link ends as on Windows: FAST_FAIL_CORRUPT_LIST_ENTRY, here an illegal instruction. */
FORCEINLINE void RtlFailFastOnList(BOOLEAN good)
{
    if (!good)
        __builtin_trap();
}

FORCEINLINE VOID InitializeListHead(PLIST_ENTRY head)
{
    head->Flink = head;
    head->Blink = head;
}

FORCEINLINE BOOLEAN IsListEmpty(const LIST_ENTRY *head)
{
    return (BOOLEAN)(head->Flink == head);
}

FORCEINLINE VOID NtioLinkBetween(PLIST_ENTRY entry, PLIST_ENTRY before, PLIST_ENTRY after)
{
    RtlFailFastOnList((BOOLEAN)(before->Flink == after && after->Blink == before));
    entry->Flink = after;
    entry->Blink = before;
    before->Flink = entry;
    after->Blink = entry;
}

FORCEINLINE VOID InsertHeadList(PLIST_ENTRY head, PLIST_ENTRY entry)
{
    NtioLinkBetween(entry, head, head->Flink);
}

FORCEINLINE VOID InsertTailList(PLIST_ENTRY head, PLIST_ENTRY entry)
{
    NtioLinkBetween(entry, head->Blink, head);
}

/* Unlinks; returns TRUE when the list is empty then. The entry's own links stay as they are. */
FORCEINLINE BOOLEAN RemoveEntryList(PLIST_ENTRY entry)
{
    PLIST_ENTRY after = entry->Flink;
    PLIST_ENTRY before = entry->Blink;

    RtlFailFastOnList((BOOLEAN)(before->Flink == entry && after->Blink == entry));
    before->Flink = after;
    after->Blink = before;
    return (BOOLEAN)(after == before);
}

/* The removed entry; the head itself when the list is empty. */
FORCEINLINE PLIST_ENTRY RemoveHeadList(PLIST_ENTRY head)
{
    PLIST_ENTRY entry = head->Flink;

    RemoveEntryList(entry);
    return entry;
}

FORCEINLINE PLIST_ENTRY RemoveTailList(PLIST_ENTRY head)
{
    PLIST_ENTRY entry = head->Blink;

    RemoveEntryList(entry);
    return entry;
}

/* Joins the ring that `list` is part of (not a head of its own) to the end of `head`'s. */
FORCEINLINE VOID AppendTailList(PLIST_ENTRY head, PLIST_ENTRY list)
{
    PLIST_ENTRY last = head->Blink;

    head->Blink->Flink = list;
    head->Blink = list->Blink;
    list->Blink->Flink = head;
    list->Blink = last;
}

FORCEINLINE PSINGLE_LIST_ENTRY PopEntryList(PSINGLE_LIST_ENTRY head)
{
    PSINGLE_LIST_ENTRY first = head->Next;

    if (first != NULL)
        head->Next = first->Next;
    return first;
}

FORCEINLINE VOID PushEntryList(PSINGLE_LIST_ENTRY head, PSINGLE_LIST_ENTRY entry)
{
    entry->Next = head->Next;
    head->Next = entry;
}

#endif

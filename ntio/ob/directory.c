/* SPDX-License-Identifier: MIT */
/*
 * directory.c - directory objects: entries hashed by upcased name, and in a list by age.
 *
 * An entry holds a reference on its directory. It holds none on its object unless that is
 * permanent, so a temporary object goes with its last reference and takes its entry along.
 */
#include "ntio/ob/obp.h"

KI_LOCK ObpNamespaceLock;
PVOID ObpRootDirectory;

VOID ObpInitializeDirectory(POBP_DIRECTORY Directory)
{
    Directory->Buckets = Directory->FirstBuckets;
    Directory->BucketCount = RTL_NUMBER_OF(Directory->FirstBuckets);
    for (ULONG i = 0; i < Directory->BucketCount; i++)
        InitializeListHead(&Directory->Buckets[i]);
    InitializeListHead(&Directory->Order);
}

VOID ObpDeleteDirectory(PVOID Object)
{
    POBP_DIRECTORY Directory = Object;

    NTIO_ASSERT(Directory->Count == 0); /* each entry holds a reference */
    if (Directory->Buckets != NULL && Directory->Buckets != Directory->FirstBuckets)
        free(Directory->Buckets);
}

ULONG ObpHashName(PCUNICODE_STRING Name)
{
    ULONG Hash = 2166136261u;

    for (USHORT i = 0; i < Name->Length / sizeof(WCHAR); i++)
        Hash = (Hash ^ RtlUpcaseUnicodeChar(Name->Buffer[i])) * 16777619u;
    return Hash;
}

POBJECT_HEADER ObpFindEntry(POBP_DIRECTORY Directory, PCUNICODE_STRING Name, ULONG Hash)
{
    PLIST_ENTRY Head = &Directory->Buckets[Hash & (Directory->BucketCount - 1)];

    for (PLIST_ENTRY Entry = Head->Flink; Entry != Head; Entry = Entry->Flink) {
        POBJECT_HEADER Header = CONTAINING_RECORD(Entry, OBJECT_HEADER, HashEntry);
        if (Header->NameHash == Hash && atomic_load(&Header->PointerCount) > 0 &&
            RtlEqualUnicodeString(&Header->Name, Name, TRUE))
            return Header;
    }
    return NULL;
}

/* Twice the buckets. Where there is no memory the chains only get longer. */
static VOID ObpGrowDirectory(POBP_DIRECTORY Directory)
{
    ULONG Count = Directory->BucketCount * 2;
    PLIST_ENTRY Buckets = ObpAllocate(Count * sizeof(LIST_ENTRY));

    if (Buckets == NULL)
        return;
    for (ULONG i = 0; i < Count; i++)
        InitializeListHead(&Buckets[i]);
    for (PLIST_ENTRY Entry = Directory->Order.Flink; Entry != &Directory->Order;
         Entry = Entry->Flink) {
        POBJECT_HEADER Header = CONTAINING_RECORD(Entry, OBJECT_HEADER, OrderEntry);
        RemoveEntryList(&Header->HashEntry);
        InsertTailList(&Buckets[Header->NameHash & (Count - 1)], &Header->HashEntry);
    }
    if (Directory->Buckets != Directory->FirstBuckets)
        free(Directory->Buckets);
    Directory->Buckets = Buckets;
    Directory->BucketCount = Count;
}

VOID ObpLinkEntry(POBP_DIRECTORY Directory, POBJECT_HEADER Header)
{
    if (Directory->Count >= Directory->BucketCount * 2)
        ObpGrowDirectory(Directory);
    InsertTailList(&Directory->Buckets[Header->NameHash & (Directory->BucketCount - 1)],
                   &Header->HashEntry);
    InsertTailList(&Directory->Order, &Header->OrderEntry);
    Directory->Count++;
    Header->Directory = Directory;
    atomic_fetch_and(&Header->Flags, ~(ULONG)OBP_NAME_LOST);
    if ((atomic_fetch_or(&Header->Flags, OBP_NAMED) & OBP_PERMANENT) != 0)
        ObfReferenceObject(Header->Body);
}

PVOID ObpUnlinkEntry(POBJECT_HEADER Header)
{
    POBP_DIRECTORY Directory = Header->Directory;

    if ((atomic_load(&Header->Flags) & OBP_NAMED) == 0)
        return NULL;
    RemoveEntryList(&Header->HashEntry);
    RemoveEntryList(&Header->OrderEntry);
    Directory->Count--;
    Header->Directory = NULL;
    atomic_fetch_and(&Header->Flags, ~(ULONG)OBP_NAMED);
    return Directory;
}

VOID ObpRemoveName(PVOID Object)
{
    POBJECT_HEADER Header = ObpHeader(Object);
    PVOID Directory;
    BOOLEAN Permanent;

    KE_IRQL_AT_MOST(APC_LEVEL);
    KiLock(&ObpNamespaceLock);
    Directory = ObpUnlinkEntry(Header);
    Permanent = (atomic_fetch_and(&Header->Flags, ~(ULONG)OBP_PERMANENT) & OBP_PERMANENT) != 0;
    KiUnlock(&ObpNamespaceLock);
    if (Directory == NULL)
        return;
    ObfDereferenceObject(Directory);
    if (Permanent)
        ObfDereferenceObject(Object);
}

VOID ObpCheckName(POBJECT_HEADER Header)
{
    PVOID Directory = NULL;

    KiLock(&ObpNamespaceLock);
    if (atomic_load(&Header->HandleCount) == 0 &&
        (atomic_load(&Header->Flags) & (OBP_NAMED | OBP_PERMANENT)) == OBP_NAMED) {
        Directory = ObpUnlinkEntry(Header);
        atomic_fetch_or(&Header->Flags, OBP_NAME_LOST);
    }
    KiUnlock(&ObpNamespaceLock);
    if (Directory != NULL)
        ObfDereferenceObject(Directory);
}

VOID NTAPI ObMakeTemporaryObject(PVOID Object)
{
    POBJECT_HEADER Header = ObpHeader(Object);
    BOOLEAN Named;

    KE_IRQL_AT_MOST(APC_LEVEL);
    KiLock(&ObpNamespaceLock);
    Named = (atomic_fetch_and(&Header->Flags, ~(ULONG)OBP_PERMANENT) &
             (OBP_NAMED | OBP_PERMANENT)) == (OBP_NAMED | OBP_PERMANENT);
    KiUnlock(&ObpNamespaceLock);
    ObpCheckName(Header);
    if (Named)
        ObfDereferenceObject(Object); /* the name's */
}

/* Depth first, parents before their entries. Links are told with their target, and not followed. */
static VOID ObpEnumerateBelow(POBP_DIRECTORY Directory, ULONG Depth, OBP_ENUMERATE_ROUTINE *Each,
                              PVOID Context)
{
    for (PLIST_ENTRY Entry = Directory->Order.Flink; Entry != &Directory->Order;
         Entry = Entry->Flink) {
        POBJECT_HEADER Header = CONTAINING_RECORD(Entry, OBJECT_HEADER, OrderEntry);
        PCUNICODE_STRING Target = NULL;

        if (Header->Type == ObpSymbolicLinkType)
            Target = &((POBP_SYMBOLIC_LINK)Header->Body)->Target;
        Each(Header->Body, Header->Type, &Header->Name, Depth, Target, Context);
        if (Header->Type == ObpDirectoryType)
            ObpEnumerateBelow((POBP_DIRECTORY)Header->Body, Depth + 1, Each, Context);
    }
}

VOID ObpEnumerateDirectory(PVOID DirectoryOrNullForRoot, OBP_ENUMERATE_ROUTINE *Each, PVOID Context)
{
    POBP_DIRECTORY Directory =
        DirectoryOrNullForRoot != NULL ? DirectoryOrNullForRoot : ObpRootDirectory;

    KE_IRQL_AT_MOST(APC_LEVEL);
    if (Directory == NULL)
        return;
    KiLock(&ObpNamespaceLock);
    ObpEnumerateBelow(Directory, 0, Each, Context);
    KiUnlock(&ObpNamespaceLock);
}

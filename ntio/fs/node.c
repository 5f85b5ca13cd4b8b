/* SPDX-License-Identifier: MIT */
/*
 * node.c - what is open: nodes (files of the host), links (their names below a drive), volumes.
 *
 * Everything here is under FspLock. A link's path stays right because what it leads through can't
 * be renamed here while it is open (FspIsOpenBelow); what the host's other programs rename is found
 * out before a name is taken away (FspIsStillThere).
 */
#include "ntio/fs/fsp.h"

#include <stdlib.h>

KI_LOCK FspLock;

#define FSP_BUCKETS 64
static LIST_ENTRY FspNodes[FSP_BUCKETS];

static PLIST_ENTRY FspBucket(dev_t HostDevice, ino_t Inode)
{
    PLIST_ENTRY Head = &FspNodes[(Inode ^ HostDevice) % FSP_BUCKETS];

    if (Head->Flink == NULL)
        InitializeListHead(Head);
    return Head;
}

static PFSP_NODE FspFindNode(const struct stat *Stat)
{
    PLIST_ENTRY Head = FspBucket(Stat->st_dev, Stat->st_ino);

    for (PLIST_ENTRY Entry = Head->Flink; Entry != Head; Entry = Entry->Flink) {
        PFSP_NODE Node = CONTAINING_RECORD(Entry, FSP_NODE, Entry);
        if (Node->HostInode == Stat->st_ino && Node->HostDevice == Stat->st_dev)
            return Node;
    }
    return NULL;
}

static PFSP_LINK FspLinkOf(PFSP_NODE Node, PFSP_VOLUME Volume, const char *Path)
{
    for (PLIST_ENTRY Entry = Node->Links.Flink; Entry != &Node->Links; Entry = Entry->Flink) {
        PFSP_LINK Link = CONTAINING_RECORD(Entry, FSP_LINK, Entry);
        if (Link->Volume == Volume && !Link->Deleted && strcmp(Link->Path, Path) == 0)
            return Link;
    }
    return NULL;
}

PFSP_LINK FspFindLink(PFSP_VOLUME Volume, const char *Path, const struct stat *Stat)
{
    PFSP_NODE Node = FspFindNode(Stat);

    return Node != NULL ? FspLinkOf(Node, Volume, Path) : NULL;
}

BOOLEAN FspIsOpen(const struct stat *Stat)
{
    PFSP_NODE Node = FspFindNode(Stat);

    if (Node == NULL)
        return FALSE;
    for (PLIST_ENTRY Entry = Node->Links.Flink; Entry != &Node->Links; Entry = Entry->Flink)
        if (CONTAINING_RECORD(Entry, FSP_LINK, Entry)->Handles != 0)
            return TRUE;
    return atomic_load(&Node->Views) != 0;
}

static PFSP_NODE FspMakeNode(const struct stat *Stat)
{
    PFSP_NODE Node = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Node), FSP_TAG);

    if (Node == NULL)
        return NULL;
    memset(Node, 0, sizeof(*Node));
    Node->HostDevice = Stat->st_dev;
    Node->HostInode = Stat->st_ino;
    Node->Directory = S_ISDIR(Stat->st_mode);
    InitializeListHead(&Node->Links);
    InsertTailList(FspBucket(Stat->st_dev, Stat->st_ino), &Node->Entry);
    return Node;
}

static VOID FspFreeNodeIfUnused(PFSP_NODE Node)
{
    if (Node->References != 0)
        return;
    RemoveEntryList(&Node->Entry);
    ExFreePoolWithTag(Node, FSP_TAG);
}

NTSTATUS FspReferenceLink(PFSP_VOLUME Volume, const char *Path, const struct stat *Stat,
                          PFSP_LINK *Result)
{
    PFSP_NODE Node = FspFindNode(Stat);
    PFSP_LINK Link;

    if (Node == NULL)
        Node = FspMakeNode(Stat);
    if (Node == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Link = FspLinkOf(Node, Volume, Path);
    if (Link == NULL) {
        char *Copy = strdup(Path);
        Link = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Link), FSP_TAG);
        if (Link == NULL || Copy == NULL) {
            if (Link != NULL)
                ExFreePoolWithTag(Link, FSP_TAG);
            free(Copy);
            FspFreeNodeIfUnused(Node);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        memset(Link, 0, sizeof(*Link));
        Link->Node = Node;
        Link->Volume = Volume;
        Link->Path = Copy;
        FspReferenceVolume(Volume);
        InsertTailList(&Node->Links, &Link->Entry);
        Node->References++;
    }
    Link->References++;
    Link->Handles++;
    *Result = Link;
    return STATUS_SUCCESS;
}

VOID FspDereferenceLink(PFSP_LINK Link)
{
    PFSP_NODE Node = Link->Node;

    if (--Link->References != 0)
        return;
    RemoveEntryList(&Link->Entry);
    FspDereferenceVolume(Link->Volume);
    free(Link->Path);
    ExFreePoolWithTag(Link, FSP_TAG);
    Node->References--;
    FspFreeNodeIfUnused(Node);
}

BOOLEAN FspIsOpenBelow(PFSP_VOLUME Volume, const char *Path)
{
    SIZE_T Length = strlen(Path);

    for (ULONG i = 0; i < FSP_BUCKETS; i++) {
        if (FspNodes[i].Flink == NULL)
            continue;
        for (PLIST_ENTRY n = FspNodes[i].Flink; n != &FspNodes[i]; n = n->Flink) {
            PFSP_NODE Node = CONTAINING_RECORD(n, FSP_NODE, Entry);
            for (PLIST_ENTRY l = Node->Links.Flink; l != &Node->Links; l = l->Flink) {
                PFSP_LINK Link = CONTAINING_RECORD(l, FSP_LINK, Entry);
                if (Link->Volume == Volume && !Link->Deleted &&
                    strncmp(Link->Path, Path, Length) == 0 && Link->Path[Length] == '/')
                    return TRUE;
            }
        }
    }
    return FALSE;
}

BOOLEAN FspIsStillThere(PFSP_LINK Link)
{
    int Descriptor = FspOpenBelow(Link->Volume, Link->Path, O_PATH);
    struct stat Stat;
    BOOLEAN Same;

    if (Descriptor < 0)
        return FALSE;
    Same = fstat(Descriptor, &Stat) == 0 && Stat.st_ino == Link->Node->HostInode &&
           Stat.st_dev == Link->Node->HostDevice;
    close(Descriptor);
    return Same;
}

NTSTATUS FspDeleteName(PFSP_LINK Link)
{
    NTSTATUS Status = STATUS_SUCCESS;
    const char *Name;
    int Parent;

    if (!FspIsStillThere(Link))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    Parent = FspOpenParent(Link->Volume, Link->Path, &Name);
    if (Parent < 0)
        return FspStatus(errno);
    /* A symbolic link to a directory is no directory. */
    if (unlinkat(Parent, Name, Link->Node->Directory ? AT_REMOVEDIR : 0) != 0 &&
        (errno != ENOTDIR || unlinkat(Parent, Name, 0) != 0))
        Status = FspStatus(errno);
    close(Parent);
    if (NT_SUCCESS(Status))
        Link->Deleted = TRUE;
    return Status;
}

VOID FspReferenceVolume(PFSP_VOLUME Volume)
{
    atomic_fetch_add(&Volume->References, 1);
}

VOID FspDereferenceVolume(PFSP_VOLUME Volume)
{
    if (atomic_fetch_sub(&Volume->References, 1) != 1)
        return;
    if (Volume->Root >= 0)
        close(Volume->Root);
    if (Volume->Link.Buffer != NULL)
        ExFreePoolWithTag(Volume->Link.Buffer, FSP_TAG);
    ExFreePoolWithTag(Volume, FSP_TAG);
}

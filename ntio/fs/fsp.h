/* SPDX-License-Identifier: MIT */
/*
 * fsp.h - the inside of the host's file system: what its files share.
 *
 * Three things stand behind an open file. A node is a file of the host (device and inode) that is
 * open at least once: its sharing is decided there, whatever names it has. A link is one name of
 * it, below one drive: deleted and renamed. An open is one file object: its descriptor, its rights,
 * and where it is in a directory. All of them, and the lists that connect them, belong to FspLock.
 */
#ifndef NTIO_FS_FSP_H
#define NTIO_FS_FSP_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "ntio/fs/fs.h"
#include "ntio/ex/ex.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define FSP_TAG      'tsoH'
#define FSP_TAG_NAME 'mNoI' /* a file object's FileName, which io frees */
#define FSP_CLUSTER  4096

/* The longest component, in UTF-16 units, as on NTFS. */
#define FSP_COMPONENT 255

typedef struct _FSP_VOLUME {
    _Atomic LONG References; /* the mapping's, and one for each open */
    LIST_ENTRY Entry;        /* FspVolumes, FspVolumeLock */
    PDEVICE_OBJECT Device;   /* while it is mapped */
    UNICODE_STRING Link;     /* \??\X: */
    int Root;                /* O_PATH */
    ULONG Serial;
    LARGE_INTEGER Created;
    BOOLEAN ReadOnly;
} FSP_VOLUME, *PFSP_VOLUME;

typedef struct _FSP_NODE {
    LIST_ENTRY Entry; /* FspNodes */
    LIST_ENTRY Links;
    dev_t HostDevice;
    ino_t HostInode;
    ULONG References; /* links */
    SHARE_ACCESS Share;
    SECTION_OBJECT_POINTERS Section;
    _Atomic ULONG Views;
    BOOLEAN Directory;
    KI_LOCK SizeLock; /* appending, changing the size */
} FSP_NODE, *PFSP_NODE;

typedef struct _FSP_LINK {
    LIST_ENTRY Entry; /* Node->Links */
    PFSP_NODE Node;
    PFSP_VOLUME Volume;    /* referenced */
    char *Path;            /* below the volume's root, "" for the root itself; malloc'ed */
    ULONG References;      /* opens that have not been closed */
    ULONG Handles;         /* opens that have not been cleaned up */
    BOOLEAN DeletePending; /* goes with the last handle */
    BOOLEAN Deleted;       /* the name is not its any more */
    BOOLEAN New;           /* made here and not yet known to be on the disk */
} FSP_LINK, *PFSP_LINK;

/* One name of a directory, as it was when the search began. */
typedef struct _FSP_ENTRY {
    char *Host;
    USHORT Length; /* bytes of Name */
    WCHAR Name[];
} FSP_ENTRY, *PFSP_ENTRY;

typedef struct _FSP_OPEN {
    PFSP_VOLUME Volume; /* referenced */
    PFSP_LINK Link;     /* NULL: the volume itself */
    int Descriptor;
    BOOLEAN CanRead, CanWrite; /* Descriptor is of that kind */
    ACCESS_MASK Access;
    BOOLEAN DeleteOnClose;
    BOOLEAN Target; /* opened as the directory of a rename's target: FileName is the new name */
    /* A search; SearchLock. */
    KI_LOCK SearchLock;
    UNICODE_STRING Pattern; /* upper case; Buffer NULL: none yet */
    PFSP_ENTRY *Entries;
    ULONG Count, Next;
    BOOLEAN Searched;
} FSP_OPEN, *PFSP_OPEN;

static inline PFSP_OPEN FspOpenOf(PFILE_OBJECT File)
{
    return File->FsContext2;
}

extern KI_LOCK FspLock;

/* ---- errno.c ---- */
/* What the host said of a name or a file. */
NTSTATUS FspStatus(int Error);

/* ---- name.c ---- */
/*
 * An NT name to the host's: components with '/' between them and none in front. To has PATH_MAX
 * bytes. *Slash: a backslash stood at the end. STATUS_OBJECT_NAME_INVALID: an empty component, '.',
 * '..', a stream, a character that no file's name has, half a surrogate pair, a component that is
 * too long; STATUS_NAME_TOO_LONG.
 */
NTSTATUS FspHostName(PCUNICODE_STRING Name, char *To, BOOLEAN *Slash);
/* The host's name of one component to NT's; FALSE: a name that NT's files can't have, and so not
 * to be seen. To has FSP_COMPONENT units. */
BOOLEAN FspNtName(const char *Host, WCHAR *To, USHORT *Length);
BOOLEAN FspIsNameCharacter(WCHAR c);

/* ---- path.c ---- */
typedef struct _FSP_FOUND {
    char Path[PATH_MAX]; /* as the host spells it; where it is not there, as it was asked for */
    int Descriptor;      /* O_PATH; -1: it is not there, but its directory is */
    struct stat Stat;
    BOOLEAN Slash;
} FSP_FOUND, *PFSP_FOUND;
/* Opens below the volume's root, never outside: Path "" is the root. -1 with errno. */
int FspOpenBelow(PFSP_VOLUME Volume, const char *Path, int Flags);
/*
 * Looks Name up below Base (a directory, "" or as FspFind gave it): as it is spelt first, then
 * whatever the case. STATUS_SUCCESS where it is there or could be made; else
 * STATUS_OBJECT_PATH_NOT_FOUND and what FspHostName and the host say.
 */
NTSTATUS FspFind(PFSP_VOLUME Volume, const char *Base, PCUNICODE_STRING Name, PFSP_FOUND Found);
/* The directory that Path is in, as a descriptor, and the name in it. */
int FspOpenParent(PFSP_VOLUME Volume, const char *Path, const char **Name);
/* A descriptor of the same file as an O_PATH one's. */
int FspReopen(int Descriptor, int Flags);
/* Text for the routines of the host that take no O_PATH descriptor. Text has 32 bytes. */
const char *FspProcPath(int Descriptor, char *Text);

/* ---- node.c: all under FspLock ---- */
/* The link of a file that has just been opened, with a reference and a handle more. */
NTSTATUS FspReferenceLink(PFSP_VOLUME Volume, const char *Path, const struct stat *Stat,
                          PFSP_LINK *Link);
/* The link of a file that is open under this name, or NULL. */
PFSP_LINK FspFindLink(PFSP_VOLUME Volume, const char *Path, const struct stat *Stat);
VOID FspDereferenceLink(PFSP_LINK Link);
/* Whether anything below the directory Path is open. */
BOOLEAN FspIsOpenBelow(PFSP_VOLUME Volume, const char *Path);
BOOLEAN FspIsOpen(const struct stat *Stat);
/* Takes the name away on the host. */
NTSTATUS FspDeleteName(PFSP_LINK Link);
/* Whether Path still leads to the link's file. */
BOOLEAN FspIsStillThere(PFSP_LINK Link);
VOID FspReferenceVolume(PFSP_VOLUME Volume);
VOID FspDereferenceVolume(PFSP_VOLUME Volume); /* lock or not */

/* ---- attribute.c ---- */
typedef struct _FSP_FACTS {
    FILE_NETWORK_OPEN_INFORMATION Info;
    ULONG Links;
    LONGLONG FileId;
    BOOLEAN Directory;
} FSP_FACTS, *PFSP_FACTS;
NTSTATUS FspQueryFacts(int Descriptor, PFSP_FACTS Facts);
/* STATUS_NOT_SUPPORTED: what the host has no place for (extended attributes) was asked. Directory
 * and NORMAL of Attributes are ignored. */
NTSTATUS FspSetAttributes(int Descriptor, ULONG Attributes, BOOLEAN Directory);
/* A field of 0 or -1 stays. */
NTSTATUS FspSetTimes(int Descriptor, const FILE_BASIC_INFORMATION *Basic);
LARGE_INTEGER FspTime(LONGLONG Seconds, LONG Nanoseconds);

/* ---- the dispatch routines ---- */
NTSTATUS FspCreate(PFSP_VOLUME Volume, PIRP Irp, PIO_STACK_LOCATION Stack);
NTSTATUS FspCleanup(PIRP Irp, PIO_STACK_LOCATION Stack);
NTSTATUS FspClose(PIRP Irp, PIO_STACK_LOCATION Stack);
NTSTATUS FspRead(PIRP Irp, PIO_STACK_LOCATION Stack);
NTSTATUS FspWrite(PIRP Irp, PIO_STACK_LOCATION Stack);
NTSTATUS FspFlush(PIRP Irp, PIO_STACK_LOCATION Stack);
NTSTATUS FspQueryInformation(PIRP Irp, PIO_STACK_LOCATION Stack);
NTSTATUS FspSetInformation(PIRP Irp, PIO_STACK_LOCATION Stack);
NTSTATUS FspQueryVolume(PFSP_VOLUME Volume, PIRP Irp, PIO_STACK_LOCATION Stack);
NTSTATUS FspQueryDirectory(PIRP Irp, PIO_STACK_LOCATION Stack);

/* ---- drive.c ---- */
BOOLEAN FspIsVolumeDevice(PDEVICE_OBJECT Device);

/* ---- others ---- */
NTSTATUS FspSetSize(PFILE_OBJECT File, LONGLONG Size);                      /* readwrite.c */
NTSTATUS FspRename(PFILE_OBJECT File, PFILE_OBJECT Target, BOOLEAN Replace, /* rename.c */
                   BOOLEAN Link, PCUNICODE_STRING Name);
VOID FspForgetSearch(PFSP_OPEN Open); /* directory.c */
/* Whether the directory has no entry of its own. */
NTSTATUS FspIsEmpty(PFSP_VOLUME Volume, const char *Path);
typedef BOOLEAN FSP_SCAN_ROUTINE(const char *Host, PVOID Context); /* FALSE stops */
NTSTATUS FspScan(int Descriptor, FSP_SCAN_ROUTINE *Each, PVOID Context);
/* The buffer of a read, write or query, wherever the device's kind of I/O put it; NULL: none. */
PVOID FspBuffer(PIRP Irp);
/* The name behind the volume, from Link, with a backslash in front; *Buffer is from pool. */
NTSTATUS FspNtPath(PFSP_LINK Link, PUNICODE_STRING Path);

#endif

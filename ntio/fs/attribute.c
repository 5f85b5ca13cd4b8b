/* SPDX-License-Identifier: MIT */
/*
 * attribute.c - times and attributes of a file.
 *
 * READONLY of a file is the host's mode without a write bit. What the host has no place for
 * (HIDDEN, SYSTEM, the lack of ARCHIVE, READONLY of a directory, a creation time that was set)
 * stands in the extended attribute user.ntio, and is refused where there are none.
 */
#include "ntio/fs/fsp.h"

#include <sys/xattr.h>

#define FSP_XATTR  "user.ntio"
#define FSP_STORED (FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM | FILE_ATTRIBUTE_ARCHIVE)

/* 1970 in units of 100 ns since 1601. */
#define FSP_EPOCH 116444736000000000LL

typedef struct _FSP_RECORD {
    ULONG Version; /* 1 */
    ULONG Attributes;
    LONGLONG CreationTime; /* 0: the host's */
} FSP_RECORD;

LARGE_INTEGER FspTime(LONGLONG Seconds, LONG Nanoseconds)
{
    LARGE_INTEGER Time;

    if (Seconds < -11644473600LL)
        Seconds = -11644473600LL;
    if (Seconds > 900000000000LL)
        Seconds = 900000000000LL;
    Time.QuadPart = Seconds * 10000000LL + Nanoseconds / 100 + FSP_EPOCH;
    return Time;
}

static FSP_RECORD FspReadRecord(int Descriptor, BOOLEAN Directory)
{
    FSP_RECORD Record;
    char Text[32];

    if (getxattr(FspProcPath(Descriptor, Text), FSP_XATTR, &Record, sizeof(Record)) ==
            (ssize_t)sizeof(Record) &&
        Record.Version == 1)
        return Record;
    return (FSP_RECORD){1, Directory ? 0 : FILE_ATTRIBUTE_ARCHIVE, 0};
}

/* The file must be writable for that, to everybody but root. */
static NTSTATUS FspWriteRecord(int Descriptor, const FSP_RECORD *Record, mode_t Mode)
{
    NTSTATUS Status = STATUS_SUCCESS;
    char Text[32];
    BOOLEAN Lift = (Mode & 0200) == 0;

    FspProcPath(Descriptor, Text);
    if (Lift && chmod(Text, (Mode & 07777) | 0200) != 0)
        return FspStatus(errno);
    if (setxattr(Text, FSP_XATTR, Record, sizeof(*Record), 0) != 0)
        Status = FspStatus(errno);
    if (Lift && chmod(Text, Mode & 07777) != 0 && NT_SUCCESS(Status))
        Status = FspStatus(errno);
    return Status;
}

NTSTATUS FspQueryFacts(int Descriptor, PFSP_FACTS Facts)
{
    FILE_NETWORK_OPEN_INFORMATION *Info = &Facts->Info;
    struct statx Stat;
    FSP_RECORD Record;
    LONGLONG Allocated;

    memset(Facts, 0, sizeof(*Facts));
    if (statx(Descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &Stat) != 0)
        return FspStatus(errno);
    Facts->Directory = S_ISDIR(Stat.stx_mode);
    Facts->Links = Facts->Directory ? 1 : Stat.stx_nlink;
    Facts->FileId = (LONGLONG)Stat.stx_ino;
    Record = FspReadRecord(Descriptor, Facts->Directory);
    Info->LastAccessTime = FspTime(Stat.stx_atime.tv_sec, (LONG)Stat.stx_atime.tv_nsec);
    Info->LastWriteTime = FspTime(Stat.stx_mtime.tv_sec, (LONG)Stat.stx_mtime.tv_nsec);
    Info->ChangeTime = FspTime(Stat.stx_ctime.tv_sec, (LONG)Stat.stx_ctime.tv_nsec);
    if (Record.CreationTime != 0)
        Info->CreationTime.QuadPart = Record.CreationTime;
    else if ((Stat.stx_mask & STATX_BTIME) != 0)
        Info->CreationTime = FspTime(Stat.stx_btime.tv_sec, (LONG)Stat.stx_btime.tv_nsec);
    else
        Info->CreationTime = Info->LastWriteTime;
    Info->FileAttributes = Record.Attributes & FSP_STORED;
    if (Facts->Directory) {
        Info->FileAttributes |=
            FILE_ATTRIBUTE_DIRECTORY | (Record.Attributes & FILE_ATTRIBUTE_READONLY);
        return STATUS_SUCCESS;
    }
    if ((Stat.stx_mode & 0222) == 0)
        Info->FileAttributes |= FILE_ATTRIBUTE_READONLY;
    if (Info->FileAttributes == 0)
        Info->FileAttributes = FILE_ATTRIBUTE_NORMAL;
    Info->EndOfFile.QuadPart = (LONGLONG)Stat.stx_size;
    /* What the host has not yet laid out it will: never less than whole clusters of the data. */
    Info->AllocationSize.QuadPart =
        (LONGLONG)((Stat.stx_size + FSP_CLUSTER - 1) & ~(ULONGLONG)(FSP_CLUSTER - 1));
    Allocated = (LONGLONG)Stat.stx_blocks * 512;
    if (Allocated > Info->AllocationSize.QuadPart)
        Info->AllocationSize.QuadPart = Allocated;
    return STATUS_SUCCESS;
}

NTSTATUS FspSetAttributes(int Descriptor, ULONG Attributes, BOOLEAN Directory)
{
    FSP_RECORD Old = FspReadRecord(Descriptor, Directory), New = Old;
    char Text[32];
    struct stat Stat;
    mode_t Mode;
    NTSTATUS Status;

    if (fstat(Descriptor, &Stat) != 0)
        return FspStatus(errno);
    New.Attributes = Attributes & (FSP_STORED | (Directory ? FILE_ATTRIBUTE_READONLY : 0));
    if (New.Attributes != Old.Attributes) {
        Status = FspWriteRecord(Descriptor, &New, Stat.st_mode);
        /* ARCHIVE alone is for backup programs; the rest somebody relies on. */
        if (!NT_SUCCESS(Status) && (Status != STATUS_NOT_SUPPORTED ||
                                    (New.Attributes & ~(ULONG)FILE_ATTRIBUTE_ARCHIVE) != 0))
            return Status;
    }
    if (Directory)
        return STATUS_SUCCESS;
    Mode = Stat.st_mode & 07777;
    if ((Attributes & FILE_ATTRIBUTE_READONLY) != 0)
        Mode &= ~(mode_t)0222;
    else if ((Mode & 0222) == 0)
        Mode |= 0200;
    if (Mode != (Stat.st_mode & 07777) && chmod(FspProcPath(Descriptor, Text), Mode) != 0)
        return FspStatus(errno);
    return STATUS_SUCCESS;
}

static VOID FspHostTime(const LARGE_INTEGER *Time, struct timespec *To)
{
    LONGLONG Since = Time->QuadPart - FSP_EPOCH;

    if (Time->QuadPart <= 0) {
        To->tv_sec = 0;
        To->tv_nsec = UTIME_OMIT;
        return;
    }
    To->tv_sec = Since / 10000000;
    To->tv_nsec = (Since % 10000000) * 100;
    if (To->tv_nsec < 0) {
        To->tv_sec--;
        To->tv_nsec += 1000000000;
    }
}

NTSTATUS FspSetTimes(int Descriptor, const FILE_BASIC_INFORMATION *Basic)
{
    struct timespec Times[2];
    char Text[32];

    if (Basic->CreationTime.QuadPart < -2 || Basic->LastAccessTime.QuadPart < -2 ||
        Basic->LastWriteTime.QuadPart < -2 || Basic->ChangeTime.QuadPart < -2)
        return STATUS_INVALID_PARAMETER;
    if (Basic->CreationTime.QuadPart > 0) {
        struct stat Stat;
        FSP_RECORD Record;
        NTSTATUS Status;

        if (fstat(Descriptor, &Stat) != 0)
            return FspStatus(errno);
        Record = FspReadRecord(Descriptor, S_ISDIR(Stat.st_mode));
        Record.CreationTime = Basic->CreationTime.QuadPart;
        Status = FspWriteRecord(Descriptor, &Record, Stat.st_mode);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    FspHostTime(&Basic->LastAccessTime, &Times[0]);
    FspHostTime(&Basic->LastWriteTime, &Times[1]);
    if ((Times[0].tv_nsec != UTIME_OMIT || Times[1].tv_nsec != UTIME_OMIT) &&
        utimensat(AT_FDCWD, FspProcPath(Descriptor, Text), Times, 0) != 0)
        return FspStatus(errno);
    return STATUS_SUCCESS;
}

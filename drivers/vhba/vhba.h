/* SPDX-License-Identifier: MIT */
/*
 * vhba.h - the virtual host bus adapter: one FDO, a PDO for each LUN.
 *
 * A request's way: srb.c or pass_through.c makes a VHBA_COMMAND of it -> target.c finds the command
 * and calls its handler (inquiry.c, mode.c,
 * ...), which answers at once or asks for a transfer -> transfer.c reads the medium, in memory at
 * once, else through queue.c on a worker thread -> the request's Complete routine.
 *
 * Locks. Adapter->Mutex (PASSIVE_LEVEL): the list of LUNs, adding, removing, media changes.
 * Lun->Lock (spin): the state of the target: medium, tray, unit attention, sense, mode pages,
 * counters; held over a command's handler, never over a read. Adapter->QueueLock (spin): queue,
 * held requests, holds, workers. Order: Mutex -> QueueLock; Mutex -> Lun->Lock; the two spin locks
 * are never held together.
 */
#ifndef VHBA_H
#define VHBA_H

#include <wdm.h>
#include <ntddstor.h>
#include <ntddscsi.h>
#include <scsi.h>
#include <srb.h>

#include "vhba_public.h"
#include "follow_power.h"
#include "backend.h"

#define VHBA_TAG        'abhV'
#define VHBA_BLOCK      2048
#define VHBA_RAW_BLOCK  2352
#define VHBA_WORKERS    4
#define VHBA_SENSE_SIZE 18
#define VHBA_EVENTS     4
/* A disk's limits, as its block limits page says: of one UNMAP, of one WRITE SAME. */
#define VHBA_UNMAP_BLOCKS 0xFFFFFFFFu
#define VHBA_UNMAP_RANGES 256u
#define VHBA_SAME_BYTES   (1024u * 1024 * 1024)
/* Above this a medium is a DVD: 900 MiB, more than any CD holds. */
#define VHBA_CD_BLOCKS 460800
/* What a 48x drive and a 16x DVD drive read, in units of 1,000 bytes a second. */
#define VHBA_CD_SPEED  8467
#define VHBA_DVD_SPEED 22160

typedef struct _VHBA_ADAPTER_EXTENSION VHBA_FDO, *PVHBA_FDO;
typedef struct _VHBA_LUN_EXTENSION VHBA_LUN, *PVHBA_LUN;
typedef struct _VHBA_COMMAND VHBA_COMMAND, *PVHBA_COMMAND;
typedef struct _VHBA_REQUEST VHBA_REQUEST, *PVHBA_REQUEST;

/* An image that is in a drive. Requests hold references: an ejected one lives until the last read
 * ends. */
typedef struct _VHBA_MEDIUM {
    LONG References; /* interlocked */
    struct backend_file File;
    ULONG64 Blocks;  /* of a CD: below 2^32 */
    ULONG BlockSize; /* bytes */
    BOOLEAN Dvd;
} VHBA_MEDIUM, *PVHBA_MEDIUM;

/* The first member of both device extensions. */
typedef struct _VHBA_COMMON {
    BOOLEAN IsFdo;
    volatile LONG Started; /* interlocked: VhbaIs, VhbaSet */
    volatile LONG Gone;    /* the same; surprise-removed or removed: no request is taken any more */
    PDEVICE_OBJECT Self;
    IO_REMOVE_LOCK RemoveLock;
    DEVICE_POWER_STATE PowerState;
} VHBA_COMMON, *PVHBA_COMMON;

static inline BOOLEAN VhbaIs(volatile LONG *Flag)
{
    return ReadAcquire(Flag) != 0;
}
static inline VOID VhbaSet(volatile LONG *Flag, BOOLEAN Value)
{
    InterlockedExchange(Flag, Value);
}

struct _VHBA_ADAPTER_EXTENSION {
    VHBA_COMMON Common;
    PDEVICE_OBJECT PhysicalDevice;
    PDEVICE_OBJECT LowerDevice;
    FOLLOW_POWER Power;
    UNICODE_STRING InterfaceName;
    BOOLEAN InterfaceEnabled;
    ULONG PortNumber;
    volatile LONG MaximumTransfer; /* interlocked */

    FAST_MUTEX Mutex;
    LIST_ENTRY Luns; /* VHBA_LUN.Entry; those missing but not yet deleted too */

    KSPIN_LOCK QueueLock;
    LIST_ENTRY Queue; /* VHBA_REQUEST.Entry, for the workers */
    KSEMAPHORE Work;  /* one for each queued request, and one for each worker that shall end */
    ULONG IdleWorkers;
    ULONG WorkerCount;
    ULONG QueueLength;
    BOOLEAN StartingWorker; /* a work item is on its way to make one */
    BOOLEAN Stopping;
    PETHREAD Workers[VHBA_WORKERS];
    PIO_WORKITEM WorkerItem;
};

/* A held range; Blocks 0: all commands. */
typedef struct _VHBA_RANGE {
    ULONG64 Lba;
    ULONG Blocks;
} VHBA_RANGE;

/* Unit attentions that wait to be reported, in order of precedence. */
#define VHBA_ATTENTION_POWER_ON 0x01 /* 29h/00h */
#define VHBA_ATTENTION_RESET    0x02 /* 29h/03h */
#define VHBA_ATTENTION_BUS      0x04 /* 29h/02h */
#define VHBA_ATTENTION_MEDIUM   0x08 /* 28h/00h */

typedef struct _VHBA_SENSE {
    UCHAR Key;
    UCHAR Asc;
    UCHAR Ascq;
    BOOLEAN InformationValid;
    ULONG Information;
} VHBA_SENSE;

/* All that MODE SELECT and SET CD SPEED can change: a CD drive's page 01h and speed, a disk's write
 * cache. */
typedef struct _VHBA_MODE {
    UCHAR ErrorRecovery;
    UCHAR ReadRetries;
    USHORT ReadSpeed;   /* FFFFh: the fastest */
    BOOLEAN WriteCache; /* off: each write is on the host's medium before it ends */
} VHBA_MODE;

struct _VHBA_LUN_EXTENSION {
    VHBA_COMMON Common;
    PVHBA_FDO Adapter;
    LIST_ENTRY Entry;   /* Adapter->Luns, Adapter->Mutex */
    ULONG Number;       /* the SCSI target's */
    UCHAR Type;         /* VHBA_TYPE_CD or VHBA_TYPE_DISK */
    BOOLEAN Removable;  /* the medium: always a CD drive's */
    BOOLEAN ReadOnly;   /* asked for; the medium may be so by itself */
    ULONG BlockSize;    /* of a disk's media */
    BOOLEAN Missing;    /* Adapter->Mutex: removed by REMOVE_LUN */
    BOOLEAN Reported;   /* Adapter->Mutex: in the last bus relations */
    BOOLEAN Enumerated; /* Adapter->Mutex: has been in bus relations at all */
    CHAR Vendor[9];
    CHAR Product[17];
    CHAR Revision[5];
    CHAR Serial[21]; /* never empty */

    KSPIN_LOCK Lock;
    PVHBA_MEDIUM Medium; /* in the drive or on its open tray */
    BOOLEAN TrayOpen;
    BOOLEAN Stopped; /* a disk's: by START STOP UNIT */
    BOOLEAN Prevented;
    BOOLEAN PersistentPrevented;
    BOOLEAN Claimed;
    ULONG Attention;
    BOOLEAN SensePending; /* Sense was not delivered with its command */
    VHBA_SENSE Sense;
    UCHAR Events[VHBA_EVENTS]; /* media events, the oldest first */
    UCHAR EventCount;
    VHBA_MODE Mode;
    VHBA_COUNTERS Counters;

    /* Adapter->QueueLock; HoldCount is also read without it to see that there is none. */
    volatile LONG HoldCount;
    volatile LONG Asleep;    /* as HoldCount: not in D0, all commands are held */
    POWER_SEQUENCE Sequence; /* how often it was in D1, D2, D3; the power IRP's alone */
    VHBA_RANGE Holds[VHBA_MAXIMUM_HOLDS];
    LIST_ENTRY Held; /* VHBA_REQUEST.Entry */
    ULONG HeldCount;
};

/* What a transfer does. */
typedef enum _VHBA_OPERATION {
    VhbaOperationRead, /* with a Selection: blocks of READ CD */
    VhbaOperationWrite,
    VhbaOperationWriteVerify, /* reads it back; with Compare: and compares */
    VhbaOperationVerify,      /* the same without writing */
    VhbaOperationFlush,
    VhbaOperationWriteSame, /* one block, or (Unmap) its storage given back */
    VhbaOperationUnmap,     /* the ranges in the buffer */
} VHBA_OPERATION;

struct _VHBA_COMMAND {
    PVHBA_LUN Lun;
    UCHAR Cdb[16]; /* zeros behind CdbLength */
    UCHAR CdbLength;
    PUCHAR Buffer;
    ULONG BufferLength;
    BOOLEAN ToHost; /* SRB_FLAGS_DATA_IN */
    BOOLEAN ToDevice;
    PVOID Srb;         /* NULL: a pass-through */
    BOOLEAN FlushOnly; /* no command: SRB_FUNCTION_FLUSH or SHUTDOWN; Cdb is zeros */

    /* The outcome. */
    UCHAR ScsiStatus;
    VHBA_SENSE Sense; /* with SCSISTAT_CHECK_CONDITION */
    ULONG Transferred;
    BOOLEAN Overrun; /* the device had more than the buffer takes, or wanted more than it holds */

    /* Set by a handler that answers VhbaTransfer. */
    PVHBA_MEDIUM Medium; /* referenced */
    VHBA_OPERATION Operation;
    BOOLEAN Durable; /* what it writes is to be on the host's medium; a read: comes from there */
    BOOLEAN Compare;
    BOOLEAN Unmap;
    ULONG64 Lba;
    ULONG Blocks;
    UCHAR Selection; /* READ CD: byte 9; 0: user data alone, blocks of 2,048 bytes */
    size_t Done; /* bytes of the transfer; with a Selection bytes of the buffer, of whole blocks */
};

/*
 * Ends the IRP and releases the remove lock; returns the IRP's status. Status not a success: the
 * command did not run to its end, and SrbStatus says why.
 */
typedef NTSTATUS VHBA_COMPLETE(PVHBA_COMMAND Command, PIRP Irp, NTSTATUS Status, UCHAR SrbStatus);

/* A command that could not be done at once, in Adapter->Queue or Lun->Held, or in a worker's hands.
 */
struct _VHBA_REQUEST {
    LIST_ENTRY Entry;
    VHBA_COMMAND Command;
    BOOLEAN Started; /* the handler has run; only the transfer is left */
    BOOLEAN Held;    /* which list, while Entry is in one: QueueLock */
    PIRP Irp;
    VHBA_COMPLETE *Complete;
};

typedef enum _VHBA_OUTCOME { VhbaDone, VhbaTransfer } VHBA_OUTCOME;
/* Under Lun->Lock. */
typedef VHBA_OUTCOME VHBA_HANDLER(PVHBA_COMMAND Command);

static inline USHORT Be16(const UCHAR *p)
{
    return (USHORT)(p[0] << 8 | p[1]);
}
static inline ULONG Be24(const UCHAR *p)
{
    return (ULONG)p[0] << 16 | (ULONG)p[1] << 8 | p[2];
}
static inline ULONG Be32(const UCHAR *p)
{
    return (ULONG)p[0] << 24 | (ULONG)p[1] << 16 | (ULONG)p[2] << 8 | p[3];
}
static inline ULONG64 Be64(const UCHAR *p)
{
    return (ULONG64)Be32(p) << 32 | Be32(p + 4);
}
static inline VOID PutBe16(UCHAR *p, ULONG v)
{
    p[0] = (UCHAR)(v >> 8);
    p[1] = (UCHAR)v;
}
static inline VOID PutBe32(UCHAR *p, ULONG v)
{
    PutBe16(p, v >> 16);
    PutBe16(p + 2, v & 0xFFFF);
}
static inline VOID PutBe64(UCHAR *p, ULONG64 v)
{
    PutBe32(p, (ULONG)(v >> 32));
    PutBe32(p + 4, (ULONG)v);
}

/* ---- fdo.c, fdo_control.c ---- */
NTSTATUS VhbaFdoPnp(PVHBA_FDO Fdo, PIRP Irp);
NTSTATUS VhbaFdoPower(PVHBA_FDO Fdo, PIRP Irp);
NTSTATUS VhbaFdoControl(PVHBA_FDO Fdo, PIRP Irp);
DRIVER_ADD_DEVICE VhbaAddDevice;
/* The LUN of that number that is not missing, with its remove lock held under Tag; NULL: none. */
PVHBA_LUN VhbaFindLun(PVHBA_FDO Fdo, ULONG Number, PVOID Tag);

/* ---- pdo.c, pdo_id.c, pdo_control.c ---- */
NTSTATUS VhbaPdoPnp(PVHBA_LUN Lun, PIRP Irp);
NTSTATUS VhbaPdoPower(PVHBA_LUN Lun, PIRP Irp);
NTSTATUS VhbaPdoControl(PVHBA_LUN Lun, PIRP Irp);
/* PASSIVE_LEVEL, no request in it: drops the medium and deletes the device. */
VOID VhbaDeleteLun(PVHBA_LUN Lun);
NTSTATUS VhbaQueryId(PVHBA_LUN Lun, PIRP Irp);
NTSTATUS VhbaQueryText(PVHBA_LUN Lun, PIRP Irp);

/* ---- srb.c, pass_through.c ---- */
NTSTATUS VhbaScsi(PVHBA_LUN Lun, PIRP Irp);
NTSTATUS VhbaPassThrough(PVHBA_LUN Lun, PIRP Irp, BOOLEAN Direct);
/* Fixed format, SPC-4 4.5.3, VHBA_SENSE_SIZE bytes. */
VOID VhbaFormatSense(const VHBA_SENSE *Sense, UCHAR *To);

/* ---- queue.c ---- */
/*
 * Starts a command: holds, the handler, the transfer. Calls Complete once, here (the status comes
 * back) or later (STATUS_PENDING, the IRP is marked). The caller holds the remove lock under Irp;
 * Complete releases it.
 */
NTSTATUS VhbaStart(PVHBA_COMMAND Command, PIRP Irp, VHBA_COMPLETE *Complete);
/* Ends what waits in the queue or is held of this LUN (Srb not NULL: that one only) with this SRB
 * status. Returns how many. */
ULONG VhbaFlush(PVHBA_LUN Lun, PVOID Srb, UCHAR SrbStatus, NTSTATUS Status);
NTSTATUS VhbaAddHold(PVHBA_LUN Lun, ULONG64 Lba, ULONG Blocks);
VOID VhbaReleaseHolds(PVHBA_LUN Lun);
/* Not in D0 commands wait; back in D0 they run. Any IRQL up to DISPATCH_LEVEL. */
VOID VhbaSetAsleep(PVHBA_LUN Lun, BOOLEAN Asleep);
/* At the adapter's removal: the queue is empty and stays so. Waits for the threads. */
VOID VhbaStopWorkers(PVHBA_FDO Fdo);

/* ---- target.c ---- */
VHBA_OUTCOME VhbaExecute(PVHBA_COMMAND Command);
/* For a hold: the blocks that the command touches; FALSE: none. */
BOOLEAN VhbaBlocksOf(const VHBA_COMMAND *Command, ULONG64 *Lba, ULONG *Blocks);
/* Ends with CHECK CONDITION. */
VHBA_OUTCOME VhbaFail(PVHBA_COMMAND Command, UCHAR Key, UCHAR Asc, UCHAR Ascq);
#define VHBA_INVALID_FIELD(c)    VhbaFail(c, SCSI_SENSE_ILLEGAL_REQUEST, 0x24, 0x00)
#define VHBA_OUT_OF_RANGE(c)     VhbaFail(c, SCSI_SENSE_ILLEGAL_REQUEST, 0x21, 0x00)
#define VHBA_PARAMETER_LENGTH(c) VhbaFail(c, SCSI_SENSE_ILLEGAL_REQUEST, 0x1A, 0x00)
#define VHBA_PARAMETER_FIELD(c)  VhbaFail(c, SCSI_SENSE_ILLEGAL_REQUEST, 0x26, 0x00)
#define VHBA_PROTECTED(c)        VhbaFail(c, SCSI_SENSE_DATA_PROTECT, 0x27, 0x00)
/* Ends with data: what the allocation length and the buffer take of it. */
VHBA_OUTCOME VhbaReply(PVHBA_COMMAND Command, const VOID *Data, ULONG Length, ULONG Allocation);
/* The medium if it can be read now, else NULL. Lun->Lock. */
static inline PVHBA_MEDIUM VhbaLoaded(PVHBA_LUN Lun)
{
    return Lun->TrayOpen ? NULL : Lun->Medium;
}

static inline BOOLEAN VhbaInRange(PVHBA_MEDIUM Medium, ULONG64 Lba, ULONG64 Blocks)
{
    return Lba < Medium->Blocks && Blocks <= Medium->Blocks - Lba;
}

/* ---- medium.c ---- */
/* What may go into a drive of that type (BlockSize, ReadOnly: a disk's). */
NTSTATUS VhbaOpenMedium(UCHAR Type, ULONG BlockSize, BOOLEAN ReadOnly, const CHAR *Path,
                        ULONG PathLength, PVHBA_MEDIUM *Medium);
VOID VhbaReferenceMedium(PVHBA_MEDIUM Medium);
/* Closes the image with the last reference: by a work item's rules, any IRQL up to DISPATCH_LEVEL.
 */
VOID VhbaDereferenceMedium(PVHBA_MEDIUM Medium);
/* Puts Medium (its reference passes over; NULL: none) in, raises the attention and events that go
 * with it. PASSIVE_LEVEL. */
NTSTATUS VhbaChangeMedium(PVHBA_LUN Lun, PVHBA_MEDIUM Medium, BOOLEAN Force);
/* Queues a media event. Lun->Lock. */
VOID VhbaMediaEvent(PVHBA_LUN Lun, UCHAR Event);
#define VHBA_EVENT_EJECT_REQUEST 1
#define VHBA_EVENT_NEW_MEDIA     2
#define VHBA_EVENT_MEDIA_REMOVAL 3

/* ---- transfer.c ---- */
/* Goes on with a transfer. FALSE: it would sleep (never with Wait). */
BOOLEAN VhbaRun(PVHBA_COMMAND Command, BOOLEAN Wait);
/* Takes what VhbaRun needs: the medium (referenced), an empty start. Lun->Lock. */
VHBA_OUTCOME VhbaBegin(PVHBA_COMMAND Command, VHBA_OPERATION Operation, ULONG64 Lba, ULONG Blocks);
/* An error of the medium below at that block. */
VOID VhbaMediumError(PVHBA_COMMAND Command, UCHAR Asc, ULONG64 Lba);

/* ---- disk_transfer.c ---- */
/* What a transfer has done, for the counters. */
typedef struct _VHBA_WORK {
    ULONG64 Read, Written, Unmapped;
    ULONG Flushes;
    BOOLEAN Durable;
} VHBA_WORK;
/* The operations of a disk but for reading. FALSE as VhbaRun. */
BOOLEAN VhbaRunDisk(PVHBA_COMMAND Command, BOOLEAN Wait, VHBA_WORK *Work);
/* Brings what was written to the host's medium; FALSE: it can't, and the command has failed. */
BOOLEAN VhbaFlushMedium(PVHBA_COMMAND Command, VHBA_WORK *Work);

/* ---- mode.c ---- */
/* A mode page in one of its forms into Page (zeros, VHBA_PAGE_LARGEST bytes); returns its length.
 */
typedef ULONG VHBA_PAGE_MAKER(PVHBA_LUN Lun, UCHAR Form, UCHAR *Page);
typedef struct _VHBA_MODE_PAGE {
    UCHAR Code;
    VHBA_PAGE_MAKER *Make;
    /* Enters what MODE SELECT says; only changeable bits differ. NULL: there are none. */
    VOID (*Select)(VHBA_MODE *Mode, const UCHAR *Page);
} VHBA_MODE_PAGE;
#define VHBA_PAGE_LARGEST    32
#define VHBA_MODE_CURRENT    0
#define VHBA_MODE_CHANGEABLE 1
#define VHBA_MODE_DEFAULT    2
/* mode_cd.c, disk_mode.c; ordered by code. */
extern const VHBA_MODE_PAGE VhbaCdModePages[], VhbaDiskModePages[];
extern const ULONG VhbaCdModePageCount, VhbaDiskModePageCount;
/* The state after power on and reset. */
static inline VOID VhbaResetMode(VHBA_MODE *Mode)
{
    Mode->ErrorRecovery = 0x00;
    Mode->ReadRetries = 0x05;
    Mode->ReadSpeed = 0xFFFF;
    Mode->WriteCache = TRUE;
}

/* ---- inquiry.c ---- */
/* Left-aligned, filled with spaces. */
VOID VhbaPutText(UCHAR *To, ULONG Field, const CHAR *Text);
/* A disk's pages beyond those of every device (disk_inquiry.c); Page: zeros, 64 bytes and more. Its
 * length without the header; 0: there is no such page. */
ULONG VhbaDiskPage(PVHBA_LUN Lun, UCHAR Code, UCHAR *Page);

/* ---- raw.c ---- */
/* Bytes of a READ CD block by its Selection for Mode 1; 0: nothing; (ULONG)-1: not a combination
 * the standard allows. */
ULONG VhbaSelectionBytes(UCHAR Selection);
VOID VhbaInitializeRawBlocks(VOID);
/* Block: 2,352 bytes with the user data at 16; fills in everything else. ECMA-130 clauses 14 and
 * annex A. */
VOID VhbaMakeRawBlock(UCHAR *Block, ULONG Lba);
VOID VhbaMsf(ULONG Lba, UCHAR *Msf);

/* ---- the commands: inquiry.c, mode.c, configuration.c, toc.c, disc.c, tray.c, read.c; disk_*.c
 * ---- */
VHBA_HANDLER VhbaInquiry, VhbaRequestSense, VhbaReportLuns;
VHBA_HANDLER VhbaModeSense6, VhbaModeSense10, VhbaModeSelect6, VhbaModeSelect10;
VHBA_HANDLER VhbaGetConfiguration, VhbaGetEventStatus, VhbaGetPerformance;
VHBA_HANDLER VhbaReadToc, VhbaReadSubChannel;
VHBA_HANDLER VhbaReadDiscInformation, VhbaReadTrackInformation, VhbaReadDvdStructure;
VHBA_HANDLER VhbaTestUnitReady, VhbaStartStop, VhbaPreventAllow, VhbaMechanismStatus,
    VhbaSetCdSpeed;
VHBA_HANDLER VhbaRead6, VhbaRead10, VhbaRead12, VhbaReadCd, VhbaReadCdMsf, VhbaReadCapacity10,
    VhbaServiceActionIn16, VhbaVerify10, VhbaSeek10, VhbaSynchronizeCache, VhbaWrite;
VHBA_HANDLER VhbaDiskRead, VhbaDiskWrite, VhbaDiskWriteVerify, VhbaDiskVerify, VhbaDiskSeek10,
    VhbaDiskSynchronize, VhbaDiskFormat, VhbaDiskStartStop;
VHBA_HANDLER VhbaDiskReadCapacity10, VhbaDiskServiceActionIn16, VhbaDiskWriteSame, VhbaDiskUnmap;

#endif

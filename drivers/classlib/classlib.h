/* SPDX-License-Identifier: MIT */
/*
 * classlib.h - what class drivers for block devices have in common: a device extension begins with
 * a CLASS_DEVICE.
 *
 * A command is sent in one of three ways: ClassSendCommand waits (PASSIVE_LEVEL; IOCTLs, start); a
 * read or write is cut into pieces that are all on their way at once and finished by whichever ends
 * last (transfer.c); a question (question.c) is one command for a caller's IRP that pends.
 *
 * Lock: CLASS_DEVICE.Lock (spin lock) guards the medium's fields; nothing is called under it.
 */
#ifndef CLASSLIB_H
#define CLASSLIB_H

#include <ntddk.h>
#include <scsi.h>
#include <ntddscsi.h>
#include <ntddstor.h>
#include <ntdddisk.h>
#include "../common/follow_power.h"

#define CLASS_TAG                 'ssCS'
#define CLASS_SENSE_LENGTH        64u
#define CLASS_TIMEOUT             30u  /* seconds: an ordinary command */
#define CLASS_LOAD_TIMEOUT        120u /* seconds: one that moves a tray, or writes a cache */
#define CLASS_MAXIMUM_RETRIES     8u
#define CLASS_RETRY_DELAY         1000u  /* milliseconds: the device is becoming ready, or busy */
#define CLASS_LONGEST_RETRY_DELAY 60000u /* the same */

typedef struct _CLASS_DEVICE CLASS_DEVICE, *PCLASS_DEVICE;
typedef struct _CLASS_QUESTION CLASS_QUESTION, *PCLASS_QUESTION;

/* A driver's part of plug and play. PASSIVE_LEVEL, one at a time for a device. */
typedef struct _CLASS_ROUTINES {
    /* The device has been started and claimed: asks it what there is to know, makes its names. */
    NTSTATUS (*Show)(PCLASS_DEVICE Device);
    /* Its names go. Also without a Show, and again after itself. */
    VOID (*Hide)(PCLASS_DEVICE Device);
    /* The last: nobody uses the device any more. */
    VOID (*Free)(PCLASS_DEVICE Device);
} CLASS_ROUTINES;

struct _CLASS_DEVICE {
    PDEVICE_OBJECT Self;
    PDEVICE_OBJECT Physical;
    PDEVICE_OBJECT Lower;
    FOLLOW_POWER Power;
    IO_REMOVE_LOCK RemoveLock; /* one for each dispatch, and each request until it is freed */
    const CLASS_ROUTINES *Routines;
    UNICODE_STRING InterfaceName;
    BOOLEAN InterfaceEnabled, Claimed; /* PnP's requests only */
    ULONG OnlyBlock;       /* a block size that stands whatever the device says (a CD's), or 0 */
    ULONG MaximumTransfer; /* bytes; constant from START on */
    BOOLEAN NoFua;         /* it does not know FUA: a durable write is followed by a flush */

    KSPIN_LOCK Lock;
    BOOLEAN CapacityValid;
    ULONG BlockSize;
    ULONG64 Blocks;    /* 0: no medium */
    ULONG MediaChange; /* counts media changes; what CHECK_VERIFY tells */
};

/* What a completed SRB means. */
typedef struct _CLASS_VERDICT {
    NTSTATUS Status;
    BOOLEAN Retry; /* the same command again may do */
    BOOLEAN Later; /* after ClassRetryDelay */
} CLASS_VERDICT;

/*
 * What is waited before such a retry, as KeSetTimer wants it. Of the driver:
 * Services\NAME\Parameters, RetryDelay (REG_DWORD, milliseconds, 1 to CLASS_LONGEST_RETRY_DELAY)
 * says another than CLASS_RETRY_DELAY.
 */
extern LARGE_INTEGER ClassRetryDelay;

/* ---- device.c ---- */
/* For DriverEntry: reads the parameters. PASSIVE_LEVEL. */
VOID ClassInitialize(PUNICODE_STRING RegistryPath);
NTSTATUS ClassCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);
/* Dispatch routines: on to the next driver. */
DRIVER_DISPATCH ClassDispatchForward;
DRIVER_DISPATCH ClassDispatchPower;
/* How much the adapter takes at a time, as it says itself. PASSIVE_LEVEL. */
ULONG ClassQueryMaximumTransfer(PCLASS_DEVICE Device);

static inline ULONG ClassBe32(const UCHAR *Bytes)
{
    return (ULONG)Bytes[0] << 24 | (ULONG)Bytes[1] << 16 | (ULONG)Bytes[2] << 8 | Bytes[3];
}
static inline VOID ClassPutBe32(UCHAR *Bytes, ULONG Value)
{
    Bytes[0] = (UCHAR)(Value >> 24);
    Bytes[1] = (UCHAR)(Value >> 16);
    Bytes[2] = (UCHAR)(Value >> 8);
    Bytes[3] = (UCHAR)Value;
}

/* ---- pnp.c ---- */
/*
 * For AddDevice, with a device object whose extension begins with a zeroed CLASS_DEVICE: attaches
 * it, registers the interface. On failure the device object is deleted (Routines->Free is not
 * called).
 */
NTSTATUS ClassAttach(PDEVICE_OBJECT DeviceObject, PDEVICE_OBJECT Physical,
                     const CLASS_ROUTINES *Routines, const GUID *Interface);
DRIVER_DISPATCH ClassDispatchPnp;

/* ---- sense.c: any IRQL <= DISPATCH_LEVEL ---- */
/* Notes a change of medium. */
CLASS_VERDICT ClassJudge(PCLASS_DEVICE Device, PSCSI_REQUEST_BLOCK Srb, NTSTATUS IrpStatus);
VOID ClassNoteMediaChange(PCLASS_DEVICE Device);
ULONG ClassMediaChangeCount(PCLASS_DEVICE Device);

/* ---- command.c: PASSIVE_LEVEL ---- */
typedef struct _CLASS_COMMAND {
    UCHAR Cdb[16];
    UCHAR CdbLength;
    BOOLEAN DataOut;
    ULONG TimeOut;     /* seconds */
    PMDL Mdl;          /* a buffer of the caller's, or NULL and */
    PVOID Buffer;      /* non-paged memory (or, with Mdl, the virtual address in it) */
    ULONG Length;      /* bytes */
    ULONG Transferred; /* out */
} CLASS_COMMAND, *PCLASS_COMMAND;
/* Sends, retries, waits. */
NTSTATUS ClassSendCommand(PCLASS_DEVICE Device, PCLASS_COMMAND Command);
/* An SRB without CDB or data: claim, release. */
NTSTATUS ClassSendFunction(PCLASS_DEVICE Device, UCHAR Function);
NTSTATUS ClassTestUnitReady(PCLASS_DEVICE Device);
/* Byte 4 of START STOP UNIT; the medium is taken for another one from then on. */
NTSTATUS ClassStartStop(PCLASS_DEVICE Device, UCHAR LoadEjectStart);
NTSTATUS ClassPreventRemoval(PCLASS_DEVICE Device, BOOLEAN Prevent);
/* INQUIRY, standard data: STATUS_NO_SUCH_DEVICE if another type of device answers. Data: 36 bytes,
 * non-paged, or NULL. */
NTSTATUS ClassCheckInquiry(PCLASS_DEVICE Device, UCHAR Type, PUCHAR Data);

/* ---- capacity.c ---- */
/* Asks the device for the medium's size: so a medium that nobody has looked at yet is noticed.
 * STATUS_NO_MEDIA_IN_DEVICE and what else it says; STATUS_UNRECOGNIZED_MEDIA: a block size that is
 * no power of two of 512 bytes to 64 KiB. PASSIVE_LEVEL. */
NTSTATUS ClassReadCapacity(PCLASS_DEVICE Device, ULONG64 *Blocks, ULONG *BlockSize);
/* The same without asking where it is known. */
NTSTATUS ClassGetCapacity(PCLASS_DEVICE Device, ULONG64 *Blocks, ULONG *BlockSize);
/*
 * Enters what READ CAPACITY(10) (Long: (16)) answered; Change: the count of media changes when it
 * was asked. STATUS_MORE_ENTRIES: too large for (10), nothing was entered. IRQL <= DISPATCH_LEVEL.
 */
NTSTATUS ClassNoteCapacity(PCLASS_DEVICE Device, const UCHAR *Data, BOOLEAN Long, ULONG Change,
                           ULONG64 *Blocks, ULONG *BlockSize);
/* The CDB for either form; returns its length. */
UCHAR ClassCapacityCdb(UCHAR *Cdb, BOOLEAN Long);
#define CLASS_CAPACITY_LENGTH(Long) ((Long) ? 32u : 8u)

/* ---- transfer.c ---- */
/*
 * A read or a write of the IRP's MDL. Whole blocks within the medium (else
 * STATUS_INVALID_PARAMETER). Durable: a write is on the medium when it ends. The caller holds the
 * remove lock under the IRP; this takes over both. Returns what the dispatch routine returns.
 * PASSIVE_LEVEL where the capacity is not known, else <= DISPATCH_LEVEL.
 */
NTSTATUS ClassTransfer(PCLASS_DEVICE Device, PIRP Irp, LONGLONG Offset, ULONG Length, BOOLEAN Write,
                       BOOLEAN Durable);

/* ---- question.c ---- */
/*
 * What to make of a command's end: the IRP's status and *Information, or (having changed the
 * question) STATUS_MORE_PROCESSING_REQUIRED: it is sent again. Status: what came out; with a
 * success all of Data came. IRQL <= DISPATCH_LEVEL.
 */
typedef NTSTATUS CLASS_ANSWER(PCLASS_QUESTION Question, NTSTATUS Status, ULONG_PTR *Information);
struct _CLASS_QUESTION {
    PCLASS_DEVICE Device;
    PIRP Upper;
    CLASS_ANSWER *Answer;
    UCHAR Function; /* SRB_FUNCTION_* */
    UCHAR Cdb[16];
    UCHAR CdbLength;
    ULONG TimeOut; /* seconds */
    ULONG Length;  /* bytes of Data that are expected */
    ULONG Change;  /* the count of media changes when it was sent */
    UCHAR Data[32];
    /* question.c's own */
    PIRP Irp;
    PMDL Mdl;
    volatile LONG References;
    volatile LONG Cancelled;
    ULONG Retries;
    KTIMER Timer;
    KDPC Dpc;
    SCSI_REQUEST_BLOCK Srb;
    UCHAR Sense[CLASS_SENSE_LENGTH];
};
/*
 * Makes one for the IRP and sends it: a copy of Template's fields from Answer to Length. The caller
 * holds the remove lock under the IRP; this takes over both. Returns what the dispatch routine
 * returns.
 */
NTSTATUS ClassAsk(PCLASS_DEVICE Device, PIRP Irp, const CLASS_QUESTION *Template);
/* IOCTL_DISK_GET_LENGTH_INFO by ClassAsk: what a program asks for whenever it looks at the device;
 * one that does not answer holds nobody. */
NTSTATUS ClassAskLength(PCLASS_DEVICE Device, PIRP Irp, PIO_STACK_LOCATION Stack);

#endif

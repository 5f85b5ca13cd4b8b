/* SPDX-License-Identifier: MIT */
/*
 * cdrom.h - the class driver for CD, DVD and BD drives: \Device\CdRomN over the device's PDO.
 *
 * A command is sent in one of two ways: CdromSendCommand waits (PASSIVE_LEVEL; IOCTLs, start), a
 * read is cut into pieces that are all on their way at once and finished by whichever ends last
 * (read.c).
 *
 * Lock: CDROM_DEVICE.Lock (spin lock) guards the medium's fields; nothing is called under it.
 */
#ifndef CDROM_H
#define CDROM_H

#include <ntddk.h>
#include <scsi.h>
#include <ntddscsi.h>
#include <ntddstor.h>
#include <ntddcdrm.h>
#include <ntdddisk.h>
#include <ntddmmc.h>

#define CDROM_TAG             'rdCS'
#define CDROM_SECTOR          2048u
#define CDROM_RAW_SECTOR      2352u
#define CDROM_SENSE_LENGTH    64u
#define CDROM_TIMEOUT         30u  /* seconds: an ordinary command */
#define CDROM_LOAD_TIMEOUT    120u /* seconds: one that moves a tray */
#define CDROM_MAXIMUM_RETRIES 8u
#define CDROM_RETRY_DELAY     1000u /* milliseconds: the drive is becoming ready, or busy */

/* What is waited before such a retry, as KeSetTimer wants it. Services\cdrom\Parameters, RetryDelay
 * (REG_DWORD, milliseconds, 1 to 60,000) says another. Set by DriverEntry. */
extern LARGE_INTEGER CdromRetryDelay;

typedef struct _CDROM_DEVICE {
    PDEVICE_OBJECT Self;
    PDEVICE_OBJECT Physical;
    PDEVICE_OBJECT Lower;
    IO_REMOVE_LOCK RemoveLock; /* one for each dispatch, and each read until it is freed */
    ULONG Number;              /* the N of \Device\CdRomN */
    UNICODE_STRING InterfaceName;
    BOOLEAN InterfaceEnabled, LinkMade, Claimed; /* PnP's requests only */
    ULONG MaximumTransfer; /* bytes, a multiple of CDROM_SECTOR; constant from START on */

    KSPIN_LOCK Lock;
    BOOLEAN CapacityValid;
    ULONG BlockSize;
    ULONG64 Blocks;    /* 0: no medium */
    ULONG MediaChange; /* counts media changes; what CHECK_VERIFY tells */
} CDROM_DEVICE, *PCDROM_DEVICE;

/* What a completed SRB means. */
typedef struct _CDROM_VERDICT {
    NTSTATUS Status;
    BOOLEAN Retry; /* the same command again may do */
    BOOLEAN Later; /* after CDROM_RETRY_DELAY */
} CDROM_VERDICT;

/* sense.c: any IRQL <= DISPATCH_LEVEL. Notes a change of medium. */
CDROM_VERDICT CdromJudge(PCDROM_DEVICE Device, PSCSI_REQUEST_BLOCK Srb, NTSTATUS IrpStatus);
VOID CdromNoteMediaChange(PCDROM_DEVICE Device);
ULONG CdromMediaChangeCount(PCDROM_DEVICE Device);

/* command.c */
typedef struct _CDROM_COMMAND {
    UCHAR Cdb[16];
    UCHAR CdbLength;
    BOOLEAN DataOut;
    ULONG TimeOut;     /* seconds */
    PMDL Mdl;          /* a buffer of the caller's, or NULL and */
    PVOID Buffer;      /* non-paged memory (or, with Mdl, the virtual address in it) */
    ULONG Length;      /* bytes */
    ULONG Transferred; /* out */
} CDROM_COMMAND, *PCDROM_COMMAND;
/* Sends, retries, waits. PASSIVE_LEVEL. */
NTSTATUS CdromSendCommand(PCDROM_DEVICE Device, PCDROM_COMMAND Command);
/* An SRB without CDB or data: claim, release. */
NTSTATUS CdromSendFunction(PCDROM_DEVICE Device, UCHAR Function);

/* media.c: PASSIVE_LEVEL */
/* Asks the drive for the medium's size: so a medium that nobody has looked at yet is noticed.
 * STATUS_NO_MEDIA_IN_DEVICE and what else the drive says. */
NTSTATUS CdromReadCapacity(PCDROM_DEVICE Device, ULONG64 *Blocks, ULONG *BlockSize);
/* The same without asking where it is known. */
NTSTATUS CdromGetCapacity(PCDROM_DEVICE Device, ULONG64 *Blocks, ULONG *BlockSize);
/* Enters what READ CAPACITY answered; Change: the count of media changes when it was asked. Returns
 * the number of blocks. IRQL <= DISPATCH_LEVEL. */
ULONG64 CdromNoteCapacity(PCDROM_DEVICE Device, const UCHAR *Data, ULONG Change);
NTSTATUS CdromTestUnitReady(PCDROM_DEVICE Device);
NTSTATUS CdromStartStop(PCDROM_DEVICE Device, UCHAR LoadEjectStart);
NTSTATUS CdromPreventRemoval(PCDROM_DEVICE Device, BOOLEAN Prevent);
/* Reads what a START wants to know. */
NTSTATUS CdromInitializeDrive(PCDROM_DEVICE Device);

/* toc.c: fill Buffer (non-paged, Length bytes); *Written */
NTSTATUS CdromReadToc(PCDROM_DEVICE Device, UCHAR Format, BOOLEAN Msf, UCHAR SessionTrack,
                      PVOID Buffer, ULONG Length, ULONG *Written);
NTSTATUS CdromDiskType(PCDROM_DEVICE Device, PCDROM_DISK_DATA Data);
NTSTATUS CdromRawRead(PCDROM_DEVICE Device, PIRP Irp, PIO_STACK_LOCATION Stack,
                      ULONG_PTR *Information);

/* driver.c */
NTSTATUS NTAPI CdromCompleteIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);

/* length.c: IOCTL_DISK_GET_LENGTH_INFO. Takes over the IRP and its remove lock. */
NTSTATUS CdromAskLength(PCDROM_DEVICE Device, PIRP Irp, PIO_STACK_LOCATION Stack);

/* pnp.c, read.c, ioctl.c */
DRIVER_ADD_DEVICE CdromAddDevice;
DRIVER_DISPATCH CdromDispatchPnp;
DRIVER_DISPATCH CdromDispatchPower;
DRIVER_DISPATCH CdromDispatchForward;
DRIVER_DISPATCH CdromDispatchRead;
DRIVER_DISPATCH CdromDispatchDeviceControl;

#endif
